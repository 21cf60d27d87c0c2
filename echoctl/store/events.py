"""The durable log: what happened and when; never text, level or score."""

import json
import sqlite3
from collections.abc import Mapping

from echoctl.model.speech import Event
from echoctl.store.database import db


def append(connection: sqlite3.Connection, at_ms: int, kind: str, data: Mapping[str, object]) -> None:
    """Add one event in a transaction of its own."""
    with db.immediate(connection):
        insert(connection, at_ms, kind, data)


def insert(connection: sqlite3.Connection, at_ms: int, kind: str, data: Mapping[str, object]) -> None:
    """Add one event to the transaction that is open, so that it tells of nothing that was not committed."""
    connection.execute(
        "INSERT INTO event (at_ms, kind, data) VALUES (?, ?, ?)", (at_ms, kind, json.dumps(data, sort_keys=True))
    )


def after(connection: sqlite3.Connection, seq: int, limit: int = 1000) -> list[Event]:
    """The events that follow `seq`, oldest first."""
    rows = connection.execute(
        "SELECT seq, at_ms, kind, data FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    ).fetchall()
    return [Event(seq, at_ms, kind, json.loads(data)) for seq, at_ms, kind, data in rows]


def last(connection: sqlite3.Connection) -> int:
    """The number of the newest event, 0 when there is none."""
    row = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    return int(row[0])


def forget(connection: sqlite3.Connection, before_ms: int) -> int:
    """Drop what happened before `before_ms`; returns how many went. Writes nothing when there is nothing to drop."""
    stale = connection.execute("SELECT count(*) FROM event WHERE at_ms < ?", (before_ms,)).fetchone()[0]
    if stale:
        with db.immediate(connection):
            connection.execute("DELETE FROM event WHERE at_ms < ?", (before_ms,))
    return int(stale)
