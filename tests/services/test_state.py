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
from echoctl.services import state
from echoctl.store.database import db

LISTENER = textwrap.dedent("""
    import sys, time
    from echoctl import paths
    from echoctl.services import state
    paths.private_dir(paths.data_dir())
    with state.Presence(pid=4242) as presence:
        presence.set(led="idle", mic="open", device="a mic")
        print("up", flush=True)
        while True:
            if presence.changed() and presence.muted:
                presence.set(led="muted", mic="closed")
            elif not presence.muted:
                presence.set(led="idle", mic="open")
            time.sleep(0.01)
""")


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


def test_a_listener_that_has_not_shown_it_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 0.1)
    paths.private_dir(paths.data_dir())
    with state.Presence(pid=4242) as presence:  # its microphone is closed as yet, and will be open in a moment
        with pytest.raises(state.DeviceError):
            state.set_muted(True, "a test")
        presence.set(led="muted")
        assert state.set_muted(True, "a test").muted


def test_a_listener_to_a_file_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CONFIRM_S", 60)
    paths.private_dir(paths.data_dir())
    with state.Presence(pid=4242) as presence:
        presence.set(led="idle", mic="none")
        assert state.set_muted(True, "a test").muted
        assert not state.set_muted(False, "a test").muted


@pytest.mark.skipif(sys.platform != "linux", reason="F_NOTIFY is Linux's")
def test_who_mutes_or_unmutes_calls_the_listener() -> None:
    before = signal.getsignal(signal.SIGIO)
    called: list[bool] = []
    paths.private_dir(paths.data_dir())
    try:
        with state.Presence(pid=4242) as presence:
            assert presence.when_touched(lambda: called.append(presence.changed()))
            for muted in (True, False):
                called.clear()
                state.toggle_muted("a test")
                assert any(called), "it was called when the change was there to be seen"
                assert presence.muted is muted
    finally:
        signal.signal(signal.SIGIO, before)


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
    assert state.snapshot().pid == 4242
    listener.kill()
    listener.wait()
    now = state.snapshot()
    assert (now.listening, now.led, now.mic, now.pid) == (False, "off", "closed", 0)


def test_there_is_one_listener_per_store(listener: "subprocess.Popen[bytes]") -> None:
    with pytest.raises(StoreError, match="another listener"):
        state.hold_listener_lock()


def test_looking_does_not_keep_a_listener_from_starting() -> None:
    paths.private_dir(paths.data_dir())
    os.close(state.hold_listener_lock())
    looking = subprocess.Popen(
        [sys.executable, "-c", "from echoctl.services import state\nwhile True: state.listener_alive()"]
    )
    try:
        time.sleep(0.2)
        for _ in range(50):
            os.close(state.hold_listener_lock())
    finally:
        looking.kill()
        looking.wait()


def test_what_a_full_disk_has_no_room_for_is_shown_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*what: object) -> None:
        raise db.StoreFull("the disk is full", "")

    paths.private_dir(paths.data_dir())
    with state.Presence(pid=1) as presence:
        with monkeypatch.context() as patch:
            patch.setattr(state.rows, "update", full)
            presence.show(led="idle")
            with pytest.raises(StoreError):
                presence.set(led="idle")
        presence.show(led="idle")
        assert state.snapshot().led == "idle"


def test_an_idle_listener_writes_nothing() -> None:
    paths.private_dir(paths.data_dir())
    with state.Presence(pid=1) as presence:
        presence.set(led="idle", mic="open")
        watcher = db.connect(paths.database())
        before = db.data_version(watcher)
        presence.set(led="idle", mic="open")
        presence.health(lag_ms=0)
        presence.set()
        assert db.data_version(watcher) == before
        presence.count("near_misses")
        presence.set()
        assert db.data_version(watcher) != before
        assert state.snapshot().counters["near_misses"] == 1
        watcher.close()


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_a_lock_that_cannot_be_opened_is_an_error_and_not_nobody(
    vault: Path, error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def fail(path: str, *more: int) -> int:
        if path.endswith("listener.lock"):
            raise error(13, "refused", path)
        return real(path, *more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(OSError, match="refused"):
            state.listener_alive()
