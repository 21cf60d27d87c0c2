"""Taking recordings out of the store, keys first. Needs no key; everything here runs inside one transaction.

What is to go is noted in a temporary table (in memory: `temp_store`), so that a hundred thousand ids cost no more
SQL than one.
"""

import json
import sqlite3
import time
from itertools import groupby

from echoctl.store import db, slabs

_EVENT_KINDS = "('wake', 'recording', 'near_miss')"


def doom(connection: sqlite3.Connection, ids: tuple[str, ...] | None) -> tuple[int, int]:
    """Note which recordings go: those ids, or all of them; returns how many there are, and their bytes."""
    connection.execute("DROP TABLE IF EXISTS temp.doomed")
    connection.execute("CREATE TEMP TABLE doomed(id INTEGER PRIMARY KEY, uid TEXT, epoch INTEGER, seq INTEGER)")
    where = "" if ids is None else "WHERE uid IN (SELECT value FROM json_each(?))"
    values = () if ids is None else (json.dumps(ids),)
    size = connection.execute(f"SELECT coalesce(sum(size), 0) FROM recording {where}", values).fetchone()[0]
    cursor = connection.execute(f"INSERT INTO doomed SELECT id, uid, epoch, seq FROM recording {where}", values)
    return cursor.rowcount, int(size)


def kill_keys(connection: sqlite3.Connection) -> None:
    """Zero the key slots of what is doomed, where they are. An epoch that loses its last recording goes whole."""
    emptied = connection.execute(
        "SELECT DISTINCT epoch FROM doomed WHERE epoch IS NOT NULL EXCEPT"
        " SELECT epoch FROM recording WHERE epoch IS NOT NULL AND id NOT IN (SELECT id FROM doomed)"
    ).fetchall()
    whole = {epoch for (epoch,) in emptied}
    slots = connection.execute("SELECT epoch, seq FROM doomed WHERE epoch IS NOT NULL ORDER BY epoch, seq").fetchall()
    for epoch, group in groupby(slots, key=lambda slot: int(slot[0])):
        if epoch not in whole:
            slabs.zero(connection, epoch, [seq for _, seq in group])
    # Letting go of the slot lets an emptied epoch go before its recordings do.
    connection.execute(
        "UPDATE recording SET text = NULL, correction = NULL, epoch = NULL, seq = NULL"
        " WHERE id IN (SELECT id FROM doomed)"
    )
    for epoch in whole:
        slabs.drop(connection, epoch)


def remove_rows(connection: sqlite3.Connection) -> None:
    """Remove what is doomed, the detections that began it and the events about it."""
    connection.execute(
        "DELETE FROM event WHERE kind = 'recording' AND json_extract(data, '$.id') IN (SELECT uid FROM doomed)"
    )
    connection.execute(
        "DELETE FROM event WHERE kind = 'wake' AND json_extract(data, '$.detection') IN"
        " (SELECT id FROM detection WHERE recording IN (SELECT id FROM doomed))"
    )
    connection.execute("DELETE FROM detection WHERE recording IN (SELECT id FROM doomed)")
    connection.execute("DELETE FROM chunk WHERE recording IN (SELECT id FROM doomed)")
    connection.execute("DELETE FROM recording WHERE id IN (SELECT id FROM doomed)")
    connection.execute("DROP TABLE doomed")


def remove_traces(connection: sqlite3.Connection) -> None:
    """Remove all detections, and all events about anything heard: when everything goes."""
    connection.execute("DELETE FROM detection")
    connection.execute(f"DELETE FROM event WHERE kind IN {_EVENT_KINDS}")


def empty_log(connection: sqlite3.Connection) -> bool:
    """Merge the write-ahead log into the database and truncate it; waits for readers and writers up to BUSY_SECONDS.

    Returns False when a reader kept that from happening: SQLite says so in a row, not in an error.
    """
    end = time.monotonic() + db.BUSY_SECONDS
    while True:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        # While another connection checkpoints SQLite says busy at once, without waiting: sqlite3_wal_checkpoint_v2.
        if not busy or time.monotonic() >= end:
            return not busy
        time.sleep(0.01)
