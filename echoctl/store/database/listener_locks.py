"""The lock of each listener beside the database: a flock, which the kernel drops at its death, however that came.

A listener is called by what it listens to, and its lock file after it, so a microphone has one listener. The file is
also the one by which its microphone is muted (services/mute_file.py). On the fast path: os and fcntl alone.
"""

import fcntl
import os
import time
from collections.abc import Iterator

FIRST = "listener"
"""The listener of the usual microphone; the names of all others begin like that."""

_SUFFIX = ".lock"


def path(folder: str, name: str) -> str:
    """The lock file of the listener `name`."""
    return os.path.join(folder, name + _SUFFIX)


def names(folder: str) -> list[str]:
    """Each listener that has a lock file, which remains when it ends: the usual one first."""
    try:
        found = os.listdir(folder or ".")
    except FileNotFoundError:
        return []
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.startswith(FIRST) and name.endswith(_SUFFIX))


def open_file(folder: str, name: str, flags: int = os.O_RDWR) -> int:
    """A descriptor of the file, without its lock. Raises OSError."""
    return os.open(path(folder, name), flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def running(folder: str) -> Iterator[tuple[str, int]]:
    """Each listener that runs, and a descriptor of its file, open until the next one is asked for.

    Raises OSError for a lock that may not be looked at: that is not nobody.
    """
    for name in names(folder):
        lock = open_file(folder, name, os.O_RDONLY)
        try:
            if not is_free(lock):
                yield name, lock
        finally:
            os.close(lock)


def is_free(lock: int) -> bool:
    """Whether nobody holds the lock of this file. Leaves it to be let go of with the descriptor."""
    return taken(lock, fcntl.LOCK_SH)


def hold(folder: str, name: str, patience_s: float = 0.5) -> int | None:
    """Take the lock: a descriptor to keep open, or None where another one has it. Raises OSError.

    Waits a moment, since `status` holds a shared lock for some microseconds while it looks.
    """
    lock = open_file(folder, name, os.O_RDWR | os.O_CREAT)
    end = time.monotonic() + patience_s
    while not taken(lock):
        if time.monotonic() >= end:
            os.close(lock)
            return None
        time.sleep(0.02)
    return lock


def taken(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take a lock of the file or folder, which goes with the descriptor, without waiting; False where it is refused."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
