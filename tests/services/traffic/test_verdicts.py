import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.model.traffic import ClockBasis, Device, Obstacle, VerdictWord
from echoctl.services.traffic import verdicts
from echoctl.store import traffic
from echoctl.store.database import db
from tests.traffic.inputs.synthetic import BEGIN_MS, SPEAKER, speech
from tests.watched import watched

KITCHEN = Device(SPEAKER, "kitchen", "Amazon", True)
OTHER = Device("44:65:0d:00:00:60", "bedroom", "Amazon", True)


def test_wakes_of_the_store_explain_what_follows_them() -> None:
    watched(speech(20, 3, 100) + speech(70, 3, 100), wakes=[19])
    (given,) = verdicts.give("kitchen")
    assert given.word is VerdictWord.UNEXPLAINED
    assert [each.start_ms - BEGIN_MS for each in given.explained] == [20_000]
    assert [each.start_ms - BEGIN_MS for each in given.unexplained] == [70_000]
    assert given.explained[0].name == "avs-alexa-4-na.amazon.com"
    with db.session(paths.database()) as connection:
        ((device, at_ms, text),) = connection.execute("SELECT device, at_ms, json FROM verdict").fetchall()
    kept = json.loads(text)
    assert (device, at_ms, kept["word"]) == (SPEAKER, given.at_ms, "unexplained uploads")
    assert kept.keys() == {field.name for field in fields(given)}


def test_only_what_was_watched_since_then_counts() -> None:
    watched(speech(20, 3, 100) + speech(70, 3, 100), wakes=[69])
    (given,) = verdicts.give("kitchen", since="2026-09-21T14:14:00+00:00")
    assert given.word is VerdictWord.CALLED
    assert given.watched_ms == BEGIN_MS + 120_000 - given.since_ms
    (given,) = verdicts.give("kitchen", since="2030-01-01")
    assert given.obstacle is Obstacle.UNWATCHED


def test_a_gap_is_not_watched_and_two_captures_count_once() -> None:
    watched([], length=100, gaps=((BEGIN_MS + 20_000, BEGIN_MS + 50_000),))
    assert verdicts.give(None)[0].watched_ms == 70_000
    watched([], length=60, wakes=[])
    assert verdicts.give(None)[0].watched_ms == 100_000


def test_a_capture_of_another_time_does_not_count_as_watched() -> None:
    watched(speech(20, 3, 100))
    with db.session(paths.database()) as connection:
        traffic.begin_capture(connection, "another house", BEGIN_MS - 86_400_000)
    assert verdicts.give(None)[0].watched_ms == 120_000


def test_wakes_of_a_file_stand_in_and_their_clock_is_found(tmp_path: Path) -> None:
    at = [15.0, 41.0, 60.0, 99.0]
    watched([packet for each in at for packet in speech(each, 3, 100)], length=130, wakes=[5])
    file = tmp_path / "wakes.txt"
    file.write_text("# heard elsewhere\n" + "".join(f"{BEGIN_MS / 1000 + each - 21}, alexa\n" for each in at))
    (given,) = verdicts.give(None, wakes=file)
    assert given.word is VerdictWord.CALLED
    assert (given.clock.basis, given.clock.matched) == (ClockBasis.ESTIMATED, 4)
    assert abs(given.clock.offset_ms - 20_000) < 100


@pytest.mark.parametrize(
    ("line", "at_ms", "word"),
    [
        ("1790000000.25", 1_790_000_000_250, ""),
        ("1790000000\they jarvis", 1_790_000_000_000, "hey jarvis"),
        ("2026-09-21T13:33:20.500+00:00 alexa", 1_789_997_600_500, "alexa"),
        ('{"v": 1, "type": "wake", "word": "alexa", "at": "2026-09-21T13:33:20+00:00"}', 1_789_997_600_000, "alexa"),
    ],
)
def test_a_wake_is_a_time_and_perhaps_a_word(tmp_path: Path, line: str, at_ms: int, word: str) -> None:
    file = tmp_path / "wakes"
    file.write_text(f'\n{line}\n{{"type": "state"}}\n')
    (wake,) = verdicts.wakes_of(file, 0)
    assert (wake.at_ms, wake.word, wake.id) == (at_ms, word, None)


@pytest.mark.parametrize("line", ["soon", "{", '{"type": "wake"}', "[1]", "inf", "nan", "\0"])
def test_a_line_that_is_no_time_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "wakes"
    file.write_text(f"1790000000\n{line}\n")
    with pytest.raises(UsageError, match=":2: no time"):
        verdicts.wakes_of(file, 0)
    with pytest.raises(NotFound):
        verdicts.wakes_of(tmp_path / "none", 0)


def test_which_device_is_meant() -> None:
    both = [KITCHEN, OTHER]
    assert verdicts.chosen(both, None) == both
    assert verdicts.chosen(both, "KITCHEN") == [KITCHEN]
    assert verdicts.chosen(both, "bed") == [OTHER]
    assert verdicts.chosen(both, "44:65:0d:00:00:60") == [OTHER]
    plain = [replace(each, speaker=False) for each in both]
    assert verdicts.chosen(plain[:1], None) == plain[:1]
    with pytest.raises(UsageError, match="no device is marked"):
        verdicts.chosen(plain, None)
    with pytest.raises(UsageError, match="several"):
        verdicts.chosen(both, "44:65")
    with pytest.raises(NotFound):
        verdicts.chosen(both, "hall")
    with pytest.raises(NotFound):
        verdicts.chosen([], None)


def test_before_anything_was_watched() -> None:
    with pytest.raises(NotFound, match="nothing was watched"):
        verdicts.give(None)


def test_bursts_name_the_wake_that_explains_them() -> None:
    watched([*speech(20, 3, 100), (50, 90), *speech(70, 3, 100)], wakes=[19])
    with verdicts.opened() as connection:
        (device,) = traffic.devices(connection)
        found = verdicts.scene(connection, device, 0, verdicts.FOREVER_MS).bursts
        every = verdicts.scene(connection, device, 0, verdicts.FOREVER_MS, every=True)
    assert [burst.wake for burst in found] == [1, None]
    assert [burst.bytes_up for burst in every.bursts] == [37_500, 90, 37_500]
    assert every.case.uploaded == 75_090 and len(every.case.bursts) == 2


def test_what_goes_through_a_tunnel_cannot_be_told(tmp_path: Path) -> None:
    from echoctl.services.traffic import importer
    from tests.traffic.inputs import packets as p

    def tunnelled(size: int) -> bytes:
        body = p.udp(40_000, 51_820, b"\x04\0\0\0" + bytes(size))
        return p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, body, 17))

    times = [1_790_000_000 + number for number in range(60)]
    times += [1_790_000_020 + number / 10 for number in range(30)]
    file = tmp_path / "vpn.pcap"
    file.write_bytes(p.pcap([(at, tunnelled(1020)) for at in sorted(times)]))
    importer.import_file(str(file), 1_790_000_100_000)
    (given,) = verdicts.give(None)
    assert (given.word, given.obstacle) == (VerdictWord.CANNOT_TELL, Obstacle.TUNNELLED)
