"""A mute is carried out by the process that holds the device, whatever the others do."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from echoctl import paths
from echoctl.services import mute_file, state
from echoctl.store.database import listener_locks
from tests.harness.counts import asked
from tests.lab.listener import Running
from tests.lab.sound import SoundLab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MUTES = asked(12)
"""`make torture` has a hundred."""


@pytest.fixture
def listener(start: Callable[..., Running], sound_lab: SoundLab) -> Running:
    running = start("listen", "--json")
    running.until('"state": "idle"')
    return running


def closed_within_s(sound_lab: SoundLab) -> float:
    """Mute by the file alone, as `echoctl mute` does first; returns when the server had no recorder any more."""
    began = time.monotonic()
    lock = listener_locks.open_file(paths.data_dir(), listener_locks.FIRST)
    try:
        mute_file.order(lock, True)
        while mute_file.done(lock) != (mute_file.CLOSED, True):
            assert time.monotonic() < began + 5
            time.sleep(0.002)
        took = time.monotonic() - began
    finally:
        os.close(lock)
    assert sound_lab.recorders() == []
    return took


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stopped", ["ear", "front"])
def test_the_device_closes_though_another_process_is_stopped(
    stopped: str, listener: Running, sound_lab: SoundLab, record_property: Callable[[str, object], None]
) -> None:
    took = []
    for _ in range(MUTES):
        process = listener.ear if stopped == "ear" else listener.process.pid
        os.kill(process, signal.SIGSTOP)
        took.append(closed_within_s(sound_lab))
        os.kill(process, signal.SIGCONT)
        assert state.set_muted(True, "a test").mic == "closed"
        assert state.set_muted(False, "a test").mic == "open"
    assert max(took) < 0.5
    record_property("done", MUTES)
    record_property("slowest_ms", round(max(took) * 1000))


def test_a_microphone_process_that_hangs_is_ended_by_the_front(listener: Running, sound_lab: SoundLab) -> None:
    os.kill(listener.microphone, signal.SIGSTOP)
    assert state.set_muted(True, "a test").mic == "closed"
    assert sound_lab.recorders() == []
    assert state.set_muted(False, "a test").mic == "open"
    assert len(sound_lab.recorders()) == 1


def test_a_muted_listener_rests(listener: Running) -> None:
    state.set_muted(True, "a test")
    time.sleep(1.0)  # a new microphone process has loaded what it needs, and waits
    for process in (listener.microphone, listener.ear):
        before = _switches(process)
        time.sleep(1.0)
        assert _switches(process) - before < 20


def _switches(pid: int) -> int:
    """How often the threads of a process have run."""
    lines = [
        line
        for task in os.listdir(f"/proc/{pid}/task")
        for line in open(f"/proc/{pid}/task/{task}/status")  # noqa: SIM115 - /proc
        if line.startswith(("voluntary_ctxt", "nonvoluntary_ctxt"))
    ]
    return sum(int(line.split()[1]) for line in lines)
