"""A mark beside the database: keys may be in its write-ahead log, so whoever closes it last must overwrite it.

Every transaction that writes pages with keys is a `writing`: it puts the mark, which is for a process that is killed,
and keeps everybody else from cutting the log off, because what is cut off stays on the disk as it is, and would outlive
a later purge of those keys. The fast path comes through here: only what the interpreter has loaded and fcntl.
"""

import os
import time

from echoctl.errors import StoreError
from echoctl.store.database.listener_locks import taken
from echoctl.store.database.transactions import BUSY_SECONDS, busy

_SLICE_S = 0.002
"""Seconds between attempts."""


class writing:  # noqa: N801 - used like a function: `with writing(path), immediate(conn):`
    """For a block that begins before its transaction: keys may be in the log from now on. One at a time.

    Waits up to `patience_s` for another one, or for the moment in which the log is overwritten. Raises StoreError.
    """

    def __init__(self, database: str, patience_s: float = BUSY_SECONDS) -> None:
        self._database, self._patience_s = database, patience_s

    def __enter__(self) -> None:
        """Take the lock, and put the mark so that it lasts."""
        end = time.monotonic() + self._patience_s
        self._folder = _open(self._database)
        try:
            while not taken(self._folder):
                if time.monotonic() >= end:
                    raise busy(self._database)
                time.sleep(_SLICE_S)
            if not is_set(self._database):
                os.close(os.open(_path(self._database), os.O_CREAT | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC, 0o600))
                os.fsync(self._folder)
        except OSError as exc:
            os.close(self._folder)
            hint = "check the folder, its rights and the disk"
            raise StoreError(f"cannot make a file beside {self._database}: {exc.strerror}", hint) from exc
        except StoreError:
            os.close(self._folder)
            raise

    def __exit__(self, *_: object) -> None:
        """Release the lock, and give those who wait for it time to take it before we want it again."""
        os.close(self._folder)
        time.sleep(2 * _SLICE_S)


class alone:  # noqa: N801 - as above
    """For a block in which nobody else writes keys: `as` gives True, or False where somebody does. Never waits."""

    def __init__(self, database: str) -> None:
        self._database = database

    def __enter__(self) -> bool:
        """Try to take the lock; returns whether it was free."""
        self._folder = _open(self._database)
        return taken(self._folder)

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        os.close(self._folder)


def is_set(database: str) -> bool:
    """Whether there were keys in the log since it was last overwritten at its end."""
    return os.path.exists(_path(database))


def remove(database: str) -> None:
    """Note that the log is empty, while `alone`."""
    if is_set(database):
        os.unlink(_path(database))


def _open(database: str) -> int:
    return os.open(os.path.dirname(database), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _path(database: str) -> str:
    return database + "-keys"
