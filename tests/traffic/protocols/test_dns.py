import struct

import pytest

from echoctl.traffic.protocols.dns import answers
from tests.traffic.protocols.messages import encoded, message, record

CLOUD = b"\xcb\x00\x71\x0a"


def test_addresses_go_to_the_name_that_was_asked() -> None:
    alias = record(5, encoded("latency.pitangui.amazon.com"))
    found = answers(
        message(alias, record(1, CLOUD, encoded("latency.pitangui.amazon.com")), record(28, bytes(15) + b"\x09"))
    )
    assert found == ("avs-alexa-4-na.amazon.com", [CLOUD, bytes(15) + b"\x09"])


def test_a_cut_answer_gives_what_came_before() -> None:
    whole = message(record(1, CLOUD), record(1, CLOUD))
    assert answers(whole[:-3])[1] == [CLOUD]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(12),
        message(record(1, CLOUD), flags=0x0100),
        message(flags=0x8183),
        message(record(1, CLOUD))[:20],
        message(record(1, CLOUD), name="evil\x1b[2J.example"),
        struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0) + b"\xc0\x0c" * 20,
    ],
)
def test_what_is_no_sound_answer_gives_nothing(data: bytes) -> None:
    assert answers(data) == ("", [])


def test_only_whole_addresses_count() -> None:
    assert answers(message(record(1, CLOUD + b"x"), record(28, CLOUD)))[1] == []
