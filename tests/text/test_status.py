import json

import pytest

from echoctl.model.listener import SandboxLevel, Snapshot
from echoctl.text.status import mute_text, sandbox_text, sandboxes_text, status_json, status_text

AT = 1_790_000_000_000


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def snapshot(**changes: object) -> Snapshot:
    """A listener that has just begun, unless told otherwise."""
    fields: dict[str, object] = {"muted": False, "muted_by": "", "muted_ms": 0, "listening": True, "led": "idle"}
    fields |= {"led_ms": AT, "mic": "open", "device": "default", "pid": 7, "started_ms": AT, "ear_pid": 8}
    fields |= {
        "mic_pid": 9,
        "mic_sandbox": SandboxLevel.FULL,
        "sandbox": SandboxLevel.FULL,
        "sent_bytes": 0,
        "counters": {"near_misses": 3},
        **changes,
    }
    return Snapshot(**fields)  # type: ignore[arg-type]


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
        "  muted       by key m, since 2026-09-21 14:13:21\n"
        "  counted     near misses 3\n"
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
        "sandbox": "full",
        "mic_sandbox": "full",
        "seal": "full",
        "sent_bytes": 0,
        "muted": False,
        "muted_by": None,
        "muted_since": None,
        "counters": {"near_misses": 3},
    }


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
        ({"muted": True, "mic": "none"}, "muted; the listener that runs reads a file, and goes on"),
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
