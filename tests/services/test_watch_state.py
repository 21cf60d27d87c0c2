import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from echoctl.errors import DeviceError
from echoctl.services import state, watch_state
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


def test_it_sees_a_listener_come_and_die(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_state, "ALIVE_S", 0.0)
    watcher = StateWatcher()
    watcher.poll()
    script = "import time\nfrom echoctl.services import state\nlock = state.hold_listener_lock()\ntime.sleep(60)\n"
    listener = subprocess.Popen([sys.executable, "-c", script])
    try:
        while not state.listener_alive():
            time.sleep(0.02)
        there = watcher.poll()
        assert there is not None and there.listening
    finally:
        listener.kill()
        listener.wait()
    gone = watcher.poll()
    assert gone is not None and not gone.listening


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
