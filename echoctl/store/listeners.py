"""What each listener does right now: a row each, by its name, which outlives it.

On the fast path: sqlite3 only. Counters are JSON in the row; SQLite itself takes them apart, so that `status` need
not import json.
"""

import sqlite3

from echoctl.store.database import db

COLUMNS = (
    "room", "led", "led_ms", "device", "pid", "started_ms", "ear_pid", "ear_sandbox", "mic_pid", "mic_sandbox",
)  # fmt: skip

Row = dict[str, int | str]


def read(connection: sqlite3.Connection) -> dict[str, tuple[Row, dict[str, int]]]:
    """Name -> the row and its counters, of each listener that there ever was: the one that began last comes last."""
    rows = connection.execute(f"SELECT name, {', '.join(COLUMNS)} FROM listener ORDER BY started_ms, name").fetchall()
    found = {name: (dict(zip(COLUMNS, row, strict=True)), dict[str, int]()) for name, *row in rows}
    for name, key, value in connection.execute("SELECT name, key, value FROM listener, json_each(listener.counters)"):
        if name in found:  # another one may have begun in between
            found[name][1][key] = value
    return found


def begin(connection: sqlite3.Connection, name: str, values: Row) -> None:
    """A listener has begun: what an earlier one of its name left is gone."""
    columns = ", ".join(values)
    with db.immediate(connection):
        connection.execute(
            f"INSERT OR REPLACE INTO listener (name, {columns}) VALUES (?{', ?' * len(values)})",
            (name, *values.values()),
        )


def update(connection: sqlite3.Connection, name: str, changes: Row) -> None:
    """Set the named columns in one transaction."""
    columns = ", ".join(f"{column} = ?" for column in changes)
    with db.immediate(connection):
        connection.execute(f"UPDATE listener SET {columns} WHERE name = ?", (*changes.values(), name))
