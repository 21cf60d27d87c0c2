"""The one row that says whether microphones are muted, by whom and since when. On the fast path: sqlite3 only."""

import sqlite3

from echoctl.store.database import db


def read(connection: sqlite3.Connection) -> tuple[bool, str, int]:
    """Whether it is muted, who changed that last, and when (Unix ms)."""
    muted, by, at_ms = connection.execute("SELECT muted, muted_by, muted_ms FROM state WHERE id = 1").fetchone()
    return bool(muted), by, at_ms


def set_muted(connection: sqlite3.Connection, muted: bool, by: str, at_ms: int) -> bool:
    """Mute or unmute, and log who did; returns False when it was so already (nothing is written then)."""
    with db.immediate(connection):
        was = connection.execute("SELECT muted FROM state WHERE id = 1").fetchone()[0]
        if bool(was) == muted:
            return False
        connection.execute(
            "UPDATE state SET muted = ?, muted_by = ?, muted_ms = ? WHERE id = 1", (int(muted), by, at_ms)
        )
        connection.execute(
            "INSERT INTO event (at_ms, kind, data) VALUES (?, 'mute', json_object('muted', json(?), 'by', ?))",
            (at_ms, "true" if muted else "false", by),
        )
    return True
