"""The vault's own rows: what is known without a key, and the blob of key slots, which changes only in place."""

import sqlite3
from typing import NamedTuple

from echoctl.store import slabs


class VaultRow(NamedTuple):
    """The vault as stored; vault.keys says what the fields mean."""

    uid: bytes
    format: int
    gen: int
    created_ms: int
    public: bytes
    device: bytes


def read(connection: sqlite3.Connection) -> VaultRow | None:
    """The vault, or None before there is one."""
    row = connection.execute("SELECT uid, format, gen, created_ms, public, device FROM vault").fetchone()
    return VaultRow(*row) if row else None


def insert(connection: sqlite3.Connection, row: VaultRow, slots: bytes) -> None:
    """Store a new vault and the blob of its slots, inside a transaction."""
    connection.execute(
        "INSERT INTO vault(id, uid, format, gen, created_ms, public, device) VALUES(1, ?, ?, ?, ?, ?, ?)", row
    )
    connection.execute("INSERT INTO keyslots(id, slots) VALUES(1, zeroblob(?))", (len(slots),))
    write_slot(connection, 0, slots)


def set_device(connection: sqlite3.Connection, check: bytes) -> None:
    """Note which device secret belongs to the vault from now on."""
    connection.execute("UPDATE vault SET device = ?", (check,))


def rotate(connection: sqlite3.Connection, row: VaultRow) -> None:
    """Store what a rotation changes of the vault."""
    connection.execute("UPDATE vault SET gen = ?, public = ?, device = ?", (row.gen, row.public, row.device))


class EpochRow(NamedTuple):
    """An epoch to be sealed anew, with the slots of the recordings in it."""

    id: int
    uid: bytes
    sealed: bytes
    slab: bytes
    items: tuple[tuple[int, str, int], ...]
    """(slot, id, time) of each."""


def epoch_ids(connection: sqlite3.Connection) -> list[int]:
    """The epochs that are sealed to the vault's own key."""
    rows = connection.execute(
        "SELECT e.id FROM epoch e LEFT JOIN guest g ON g.id = e.guest"
        " WHERE NOT e.dead AND g.public IS NULL ORDER BY e.id"
    )
    return [number for (number,) in rows.fetchall()]


def epoch(connection: sqlite3.Connection, number: int) -> EpochRow | None:
    """One such epoch; None when a purge has just taken it."""
    row = connection.execute("SELECT id, uid, sealed FROM epoch WHERE id = ? AND NOT dead", (number,)).fetchone()
    if not row:
        return None
    items = connection.execute("SELECT seq, uid, at_ms FROM recording WHERE epoch = ? AND state = 1", (number,))
    return EpochRow(row[0], row[1], row[2], slabs.read(connection, number), tuple(items.fetchall()))


def reseal_epoch(connection: sqlite3.Connection, number: int, gen: int, sealed: bytes, slab: bytes) -> None:
    """Overwrite an epoch's root and slots, where they are."""
    connection.execute("UPDATE epoch SET gen = ?, sealed = ? WHERE id = ?", (gen, sealed, number))
    slabs.replace(connection, number, slab)


def read_slots(connection: sqlite3.Connection) -> bytes:
    """The blob of all key slots; empty before there is a vault."""
    row = connection.execute("SELECT slots FROM keyslots").fetchone()
    return bytes(row[0]) if row else b""


def write_slot(connection: sqlite3.Connection, offset: int, raw: bytes) -> None:
    """Overwrite part of the blob where it is; nothing of what was there stays in the database."""
    with connection.blobopen("keyslots", "slots", 1) as blob:
        blob.seek(offset)
        blob.write(raw)
