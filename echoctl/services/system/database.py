"""The database as a file: where it is, and whether it is sound."""

import os
from dataclasses import dataclass

from echoctl import paths
from echoctl.services.purging import purge
from echoctl.store import integrity as checking
from echoctl.store.database import db, wal


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found."""

    size: int
    """Bytes of the database file, its write-ahead log not counted."""
    schema: int
    problems: tuple[str, ...]
    log_emptied: bool
    """The write-ahead log is merged and overwritten, and no purge is left half done."""


def path() -> str:
    """Where the database is, or would be."""
    return paths.database()


def check() -> Health | None:
    """Look the database over and finish a purge whose log could not be emptied; None when there is no database.

    Raises StoreError when it is too damaged to look at.
    """
    if not db.exists(paths.database()):
        return None
    with db.session(paths.database()) as connection:
        problems = tuple(checking.problems(connection))
        emptied = purge.finish(connection) and wal.erase(connection)
    return Health(os.path.getsize(paths.database()), db.SCHEMA_VERSION, problems, emptied)
