import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from echoctl.errors import DeviceError
from echoctl.services import state, watch_state
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.watch_state import StateWatcher


def test_it_tells_the_state_once_per_change(vault: Path) -> None:
    watcher = StateWatcher()
    first = watcher.poll()
    assert first is not None and not first.muted
    assert watcher.poll() is None
    state.set_muted(True, "a test")
    muted = watcher.poll()
    assert muted is not None and muted.muted and muted.muted_by == "a test"
    watcher.close()


@pytest.mark.parametrize("beside", [0, 1])
def test_it_sees_a_listener_come_and_die(vault: Path, beside: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_state, "ALIVE_S", 0.0)
    watcher = StateWatcher()
    script = (
        "import time\nfrom echoctl import paths\nfrom echoctl.store.database import listener_locks\n"
        "lock = listener_locks.hold(paths.data_dir(), 'listener')\ntime.sleep(60)\n"
    )
    with contextlib.ExitStack() as stack:
        if beside:
            stack.enter_context(Presence(EarSpec(device="a mic")))
        watcher.poll()
        listener = subprocess.Popen([sys.executable, "-c", script])
        try:
            while "listener" not in state.running():
                time.sleep(0.02)
            there = watcher.poll()
            assert there is not None and len(there.listeners) == 1 + beside
        finally:
            listener.kill()
            listener.wait()
        gone = watcher.poll()
        assert gone is not None and len(gone.listeners) == beside


def test_a_request_wakes_the_listener_of_another_terminal(vault: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, frame: heard.append(number))
    try:
        now = state.snapshot()
        with pytest.raises(DeviceError):
            watch_state.request(now)
        now.listening, now.pid = True, os.getpid()
        watch_state.request(now)
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert heard == [signal.SIGUSR2]
