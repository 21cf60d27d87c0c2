"""Taking recordings out of the store, keys first, in steps that survive the process. Needs no key.

    begin        inside one transaction: the job, the key slots zeroed, the texts cleared. Its commit is the point of
                 no return
    erase_log    the write-ahead log, which holds older copies of those pages, is merged and overwritten: keys dead
    remove_rows  rows and audio, in batches
    erase_log    the log once more, which held those rows: done

Each step may be done twice, and by any process: what is doomed says so in its row. What is to go is noted in a
temporary table (in memory: `temp_store`), so that a hundred thousand ids cost no more SQL than one.
"""

import json
import sqlite3
from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple

from echoctl.clock import new_id
from echoctl.store import slabs
from echoctl.store.database import db, wal

DOOMED = 9
"""recording.state of what is purged and not yet removed."""

BATCH = 200
"""Recordings removed per transaction, so that a listener never waits long."""

_HEARD = "('wake', 'recording', 'near_miss')"


class Job(NamedTuple):
    """A purge as stored: the receipt. Times are Unix ms, None while a step is not done."""

    id: int
    uid: str
    started_ms: int
    why: str
    what: str
    number: int
    size: int
    detections: int | None
    events: int | None
    log_ms: int | None
    rows_ms: int | None
    done_ms: int | None


def begin(
    connection: sqlite3.Connection, now_ms: int, why: str, what: Mapping[str, object], ids: tuple[str, ...] | None
) -> str:
    """Purge those ids, or with None everything and all traces, up to the point of no return: the caller's commit.

    Returns the receipt's id.
    """
    count, size = _doom(connection, ids)
    _kill_keys(connection)
    uid = new_id(now_ms)
    last = (None, None) if ids is not None else _last_traces(connection)
    connection.execute(
        "INSERT INTO purge_job(uid, started_ms, why, what, number, size, detections, events)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        (uid, now_ms, why, json.dumps(what, sort_keys=True), count, size, *last),
    )
    return uid


def forget_guest(connection: sqlite3.Connection, guest: int) -> None:
    """Remove the wakes of a stay that no recording followed, and kill the epochs that are only its own."""
    connection.execute(
        "DELETE FROM event WHERE kind = 'wake' AND json_extract(data, '$.detection') IN"
        " (SELECT id FROM detection WHERE guest = ? AND recording IS NULL)",
        (guest,),
    )
    connection.execute("DELETE FROM detection WHERE guest = ? AND recording IS NULL", (guest,))
    for (epoch,) in connection.execute("SELECT id FROM epoch WHERE guest = ? AND NOT dead", (guest,)).fetchall():
        slabs.kill(connection, epoch)


ROTATE = "vault rotate"
"""The `why` of a rotation, whose only row is the device key."""


def begin_rotation(connection: sqlite3.Connection, now_ms: int) -> str:
    """A job that has no recordings: the old device key is to be destroyed, and the log overwritten."""
    uid = new_id(now_ms)
    connection.execute(
        "INSERT INTO purge_job(uid, started_ms, why, what, number, size) VALUES(?, ?, ?, '{}', 0, 0)",
        (uid, now_ms, ROTATE),
    )
    return uid


def rotated(connection: sqlite3.Connection, now_ms: int) -> None:
    """Note that the old device key is destroyed."""
    connection.execute("UPDATE purge_job SET rows_ms = ? WHERE why = ? AND rows_ms IS NULL", (now_ms, ROTATE))


def since_rotation(connection: sqlite3.Connection) -> int:
    """Purges that older copies of the database do not know of: what makes a rotation worthwhile."""
    row = connection.execute(
        "SELECT count(*) FROM purge_job WHERE number AND id >"
        " (SELECT coalesce(max(id), 0) FROM purge_job WHERE why = ?)",
        (ROTATE,),
    ).fetchone()
    return int(row[0])


def pending(connection: sqlite3.Connection) -> list[Job]:
    """The jobs that are not done, oldest first."""
    return _jobs(connection, "WHERE done_ms IS NULL ORDER BY id")


def jobs(connection: sqlite3.Connection) -> list[Job]:
    """All jobs, newest first."""
    return _jobs(connection, "ORDER BY id DESC")


def erase_log(connection: sqlite3.Connection, now_ms: int, patience_s: float | None = None) -> bool:
    """Overwrite the log and note it in the jobs; done are those whose rows were gone. False: a reader is in the way."""
    before = pending(connection)
    if not wal.erase(connection, patience_s):
        return False
    with db.immediate(connection):
        for job in before:
            connection.execute(
                "UPDATE purge_job SET log_ms = coalesce(log_ms, ?1), done_ms = CASE WHEN ?2 THEN ?1 END WHERE id = ?3",
                (now_ms, job.rows_ms is not None, job.id),
            )
    return True


def remove_rows(connection: sqlite3.Connection, now_ms: int) -> None:
    """Remove the rows of all jobs, the detections that began them and the events about them.

    Payloads are sealed with keys that are dead, so their pages are let go of without being zeroed (FAST); what is
    removed from pages that stay is zeroed all the same.
    """
    connection.execute("PRAGMA secure_delete = FAST").fetchall()
    try:
        with db.immediate(connection):
            waiting = [job for job in pending(connection) if job.rows_ms is None and job.why != ROTATE]
            connection.execute("DROP TABLE IF EXISTS temp.going")
            connection.execute(f"CREATE TEMP TABLE going AS SELECT id FROM recording WHERE state = {DOOMED}")
            _remove_events(connection)
            for job in waiting:
                if job.events is not None:
                    _remove_traces(connection, job)
        while _remove_batch(connection):
            pass
        with db.immediate(connection):
            slabs.sweep(connection)
            connection.execute(
                "UPDATE purge_job SET rows_ms = ? WHERE rows_ms IS NULL AND id IN (SELECT value FROM json_each(?))",
                (now_ms, json.dumps([job.id for job in waiting])),
            )
    finally:
        connection.execute("PRAGMA secure_delete = ON").fetchall()


def _jobs(connection: sqlite3.Connection, rest: str) -> list[Job]:
    rows = connection.execute(f"SELECT {', '.join(Job._fields)} FROM purge_job {rest}")
    return [Job(*row) for row in rows.fetchall()]


def _doom(connection: sqlite3.Connection, ids: tuple[str, ...] | None) -> tuple[int, int]:
    """Note which recordings go: those ids, or all of them; returns how many there are, and their bytes."""
    connection.execute("DROP TABLE IF EXISTS temp.doomed")
    connection.execute("CREATE TEMP TABLE doomed(id INTEGER PRIMARY KEY, epoch INTEGER, seq INTEGER, size INTEGER)")
    where = "" if ids is None else "AND uid IN (SELECT value FROM json_each(?))"
    values = () if ids is None else (json.dumps(ids),)
    connection.execute(f"INSERT INTO doomed SELECT id, epoch, seq, size FROM recording WHERE state = 1 {where}", values)
    count, size = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM doomed").fetchone()
    return int(count), int(size)


def _kill_keys(connection: sqlite3.Connection) -> None:
    """Zero the key slots of what is doomed, where they are. An epoch that loses its last recording goes whole."""
    connection.execute(
        f"UPDATE recording SET state = {DOOMED}, text = NULL, correction = NULL WHERE id IN (SELECT id FROM doomed)"
    )
    slots = connection.execute("SELECT epoch, seq FROM doomed WHERE epoch IS NOT NULL ORDER BY epoch, seq").fetchall()
    for epoch, group in groupby(slots, key=lambda slot: int(slot[0])):
        left = connection.execute("SELECT 1 FROM recording WHERE epoch = ? AND state = 1 LIMIT 1", (epoch,)).fetchone()
        if left:
            slabs.zero(connection, epoch, [seq for _, seq in group])
        else:
            slabs.kill(connection, epoch)
    connection.execute("DROP TABLE doomed")


def _last_traces(connection: sqlite3.Connection) -> tuple[int, int]:
    row: tuple[int, int] = connection.execute(
        "SELECT (SELECT coalesce(max(id), 0) FROM detection), (SELECT coalesce(max(seq), 0) FROM event)"
    ).fetchone()
    return row


def _remove_events(connection: sqlite3.Connection) -> None:
    """Remove the events about what is going; one pass over the log of events."""
    going = "SELECT id FROM going"
    connection.execute(
        "DELETE FROM event WHERE kind = 'recording' AND json_extract(data, '$.id') IN"
        f" (SELECT uid FROM recording WHERE id IN ({going}))"
    )
    connection.execute(
        "DELETE FROM event WHERE kind = 'wake' AND json_extract(data, '$.detection') IN"
        f" (SELECT id FROM detection WHERE recording IN ({going}))"
    )


def _remove_traces(connection: sqlite3.Connection, job: Job) -> None:
    """Remove all detections and events about anything heard before the job: when everything goes."""
    connection.execute(f"DELETE FROM event WHERE seq <= ? AND kind IN {_HEARD}", (job.events,))
    without = "recording IS NULL OR recording IN (SELECT id FROM going)"
    connection.execute(f"DELETE FROM detection WHERE id <= ? AND ({without})", (job.detections,))


def _remove_batch(connection: sqlite3.Connection) -> int:
    """Remove some of what is going; returns how many."""
    found = connection.execute("SELECT rowid, id FROM going LIMIT ?", (BATCH,)).fetchall()
    ids = json.dumps([number for _, number in found])
    with db.immediate(connection):
        for table, column in (("detection", "recording"), ("chunk", "recording"), ("recording", "id")):
            connection.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", (ids,))
        connection.executemany("DELETE FROM going WHERE rowid = ?", ((row,) for row, _ in found))
    return len(found)
