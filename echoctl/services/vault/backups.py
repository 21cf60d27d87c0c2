"""One file that holds everything but the key on this machine, and a store made of it elsewhere.

A backup is the database itself, sealed as it always is: times, rooms and lengths are in the clear, words and sound
are not. The device key stays where it is, so that a stolen backup opens by the recovery line only.
"""

from dataclasses import dataclass

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.services.vault import unlocking
from echoctl.store import copy
from echoctl.store.database import db


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup file that was written; `size` is in bytes."""

    path: str
    size: int
    recordings: int
    opens_elsewhere: bool
    """It has a recovery line, the only way in where this machine's device key is not."""


def backup(path: str) -> Backup:
    """Write the store to a new file, as it is at this moment; a listener goes on. Needs no key.

    Raises NotFound when there is no vault, UsageError when there is such a file, StoreError.
    """
    status = unlocking.status()
    with db.session(paths.database()) as connection:
        size = copy.copy_to(connection, path)
    return Backup(path, size, status.recordings, "recovery" in status.slots)


def restore(path: str) -> unlocking.Status:
    """Make a store of a backup, where there is none, and say what opens it.

    Raises UsageError when there is a store, StoreError when the file is damaged or not echoctl's.
    """
    target = paths.database()
    if db.exists(target):
        raise UsageError(f"there is a store already: {target}", "choose an empty place: ECHOCTL_DATA_DIR=DIR")
    copy.install(path, target)
    try:
        return unlocking.status()
    except NotFound:
        raise UsageError(f"{path} holds no vault", "nothing was ever recorded in it") from None
