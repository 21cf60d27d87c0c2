"""A wait that somebody else can end, from another thread or from a signal handler."""

import contextlib
import threading


class Bell:
    """One thread waits on it. Rung while nobody waits, it ends the next wait.

    A bare lock, because a handler may run in the very thread that waits: threading's Event and Condition would then
    wait for themselves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """End the wait, or the next one when nobody waits; safe in a signal handler, and safe to repeat."""
        with contextlib.suppress(RuntimeError):  # it has been rung already
            self._lock.release()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is rung, for at most `timeout_s` seconds; returns whether it was."""
        return self._lock.acquire(timeout=max(0.0, timeout_s))
