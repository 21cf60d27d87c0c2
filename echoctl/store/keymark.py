"""A mark beside the database: keys may be in its write-ahead log, so whoever closes it last must overwrite it.

Every transaction that writes pages with keys is a `writing`: it puts the mark, which is for a process that is killed,
and keeps everybody else from cutting the log off, because what is cut off stays on the disk as it is, and would outlive
a later purge of those keys. The fast path comes through here: only errors, os and fcntl.
"""

import fcntl
import os

from echoctl.errors import StoreError


class writing:  # noqa: N801 - used like a function: `with writing(path), immediate(conn):`
    """For a block that begins before its transaction: keys may be in the log from now on, which stays as long as it is.

    Others may write keys at the same time. Waits for the moment in which the log is cut off.
    """

    def __init__(self, database: str) -> None:
        self._database = database

    def __enter__(self) -> None:
        """Take the lock, shared, and put the mark so that it lasts. Raises StoreError."""
        folder = _open(self._database)
        try:
            fcntl.flock(folder, fcntl.LOCK_SH)
            if not is_set(self._database):
                os.close(os.open(_path(self._database), os.O_CREAT | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC, 0o600))
                os.fsync(folder)
        except OSError as exc:
            os.close(folder)
            hint = "check the folder, its rights and the disk"
            raise StoreError(f"cannot make a file beside {self._database}: {exc.strerror}", hint) from exc
        self._folder = folder

    def __exit__(self, *_: object) -> None:
        """Let go of the lock."""
        os.close(self._folder)


class alone:  # noqa: N801 - as above
    """For a block in which nobody writes keys, if `as` says so; False: somebody is at it. Never waits."""

    def __init__(self, database: str) -> None:
        self._database = database

    def __enter__(self) -> bool:
        """Take the lock for oneself."""
        self._folder = _open(self._database)
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        os.close(self._folder)


def is_set(database: str) -> bool:
    """Whether there were keys in the log since it was last overwritten at its end."""
    return os.path.exists(_path(database))


def remove(database: str) -> None:
    """Note that the log is empty, while `alone`."""
    if is_set(database):
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


def _open(database: str) -> int:
    return os.open(os.path.dirname(database), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _path(database: str) -> str:
    return database + "-keys"
