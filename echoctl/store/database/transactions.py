"""Write transactions, and what SQLite's errors mean to a person.

Below everything else in the store, so that migrations and the log's eraser need not know how a database is opened.
"""

import sqlite3
import time
from types import TracebackType

from echoctl.errors import StoreError

BUSY_SECONDS = 5.0
"""How long a writer waits for another one."""

_SLICE_MS = 20

FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What the module raises over a damaged file: where SQLite's own message quotes it, it may not be text."""


class StoreFull(StoreError):
    """The disk is full; nothing was changed."""


class immediate:  # noqa: N801 - used like a function: `with immediate(conn):`
    """A write transaction: BEGIN IMMEDIATE … COMMIT, rolled back whatever is raised inside.

    Immediate, because a deferred transaction that reads and then writes cannot wait for another writer: SQLite
    fails it at once, whatever the busy timeout. Raises StoreError when the database is busy, full, read-only or
    unreadable; then nothing of the block has happened.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def __enter__(self) -> sqlite3.Connection:
        """Take the write lock, waiting up to BUSY_SECONDS."""
        end = time.monotonic() + BUSY_SECONDS
        # SQLite's own waits grow to 100 ms, between which a busy writer may take the lock again and again; in slices
        # they begin anew at 1 ms.
        self._conn.execute(f"PRAGMA busy_timeout = {_SLICE_MS}").fetchall()
        try:
            while True:
                try:
                    self._conn.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as exc:
                    if exc.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() >= end:
                        raise explain(exc) from exc
                else:
                    return self._conn
        finally:
            self._conn.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}").fetchall()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Commit, or roll back."""
        try:
            if error is None:
                self._conn.execute("COMMIT")
        except sqlite3.DatabaseError as exc:
            error = exc
        if error is not None:
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError):
                raise explain(error) from error


def data_version(conn: sqlite3.Connection) -> int:
    """A number that changes whenever another connection has committed; 5 µs, so good to poll."""
    return int(conn.execute("PRAGMA data_version").fetchone()[0])


def explain(error: sqlite3.Error | UnicodeDecodeError, path: str = "") -> Exception:
    """The StoreError that says what SQLite meant, or `error` itself where the program is at fault."""
    name = getattr(error, "sqlite_errorname", "")
    for prefix, message, hint in _MEANINGS:
        if name.startswith(prefix):
            kind = StoreFull if "disk is full" in message else StoreError
            return kind(message.format(path=path or "the database"), hint)
    if isinstance(error, UnicodeDecodeError) or any(words in str(error) for words in _ONLY_DAMAGE):
        return damaged(path)
    return error


def busy(path: str) -> StoreError:
    """The error when others write for longer than BUSY_SECONDS."""
    return StoreError(f"{path or 'the database'} is busy", _BUSY_HINT)


def damaged(path: str) -> StoreError:
    """The error for a database whose content is not what was written."""
    return StoreError(f"{path or 'the database'} is damaged", _DAMAGED_HINT)


_BUSY_HINT = "another echoctl is writing to it: try again in a moment"
_DAMAGED_HINT = "see what is left of it: echoctl db check"

_ONLY_DAMAGE = ("decode to UTF-8", "unsupported file format")
"""What SQLite and its module say, without an error code of their own, of bytes that were never written so."""

_MEANINGS = (
    ("SQLITE_BUSY", "{path} is busy", _BUSY_HINT),
    ("SQLITE_LOCKED", "{path} is busy", _BUSY_HINT),
    ("SQLITE_FULL", "the disk is full: {path} cannot grow", "free some space and try again: nothing was changed"),
    ("SQLITE_READONLY", "{path} cannot be written", "check the rights of the file, of its folder and of the disk"),
    ("SQLITE_CANTOPEN", "{path} cannot be opened", "check the rights of the file and that its folder is writable"),
    ("SQLITE_IOERR_SHMSIZE", "the disk is full: {path} cannot be opened", "free some space and try again"),
    (
        "SQLITE_IOERR",
        "{path} cannot be read or written: input/output error",
        "check the disk, its space and its limits",
    ),
    ("SQLITE_CORRUPT", "{path} is damaged", _DAMAGED_HINT),
    ("SQLITE_NOTADB", "{path} is not a database", "move it away, or bring back a good copy of it"),
)
