"""The write-ahead log: merging it into the database, and overwriting what it held.

SQLite truncates or removes the log when it is merged, and the file system gives its blocks away with all that is in
them: on an ext4 image a quarter of the purged keys were found there. So SQLite itself writes zeros over the log,
from its beginning to its end, before it is truncated; these are synced like any commit. What is truncated is these
zeros and no key: nobody writes keys meanwhile.
"""

import os
import sqlite3
import time

from echoctl.store.database import key_marker
from echoctl.store.database.transactions import BUSY_SECONDS, immediate

_PIECE_BYTES = 64 << 20
"""Largest row of filler."""

_SLICE_S = 0.002
"""Between attempts. Short, because a busy writer leaves gaps of milliseconds and SQLite's own waits grow to 100 ms."""


def erase(connection: sqlite3.Connection, patience_s: float | None = None) -> bool:
    """Merge the log, overwrite it and truncate it; waits for others up to `patience_s` (None: BUSY_SECONDS).

    Returns False when a reader, or a writer of keys, kept that from happening: then the log holds what it held. Raises
    sqlite3.Error or StoreError when the disk is full or fails.
    """
    end = time.monotonic() + (BUSY_SECONDS if patience_s is None else patience_s)
    path = _path(connection)
    while _checkpoint(connection, "RESTART", end):  # waits for readers, while others may write
        with key_marker.alone(path) as alone:
            if alone and _checkpoint(connection, "RESTART", 0.0):
                if size := _size(path):
                    _overwrite(connection, size)
                if _checkpoint(connection, "TRUNCATE", 0.0):  # if a reader came in between, what stays is filler
                    key_marker.remove(path)
                return True
        if time.monotonic() >= end:
            break
        time.sleep(_SLICE_S)
    return False


def _checkpoint(connection: sqlite3.Connection, mode: str, end: float) -> bool:
    """Try until `end`, at least once. SQLite says that it is busy in a row, not in an error."""
    connection.execute("PRAGMA busy_timeout = 0").fetchall()
    try:
        while True:
            busy, _, _ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            if not busy or time.monotonic() >= end:
                return not busy
            time.sleep(_SLICE_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}").fetchall()


def _size(path: str) -> int:
    """Bytes of the log's file."""
    try:
        return os.stat(path + "-wal").st_size
    except FileNotFoundError:
        return 0


def _path(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()
    return str(row[0])


def _overwrite(connection: sqlite3.Connection, size: int) -> None:
    """Commit `size` bytes of zeros in one transaction: the log begins anew, so they lie where it lay.

    In one, because between two of them another connection could begin the log once more.
    """
    connection.execute("PRAGMA secure_delete = FAST").fetchall()  # to write zeros over zeros would double it
    try:
        with immediate(connection):
            connection.execute("DELETE FROM filler")
            for piece in range(0, size, _PIECE_BYTES):
                connection.execute("INSERT INTO filler(zeros) VALUES(zeroblob(?))", (min(_PIECE_BYTES, size - piece),))
        with immediate(connection):
            connection.execute("DELETE FROM filler")
    finally:
        connection.execute("PRAGMA secure_delete = ON").fetchall()
