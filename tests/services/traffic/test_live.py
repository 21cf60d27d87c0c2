import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import DeviceError, StoreError
from echoctl.model.traffic import Burst, BurstClass, Second, Wake
from echoctl.services.traffic import live
from echoctl.services.traffic.importer import Fresh, ImportReport
from echoctl.store import recordings, traffic
from echoctl.store.database import db
from tests.lab.programs import path as path
from tests.lab.programs import program
from tests.traffic.inputs import packets as p

pytestmark = pytest.mark.slow  # a capture happens in real time

HERE = live.Where("lo")


class Notes:
    """An audience that writes everything down, and has enough when `enough` says so, or after ten seconds."""

    def __init__(self, enough: Callable[["Notes"], bool]) -> None:
        self._enough = enough
        self._until = time.monotonic() + 10
        self.notices: list[str] = []
        self.texts: list[str] = []
        self.seconds: list[Second] = []
        self.bursts: list[Burst] = []
        self.wakes: list[Wake] = []
        self.on_beat: Callable[[], None] = lambda: None

    def notice(self, what: str, text: str) -> None:
        self.notices.append(what)
        self.texts.append(text)

    def fresh(self, fresh: Fresh) -> None:
        self.seconds += fresh.seconds
        self.bursts += fresh.bursts

    def wake(self, wake: Wake) -> None:
        self.wakes.append(wake)

    def beat(self, at_ms: int) -> bool:
        self.on_beat()
        return time.monotonic() < self._until and not self._enough(self)


def watch(notes: Notes, where: live.Where = HERE) -> ImportReport:
    return live.LiveWatch(where, notes).run()


def voices(notes: Notes) -> list[Burst]:
    return [burst for burst in notes.bursts if burst.grade is BurstClass.VOICE]


def test_speech_is_told_while_it_is_uploaded_and_kept(path: Path) -> None:
    program(path, "tcpdump", "head(); speak(3); time.sleep(20)", live=True)
    notes = Notes(lambda seen: bool(voices(seen)))
    report = watch(notes)
    assert notes.notices == ["begun"]
    assert voices(notes)[0].bytes_up < 24_000
    assert report.bursts == {BurstClass.VOICE: 1}
    assert report.capture.clock_offset_ms == 0
    with db.session(paths.database()) as connection:
        assert len(traffic.bursts(connection, p.SPEAKER, 0, 1 << 53)) == 1


def test_a_wake_that_the_listener_hears_explains_the_upload(path: Path) -> None:
    program(path, "tcpdump", "head(); time.sleep(1); speak(2.5); time.sleep(20)", live=True)
    notes = Notes(lambda seen: bool(voices(seen)))

    def hear() -> None:
        if "begun" in notes.notices and not notes.wakes and not heard:
            with db.session(paths.database()) as connection:
                heard.append(recordings.insert_detection(connection, time.time_ns() // 1_000_000, "alexa", {}, ""))

    heard: list[int] = []
    notes.on_beat = hear
    watch(notes)
    assert [wake.id for wake in notes.wakes] == heard
    assert voices(notes)[0].wake == heard[0]


def test_seconds_are_told_once_they_are_over(path: Path) -> None:
    program(path, "tcpdump", "head(); speak(1.5); time.sleep(20)", live=True)
    notes = Notes(lambda seen: len(seen.seconds) >= 2)
    watch(notes)
    assert sum(second.up for second in notes.seconds) <= 12_000
    assert len({second.at_s for second in notes.seconds}) == len(notes.seconds)


def test_the_last_second_and_the_open_burst_are_told_at_the_end(path: Path) -> None:
    program(path, "tcpdump", "head(); speak(2.5); time.sleep(20)", live=True)
    notes = Notes(lambda seen: bool(voices(seen)))
    report = watch(notes)
    assert sum(second.up for second in notes.seconds) == 800 * report.capture.packets
    assert notes.bursts[-1].bytes_up == 800 * report.capture.packets


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('sys.exit("tcpdump: lo: You don\'t have permission to capture on that device")', "may not capture"),
        ("sys.exit(3)", "exit code 3"),
        ("print('welcome to the router')", "not a capture"),
    ],
)
def test_what_fails_before_anything_came_is_an_error(path: Path, body: str, message: str) -> None:
    program(path, "tcpdump", f"import sys; {body}")
    with pytest.raises(DeviceError, match=message) as caught:
        watch(Notes(lambda seen: False))
    assert caught.value.exit_code == 4


def test_a_stream_that_breaks_is_tried_again_and_the_time_between_is_a_gap(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RETRY_S", (0.3,))
    first = path / "first"
    program(
        path,
        "tcpdump",
        f"import os\nhead(); speak(0.5, int(time.time() * 1000) % 10**9)\nif not os.path.exists({str(first)!r}):\n"
        f"    open({str(first)!r}, 'w'); sys.exit('tcpdump: pcap_loop: The interface disappeared')\ntime.sleep(20)",
        live=True,
    )
    notes = Notes(lambda seen: "back" in seen.notices and len(seen.seconds) >= 2)
    report = watch(notes)
    assert notes.notices == ["begun", "lost", "back"]
    assert "interface went down" in notes.texts[1]
    ((start, end),) = report.capture.gaps
    assert 200 <= end - start < 5_000
    with db.session(paths.database()) as connection:
        assert traffic.captures(connection, 0, 1 << 53)[0].gaps == report.capture.gaps


def test_over_ssh_the_routers_clock_is_kept_and_a_dead_line_is_no_silence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RETRY_S", (0.2,))
    first = path / "first"
    program(
        path,
        "ssh",
        "import os\nprint(f'{time.time() + 5:.9f}', flush=True); head()\n"
        "for n in range(4): send(p.upload(800, 1000 + 800 * n), time.time() + 5); time.sleep(0.1)\n"
        f"if not os.path.exists({str(first)!r}):\n"
        f"    open({str(first)!r}, 'w'); time.sleep(0.5); sys.exit('Connection to router closed by remote host.')\n"
        "time.sleep(20)",
        live=True,
    )
    notes = Notes(lambda seen: "back" in seen.notices)
    report = watch(notes, live.Where("br-lan", "root@router"))
    assert notes.notices == ["begun", "lost", "back"]
    offset = report.capture.clock_offset_ms
    assert offset is not None
    assert 4_000 < offset <= 5_500
    ((start, end),) = report.capture.gaps
    assert end - start >= 500
    assert report.capture.source == "ssh root@router br-lan"


def test_ssh_that_fails_at_once_is_an_error_with_a_hint(path: Path) -> None:
    program(path, "ssh", "import sys; sys.stderr.write('Permission denied (publickey).\\n'); sys.exit(255)")
    with pytest.raises(DeviceError, match="ssh to router was refused") as caught:
        watch(Notes(lambda seen: False), live.Where("br-lan", "router"))
    assert "ssh TARGET" in caught.value.hint


@pytest.mark.parametrize("later", [0.0, 0.3])
def test_a_router_that_knows_the_time_but_no_tcpdump_is_an_error(path: Path, later: float) -> None:
    """More than a beat may pass between its clock and its last words."""
    body = f"import sys,time; print(time.time(), flush=True); time.sleep({later})"
    program(path, "ssh", f"{body}; sys.stderr.write('ash: tcpdump: not found\\n'); sys.exit(127)")
    notes = Notes(lambda seen: len(seen.notices) > 2)
    with pytest.raises(DeviceError, match="tcpdump is missing on router") as caught:
        watch(notes, live.Where("br-lan", "router"))
    assert "opkg" in caught.value.hint and notes.notices == []


def test_a_clock_that_is_set_forward_is_a_gap_and_back_is_told(path: Path) -> None:
    program(
        path,
        "tcpdump",
        "head()\nstart = time.time()\n"
        "for n, shift in enumerate([0, 0, 300, 300, -100, -100]):\n"
        "    send(p.upload(500, 1000 + 500 * n), time.time() + shift); time.sleep(0.2)\ntime.sleep(20)",
        live=True,
    )
    notes = Notes(lambda seen: seen.notices.count("clock") == 2)
    report = watch(notes)
    assert notes.notices == ["begun", "clock", "clock"]
    ((start, end),) = report.capture.gaps
    assert 290_000 < end - start < 310_000
    assert report.jumps == 1


def test_a_store_that_is_busy_gets_another_chance(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "tcpdump", "head(); speak(20)", live=True)
    monkeypatch.setattr(live, "SAVE_S", 0.2)
    real, tries = live.Monitor.save, []

    def busy(self: live.Monitor) -> None:
        tries.append(1)
        if len(tries) < 4:
            raise StoreError("the database is busy", "try again")
        real(self)

    monkeypatch.setattr(live.Monitor, "save", busy)
    notes = Notes(lambda seen: len(tries) > 5)
    watch(notes)
    assert notes.notices.count("store") == 1


def test_a_full_disk_ends_it_after_some_patience(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "tcpdump", "head(); speak(20)", live=True)
    monkeypatch.setattr(live, "SAVE_S", 0.05)

    def full(self: live.Monitor) -> None:
        raise StoreError("the disk is full", "free some space")

    monkeypatch.setattr(live.Monitor, "save", full)
    with pytest.raises(StoreError, match="full"):
        watch(Notes(lambda seen: False))


def test_pace_takes_late_packets_for_late_and_early_ones_for_a_clock_that_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("echoctl.services.traffic.live.time.monotonic", lambda: now[0])
    pace = live.Pace()
    assert (pace.now_ms(), pace.arrived(50_000)) == (0, 0)
    now[0] = 110.0
    assert pace.now_ms() == 60_000
    assert pace.arrived(52_000) == 0
    assert pace.arrived(60_500) == 0
    assert pace.arrived(90_000) == 60_500
    assert pace.arrived(90_100) == 0


def test_ctrl_c_that_ends_tcpdump_too_is_no_loss(path: Path) -> None:
    """In a terminal both get it; here tcpdump ends right when the audience has had enough."""
    ended = path / "ended"
    program(path, "tcpdump", f"head(); time.sleep(0.3); open({str(ended)!r}, 'w')", live=True)
    notes = Notes(lambda seen: ended.exists())
    watch(notes)
    assert notes.notices == ["begun"]


def test_a_tcpdump_that_just_ends_says_no_statistics_for_a_reason(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RETRY_S", (0.1,))
    words = "2 packets captured\\n2 packets received by filter\\n0 packets dropped by kernel\\n"
    program(
        path, "tcpdump", f"head(); send(p.upload(9)); sys.stderr.write({words!r}.replace('\\\\n', '\\n'))", live=True
    )
    notes = Notes(lambda seen: "lost" in seen.notices)
    watch(notes)
    assert "ended with exit code 0" in notes.texts[1]
