"""The schema, as numbered steps. Each runs once, together with its record, inside one immediate transaction.

Never change a step that has been released: add the next one, and raise db.SCHEMA_VERSION.
"""

import contextlib
import sqlite3

import sqlite_utils

from echoctl.errors import StoreError
from echoctl.store.database import schema
from echoctl.store.database.transactions import immediate

STRICT_SINCE = (3, 37, 0)
"""The first SQLite with STRICT tables."""

steps = sqlite_utils.Migrations("echoctl")


def apply(conn: sqlite3.Connection, *, application_id: int, version: int) -> None:
    """Run the steps that are missing, and write into the file that it is echoctl's and how many steps it has seen.

    Raises StoreError when SQLite is too old, or as `immediate` does.
    """
    if sqlite3.sqlite_version_info < STRICT_SINCE:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old", "echoctl needs 3.37: use a newer Python")
    with immediate(conn):
        # Inside the transaction sqlite-utils falls back to savepoints. Somebody may have migrated while we waited
        # for the lock: the steps' own record knows.
        steps.apply(sqlite_utils.Database(conn))
        conn.execute(f"PRAGMA application_id = {application_id}")
        conn.execute(f"PRAGMA user_version = {version}")


def strange(conn: sqlite3.Connection) -> list[str]:
    """How the tables of a current database differ from what these steps make: only damage can do that."""
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        steps.apply(sqlite_utils.Database(model))
        wanted, there = _tables(model), _tables(conn)
    return [f"the table {name} is not as it was made" for name in wanted if there.get(name) != wanted[name]]


def _tables(conn: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """The name, type, NOT NULL and place in the primary key of each column."""
    tables = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'")
    columns = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid'
    return {table: conn.execute(columns, (table,)).fetchall() for (table,) in tables.fetchall()}


@steps()
def m001_first(database: sqlite_utils.Database) -> None:
    """Vault, recordings, detections, events and the listener's state."""
    for statement in schema.FIRST:
        database.conn.execute(statement)


@steps()
def m002_traffic(database: sqlite_utils.Database) -> None:
    """Devices, endpoints, seconds of bytes, bursts, captures and verdicts."""
    for statement in schema.TRAFFIC:
        database.conn.execute(statement)


@steps()
def m003_seal(database: sqlite_utils.Database) -> None:
    """What the listener's sandbox holds, and the process that is in it."""
    database.conn.execute("ALTER TABLE state ADD COLUMN ear_pid INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("ALTER TABLE state ADD COLUMN seal TEXT NOT NULL DEFAULT ''")


@steps()
def m004_erasing(database: sqlite_utils.Database) -> None:
    """Purges that survive their process, what is kept how long, and guests."""
    for statement in schema.ERASING:
        database.conn.execute(statement)


@steps()
def m005_microphone(database: sqlite_utils.Database) -> None:
    """The process that holds the microphone, and what its sandbox holds."""
    database.conn.execute("ALTER TABLE state ADD COLUMN mic_pid INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("ALTER TABLE state ADD COLUMN mic_sandbox TEXT NOT NULL DEFAULT ''")


@steps()
def m006_listeners(database: sqlite_utils.Database) -> None:
    """A row for each listener; the state that remains is whether it is muted."""
    for statement in schema.LISTENERS:
        database.conn.execute(statement)
