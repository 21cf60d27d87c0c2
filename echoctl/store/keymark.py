"""A mark beside the database: keys may be in its write-ahead log, so whoever closes it last must overwrite it.

A recorder that ends in good order does that itself; the mark is for one that was killed. The fast path comes through
here: only os and fcntl.
"""

import fcntl
import os


def put(database: str) -> None:
    """Note that keys are about to be in the log."""
    if not is_set(database):
        os.close(os.open(_path(database), os.O_CREAT | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def is_set(database: str) -> bool:
    """Whether there were keys in the log since it was last overwritten at its end."""
    return os.path.exists(_path(database))


def remove(database: str) -> None:
    """Note that the log was overwritten."""
    os.unlink(_path(database))


def listening(database: str) -> bool:
    """Whether a listener, whose connection stays open, runs on the store: it overwrites the log when it ends."""
    try:
        lock = os.open(os.path.join(os.path.dirname(database), "listener.lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _path(database: str) -> str:
    return database + "-keys"
