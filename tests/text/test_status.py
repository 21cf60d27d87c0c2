import json
from typing import Any

import pytest

from echoctl.model.listener import Listener, SandboxLevel, Snapshot
from echoctl.text.status import mute_text, sandbox_text, sandboxes_text, status_json, status_text

AT = 1_790_000_000_000


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


OF_EACH = {
    "state", "listening", "pid", "since", "mic", "device", "room", "sandbox", "mic_sandbox", "sent_bytes", "counters",
}  # fmt: skip


def snapshot(**changes: object) -> Snapshot:
    """A listener that has just begun, unless told otherwise."""
    fields: dict[str, Any] = {"listening": True, "led": "idle", "led_ms": AT, "mic": "open", "device": "default"}
    fields |= {"pid": 7, "started_ms": AT, "ear_pid": 8, "mic_pid": 9, "sent_bytes": 0, "counters": {"near_misses": 3}}
    fields |= {"sandbox": SandboxLevel.FULL, "mic_sandbox": SandboxLevel.FULL, **changes}
    mute = {name: fields.pop(name) for name in ("muted", "muted_by", "muted_ms") if name in fields}
    one = Listener(**fields)
    return Snapshot(one, **mute, listeners=(one,) if one.listening else ())


NOBODY = {
    "listening": False,
    "led": "off",
    "mic": "closed",
    "pid": 0,
    "sandbox": "",
    "mic_sandbox": "",
    "sent_bytes": None,
    "counters": {},
}


def test_a_listener_in_words() -> None:
    assert status_text(snapshot(muted=True, led="muted", mic="closed", muted_by="key m", muted_ms=AT + 1000)) == (
        "muted\n"
        "  listener    pid 7, since 2026-09-21 14:13:20\n"
        "  microphone  closed (default)\n"
        "  sandbox     sandboxed, 0 B sent\n"
        "  counted     near misses 3\n"
        "  muted       by key m, since 2026-09-21 14:13:21\n"
    )


def test_a_file_is_an_input_and_no_microphone() -> None:
    assert "  input       talk.wav\n" in status_text(snapshot(mic="none", device="talk.wav"))


def test_a_microphone_without_a_name_yet() -> None:
    assert "  microphone  open\n" in status_text(snapshot(device=""))


def test_who_unmuted_it() -> None:
    said = status_text(snapshot(muted_by="echoctl unmute", muted_ms=AT))
    assert "  unmuted     by echoctl unmute, since 2026-09-21 14:13:20\n" in said


def test_nobody_listens() -> None:
    assert status_text(snapshot(**NOBODY)) == "off\n  listener    not running\n"


def test_a_listener_in_json() -> None:
    said = json.loads(status_json(snapshot()))
    assert said == {
        "state": "idle",
        "listening": True,
        "pid": 7,
        "since": "2026-09-21T14:13:20.000+00:00",
        "mic": "open",
        "device": "default",
        "room": "",
        "sandbox": "full",
        "mic_sandbox": "full",
        "seal": "full",
        "sent_bytes": 0,
        "muted": False,
        "muted_by": None,
        "muted_since": None,
        "counters": {"near_misses": 3},
        "listeners": [{name: value for name, value in said.items() if name in OF_EACH}],
    }


def test_several_listeners() -> None:
    other = Listener(
        listening=True, led="listening", mic="none", device="talk.wav", room="study", pid=17, started_ms=AT
    )  # fmt: skip
    one = snapshot()
    both = Snapshot(one, listeners=(one, other))
    assert status_text(both) == (
        "idle\n"
        "  listener    pid 7, idle, since 2026-09-21 14:13:20\n"
        "  microphone  open (default)\n"
        "  sandbox     sandboxed, 0 B sent\n"
        "  counted     near misses 3\n"
        "  listener    pid 17, listening, since 2026-09-21 14:13:20\n"
        "  input       talk.wav\n"
        "  room        study\n"
        "  sandbox     not sandboxed\n"
    )
    said = json.loads(status_json(both))
    assert [(each["pid"], each["room"], each["state"]) for each in said["listeners"]] == [
        (7, "", "idle"),
        (17, "study", "listening"),
    ]


def test_several_microphones_in_a_word() -> None:
    closed = snapshot(mic="closed", muted=True)
    assert mute_text(Snapshot(closed, muted=True, listeners=(closed, closed))) == "muted: 2 microphones are closed\n"


def test_what_nobody_has_is_null_in_json() -> None:
    said = json.loads(status_json(snapshot(**NOBODY)))
    assert {name for name, value in said.items() if value is None} == {
        "pid", "since", "sandbox", "mic_sandbox", "seal", "sent_bytes", "muted_by", "muted_since",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"muted": True, "mic": "closed"}, "muted: the microphone is closed"),
        ({}, "unmuted: the microphone is open"),
        ({"muted": True, "mic": "dropped"}, "muted: what comes through the pipe is thrown away"),
        ({"muted": True, "mic": "none"}, "muted; only files are listened to, and that goes on"),
        ({**NOBODY, "muted": True}, "muted; no listener is running"),
        (NOBODY, "unmuted; no listener is running"),
    ],
)
def test_mute_says_what_the_microphone_does(changes: dict[str, object], text: str) -> None:
    assert mute_text(snapshot(**changes)) == f"{text}\n"


def test_each_level_of_the_sandbox_has_its_own_words() -> None:
    assert sandbox_text(SandboxLevel.FULL, 0) == "sandboxed, 0 B sent"
    assert sandbox_text(SandboxLevel.FULL, 7) == "sandboxed, 7 B sent"
    assert "0 B" not in sandbox_text(SandboxLevel.FULL, None)
    assert sandbox_text(SandboxLevel.FILTER, None) == "sandboxed by a filter alone"
    assert sandbox_text(SandboxLevel.NONE, None) == "not sandboxed"


def test_two_processes_that_differ_are_named_both() -> None:
    full, alone = SandboxLevel.FULL, SandboxLevel.FILTER
    assert sandboxes_text(full, full, 0) == sandboxes_text(full, "", 0) == "sandboxed, 0 B sent"
    assert sandboxes_text(full, alone, 0) == "ear sandboxed, 0 B sent; microphone sandboxed by a filter alone"
