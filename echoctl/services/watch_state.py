"""Looking at the store from outside: the state as it is, and whether anything has changed since."""

import contextlib
import os
import signal
import time

from echoctl import paths
from echoctl.errors import DeviceError
from echoctl.model.listener import Snapshot
from echoctl.services import state
from echoctl.store.database.watch import DatabaseWatch

POLL_S = 0.04
"""How often to ask: another process's mute shows within 150 ms."""

ALIVE_S = 0.5
"""How often to see which listeners live; a death changes no row."""


class StateWatcher:
    """Follows the store. One thread uses it."""

    def __init__(self) -> None:
        self._watch = DatabaseWatch(paths.database())
        self._running: list[str] = []
        self._look_at = 0.0

    def poll(self) -> Snapshot | None:
        """The state, when something has changed since the last call; None when nothing has. Raises StoreError."""
        changed = self._watch.changed()
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + ALIVE_S
            running = state.running()
            changed, self._running = changed or running != self._running, running
        return state.snapshot() if changed else None

    def close(self) -> None:
        """Let go of the store."""
        self._watch.close()


def request(listener: Snapshot) -> None:
    """Ask a listener in another terminal to begin a request without a wake word. Raises DeviceError."""
    if not listener.listening or not listener.pid:
        raise DeviceError("no listener is running", "start one: echoctl listen")
    with contextlib.suppress(ProcessLookupError):  # it ended a moment ago; the next look says so
        os.kill(listener.pid, signal.SIGUSR2)
