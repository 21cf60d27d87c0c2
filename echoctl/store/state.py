"""The one row that says what the listener does right now.

On the fast path: sqlite3 only. Counters are JSON in the row; SQLite itself takes them apart, so that `status` need
not import json.
"""

import sqlite3

from echoctl.store.database import db

COLUMNS = (
    "muted", "muted_by", "muted_ms", "led", "led_ms", "device", "pid", "started_ms", "ear_pid", "seal",
    "mic_pid", "mic_sandbox",
)  # fmt: skip
"""`seal` is what the ear's sandbox holds: it is called as it was when the schema was released."""


def read(connection: sqlite3.Connection) -> tuple[dict[str, int | str], dict[str, int]]:
    """The row, and its counters."""
    row = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM state WHERE id = 1").fetchone()
    counters = connection.execute("SELECT key, value FROM state, json_each(state.counters) WHERE state.id = 1")
    return dict(zip(COLUMNS, row, strict=True)), dict(counters.fetchall())


def update(connection: sqlite3.Connection, changes: dict[str, int | str]) -> None:
    """Set the named columns in one transaction."""
    names = ", ".join(f"{name} = ?" for name in changes)
    with db.immediate(connection):
        connection.execute(f"UPDATE state SET {names} WHERE id = 1", tuple(changes.values()))


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
