"""The vault's own rows: what is known without a key, and the blob of key slots, which changes only in place."""

import sqlite3
from typing import NamedTuple


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


def read_slots(connection: sqlite3.Connection) -> bytes:
    """The blob of all key slots; empty before there is a vault."""
    row = connection.execute("SELECT slots FROM keyslots").fetchone()
    return bytes(row[0]) if row else b""


def write_slot(connection: sqlite3.Connection, offset: int, raw: bytes) -> None:
    """Overwrite part of the blob where it is; nothing of what was there stays in the database."""
    with connection.blobopen("keyslots", "slots", 1) as blob:
        blob.seek(offset)
        blob.write(raw)
