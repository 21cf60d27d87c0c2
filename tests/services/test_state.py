import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import ExitCode, StoreError
from echoctl.services import mute_file, state
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.store.database import db, listener_locks
from tests.services.muting import microphone

LISTENER = textwrap.dedent("""
    import time
    from echoctl.services import mute_file
    from echoctl.services.listening.presence import Presence
    from echoctl.services.protocol.ear_spec import EarSpec
    with Presence(EarSpec()) as presence:
        presence.set(led="idle", device="a mic", mic_pid=4242)
        print("up", flush=True)
        while True:
            muted = mute_file.wanted(presence.lock)
            mute_file.answer(presence.lock, mute_file.CLOSED if muted else mute_file.OPEN)
            presence.changed()
            presence.set(led="muted" if muted else "idle")
            time.sleep(0.01)
""")
"""A front that plays its microphone as well."""


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def listener() -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    yield process  # type: ignore[misc]
    process.kill()
    process.wait()
    process.stdout.close()


def test_looking_makes_nothing() -> None:
    now = state.snapshot()
    assert (now.led, now.mic, now.listening, now.muted) == ("off", "closed", False, False)
    assert not Path(paths.data_dir()).exists()


def test_mute_stays_and_keeps_who_and_since_when() -> None:
    before = time.time_ns() // 1_000_000
    now = state.set_muted(True, "a test")
    assert (now.muted, now.muted_by, now.led) == (True, "a test", "muted")
    assert now.muted_ms >= before
    again = state.set_muted(True, "somebody else")
    assert (again.muted_by, again.muted_ms) == ("a test", now.muted_ms)
    assert not state.set_muted(False, "a test").muted


def test_mute_waits_for_the_listener_to_close_its_microphone(listener: "subprocess.Popen[bytes]") -> None:
    for _ in range(20):
        assert state.set_muted(True, "a test").mic == "closed"
        assert state.set_muted(False, "a test").mic == "open"


def test_a_microphone_that_does_not_answer_is_not_believed_to_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 0.1)
    with Presence(EarSpec()) as presence:  # its microphone is closed as yet, and will be open in a moment
        with pytest.raises(state.DeviceError) as caught:
            state.set_muted(True, "a test")
        assert str(os.getpid()) in caught.value.hint, "there is no microphone process that could be ended"
        assert state.snapshot().muted
        mute_file.answer(presence.lock, mute_file.WAITING)
        with pytest.raises(state.DeviceError):
            state.set_muted(True, "a test")
        mute_file.answer(presence.lock, mute_file.CLOSED)
        now = state.set_muted(True, "a test")
        assert (now.muted, now.mic, now.led) == (True, "closed", "muted")


def test_mute_and_unmute_wait_for_the_microphones_answer() -> None:
    def slow(file: int) -> None:
        time.sleep(0.1)
        mute_file.answer(file, mute_file.CLOSED if mute_file.wanted(file) else mute_file.OPEN)

    with Presence(EarSpec()), microphone(slow) as seen:
        for muted in (True, False, True):
            before = time.monotonic()
            now = state.set_muted(muted, "a test")
            assert time.monotonic() - before > 0.05
            assert (now.mic, seen[-1]) == ("closed" if muted else "open", muted)


def test_an_open_microphone_is_no_answer_to_a_mute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 0.1)
    # As capture.py answers when its device opens just after the mute, until the watch has closed it.
    with (
        Presence(EarSpec()),
        microphone(lambda file: mute_file.answer(file, mute_file.OPEN)),
        pytest.raises(state.DeviceError),
    ):
        state.set_muted(True, "a test")


def test_an_unmute_of_a_microphone_that_is_lost_is_not_waited_for() -> None:
    with Presence(EarSpec()) as presence, microphone(lambda file: mute_file.answer(file, mute_file.WAITING)):
        presence.set(led="error")
        before = time.monotonic()
        assert state.set_muted(False, "a test").mic == "closed"
        assert time.monotonic() - before < state.CONFIRM_S / 2


def test_an_unmute_that_takes_long_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 0.1)
    with Presence(EarSpec()):
        assert not state.set_muted(False, "a test").muted


def test_a_listener_to_a_file_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 60)
    with Presence(EarSpec()) as presence:
        mute_file.answer(presence.lock, mute_file.NONE)
        presence.set(led="idle")
        assert state.set_muted(True, "a test").muted
        assert state.snapshot().mic == "none"
        assert not state.set_muted(False, "a test").muted


def test_what_comes_through_a_pipe_is_dropped() -> None:
    with Presence(EarSpec()) as presence, microphone(lambda file: mute_file.answer(file, mute_file.DROPPED)):
        presence.set(led="idle")
        now = state.set_muted(True, "a test")
        assert (now.mic, now.led) == ("dropped", "muted")


@pytest.mark.parametrize("trouble", ["locked", "full"])
def test_a_mute_needs_no_store_to_reach_the_microphone(
    trouble: str, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*what: object) -> None:
        raise db.StoreFull("the disk is full", "")

    with Presence(EarSpec()) as presence, microphone() as seen, contextlib.ExitStack() as stack:
        state.set_muted(False, "a test")
        if trouble == "locked":
            other = stack.enter_context(contextlib.closing(db.connect(paths.database())))
            stack.enter_context(db.immediate(other))
        else:
            monkeypatch.setattr(state.rows, "set_muted", full)
        with pytest.raises(StoreError):
            state.set_muted(True, "a test")
        assert mute_file.wanted(presence.lock)
        while not seen[-1]:
            time.sleep(0.01)
        assert (state.snapshot().mic, state.snapshot().led) == ("closed", "muted")


@pytest.mark.parametrize("trouble", ["full"])
def test_an_unmute_that_cannot_be_written_opens_nothing(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*what: object) -> None:
        raise db.StoreFull("the disk is full", "")

    with Presence(EarSpec()) as presence, microphone():
        state.set_muted(True, "a test")
        monkeypatch.setattr(state.rows, "set_muted", full)
        with pytest.raises(StoreError):
            state.set_muted(False, "a test")
        assert mute_file.wanted(presence.lock)


def test_a_listener_that_hangs_is_not_said_to_be_muted(
    listener: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 0.2)
    listener.send_signal(signal.SIGSTOP)
    with pytest.raises(state.DeviceError) as caught:
        state.set_muted(True, "a test")
    assert caught.value.exit_code == ExitCode.DEVICE
    assert "4242" in caught.value.hint
    listener.send_signal(signal.SIGCONT)


def test_a_killed_listener_is_seen_to_be_dead(listener: "subprocess.Popen[bytes]") -> None:
    assert (state.snapshot().pid, state.snapshot().mic_pid) == (listener.pid, 4242)
    listener.kill()
    listener.wait()
    now = state.snapshot()
    assert (now.listening, now.led, now.mic, now.pid) == (False, "off", "closed", 0)


def test_a_mute_that_no_order_reached_is_not_said_to_be_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = listener_locks.open_file

    def refused(folder: str, name: str, flags: int = os.O_RDWR) -> int:
        if flags == os.O_RDWR:
            raise PermissionError(13, "refused", name)
        return real(folder, name, flags)

    monkeypatch.setattr(state, "CONFIRM_S", 0.1)
    with Presence(EarSpec()) as presence:
        mute_file.answer(presence.lock, mute_file.OPEN)
        with monkeypatch.context() as patch:
            patch.setattr(listener_locks, "open_file", refused)
            with pytest.raises(state.DeviceError, match="has not closed its microphone yet"):
                state.set_muted(True, "a test")
        assert (state.snapshot().muted, state.snapshot().mic) == (True, "open")


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_a_lock_that_cannot_be_opened_is_an_error_and_not_nobody(
    vault: Path, error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(listener_locks.path(paths.data_dir(), listener_locks.FIRST)).touch()
    real = os.open

    def fail(path: str, *more: int) -> int:
        if path.endswith("listener.lock"):
            raise error(13, "refused", path)
        return real(path, *more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(OSError, match="refused"):
            state.running()
