"""Guests' stays: who is here, what is kept of them, and what a private stay is sealed to. One stay at a time."""

import sqlite3
from typing import NamedTuple


class Guest(NamedTuple):
    """A stay. Times are Unix ms; the name is empty once it is over."""

    id: int
    name: str
    room: str
    started_ms: int
    until_ms: int | None
    ended_ms: int | None
    stored: int
    muted: int
    public: bytes | None


_COLUMNS = ", ".join(Guest._fields)


def current(connection: sqlite3.Connection) -> Guest | None:
    """The stay that is under way; None when there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM guest WHERE ended_ms IS NULL ORDER BY id DESC").fetchone()
    return Guest(*row) if row else None


def stays(connection: sqlite3.Connection) -> list[Guest]:
    """All stays, newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM guest ORDER BY id DESC")
    return [Guest(*row) for row in rows.fetchall()]


def insert(connection: sqlite3.Connection, guest: Guest) -> int:
    """Store a stay (its id is ignored); returns its number."""
    marks = ", ".join("?" * (len(guest) - 1))
    cursor = connection.execute(f"INSERT INTO guest({', '.join(Guest._fields[1:])}) VALUES({marks})", tuple(guest)[1:])
    return int(cursor.lastrowid or 0)


def end(connection: sqlite3.Connection, number: int, now_ms: int) -> None:
    """Note that a stay is over, and forget the name and the key that it was sealed to."""
    connection.execute("UPDATE guest SET name = '', public = NULL, ended_ms = ? WHERE id = ?", (now_ms, number))


def sealed_to(connection: sqlite3.Connection, public: bytes) -> int | None:
    """The private stay that is sealed to this public key."""
    row = connection.execute("SELECT id FROM guest WHERE public = ?", (public,)).fetchone()
    return int(row[0]) if row else None


def private_epoch(connection: sqlite3.Connection, epoch: int) -> int | None:
    """The private stay to whose key an epoch is sealed; None: it is sealed to the vault's own."""
    row = connection.execute(
        "SELECT g.id FROM epoch e JOIN guest g ON g.id = e.guest WHERE e.id = ? AND g.public IS NOT NULL", (epoch,)
    ).fetchone()
    return int(row[0]) if row else None
