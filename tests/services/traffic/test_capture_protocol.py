"""What is taken of the answers of a process that may be in somebody else's hands."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from echoctl.model.traffic import BurstClass, Naming
from echoctl.services.traffic import capture_protocol as protocol
from echoctl.services.traffic.capture_protocol import SECOND, Answer, BurstRow, Figures, NameRow
from tests.traffic.inputs import packets as p

WHOLE = Answer(
    figures=Figures(3, 1_000, 2_000, 2_000, 0, 1, 99),
    pairs=((p.SPEAKER, "203.0.113.9"), ("192.168.1.7", "2001:db8::1")),
    names=(NameRow(1, "example.com", Naming.SNI, False),),
    seconds=((0, 1, 100, 0, 2), (1, 2, 0, 7, 1)),
    bursts=(BurstRow(1, 1_000, 1_900, 2_500, 4, 800, BurstClass.POSSIBLE),),
    gaps=((5, 6),),
    ended=True,
    damage="it ends within a packet",
    error=("not a capture", "make one"),
)

Change = Callable[[dict[str, Any]], object]


def parts(answer: Answer) -> tuple[list[int], bytes, bytes]:
    data = protocol.packed(answer)
    text, seconds, *figures = protocol.HEAD.unpack_from(data)
    body = data[protocol.HEAD.size :]
    assert len(body) == text + seconds
    return figures, body[:text], body[text:]


def test_an_answer_arrives_as_it_was_given() -> None:
    assert protocol.taken(*parts(WHOLE), 0) == WHOLE
    small = Answer(WHOLE.figures)
    assert protocol.taken(*parts(small), 0) == small
    assert parts(small)[1:] == (b"", b"")


def test_pairs_that_were_there_before_are_known_by_their_place() -> None:
    later = WHOLE._replace(pairs=())
    assert protocol.taken(*parts(later), 2) == later
    with pytest.raises(ValueError, match="cannot be"):
        protocol.taken(*parts(later), 1)


def test_text_comes_out_without_control_characters() -> None:
    said = protocol.taken(
        *parts(
            WHOLE._replace(names=(NameRow(0, "a\x1b[2Jb", Naming.DNS, False),), damage="x\ny", error=("\x07", "\x9b1m"))
        ),
        0,
    )
    assert (said.names[0].name, said.damage, said.error) == ("a�[2Jb", "x�y", ("�", "�1m"))


@pytest.mark.parametrize(
    "text",
    [b" ", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"figures": []}', b'{"figures": NaN}', b"1" * 5000],
)
def test_what_is_no_answer_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"no JSON|other fields"):
        protocol.taken([0] * 7, text, b"", 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(more=1),
        lambda said: said.pop("gaps"),
        lambda said: said["gaps"].append([True, 1]),
        lambda said: said["gaps"].append([-1, 1]),
        lambda said: said["gaps"].append([1.5, 2]),
        lambda said: said["gaps"].append([0, 1 << 60]),
        lambda said: said.update(pairs={"a": "b"}),
        lambda said: said["pairs"].append(["44:65:0d:00:00:51"]),
        lambda said: said["pairs"].append(["44:65:0D:00:00:51", "1.2.3.4"]),
        lambda said: said["pairs"].append(["kitchen", "1.2.3.4"]),
        lambda said: said["pairs"].append([p.SPEAKER, "1.2.3"]),
        lambda said: said["pairs"].append([p.SPEAKER, "1.2.3.4\x1b"]),
        lambda said: said["pairs"].append([p.SPEAKER, "2001:DB8::1"]),
        lambda said: said["pairs"].append([p.SPEAKER, "2001:db8::\0"]),
        lambda said: said["pairs"].append([p.SPEAKER, 7]),
        lambda said: said["names"].append([2, "a", "dns", False]),
        lambda said: said["names"].append([0, "a" * 254, "dns", False]),
        lambda said: said["names"].append([0, ["a"], "dns", False]),
        lambda said: said["names"].append([0, "a", "gossip", False]),
        lambda said: said["names"].append([0, "a", ["dns"], False]),
        lambda said: said["names"].append([0, "a", "dns", 0]),
        lambda said: said["bursts"].append([2, 0, 0, 0, 0, 0, "voice"]),
        lambda said: said["bursts"].append([0, 0, 0, 0, 0, 0, "shout"]),
        lambda said: said["bursts"].append([0, 0, 0, 1 << 54, 0, 0, "voice"]),
        lambda said: said["bursts"].append([0, 0, 1 << 44, 0, 0, 0, "voice"]),
        lambda said: said["bursts"].append([0, 0, 0, 0, 0, "voice"]),
        lambda said: said["gaps"].append([0, None]),
        lambda said: said.update(ended=1),
        lambda said: said.update(damage=None),
        lambda said: said.update(damage="a" * 501),
        lambda said: said.update(error=["a"]),
        lambda said: said.update(error="ab"),
        lambda said: said.update(error={"0": "a", "1": "b"}),
    ],
)
def test_an_answer_with_one_thing_wrong_is_refused_as_a_whole(change: Change) -> None:
    figures, text, seconds = parts(WHOLE)
    said = json.loads(text)
    assert protocol.taken(figures, json.dumps(said).encode(), seconds, 0) == WHOLE
    change(said)
    with pytest.raises(ValueError, match=r"^[a-zA-Z ,]+$") as caught:
        protocol.taken(figures, json.dumps(said).encode(), seconds, 0)
    assert "gossip" not in str(caught.value), "what it said stays out of the message"


@pytest.mark.parametrize("place", range(7))
def test_figures_that_cannot_be_are_refused(place: int) -> None:
    figures = [0] * 7
    figures[place] = 1 << 60
    with pytest.raises(ValueError, match="cannot be"):
        protocol.taken(figures, b"", b"", 0)


def test_seconds_alone_are_no_answer() -> None:
    with pytest.raises(ValueError, match="no JSON"):
        protocol.taken([0] * 7, b"", SECOND.pack(0, 1, 1, 1, 1), 1)


@pytest.mark.parametrize(
    "seconds",
    [
        bytes(SECOND.size - 1),
        SECOND.pack(2, 0, 0, 0, 0),
        SECOND.pack(0, 0, 1 << 54, 0, 0),
        SECOND.pack(0, 0, 0, 1 << 63, 0),
    ],
)
def test_seconds_that_cannot_be_are_refused(seconds: bytes) -> None:
    with pytest.raises(ValueError, match="second"):
        protocol.taken(*parts(WHOLE)[:2], seconds, 0)


def test_more_endpoints_than_there_can_be_are_refused() -> None:
    with pytest.raises(ValueError, match="more endpoints"):
        protocol.taken(*parts(WHOLE), protocol.MOST_PAIRS - 1)
