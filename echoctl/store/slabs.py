"""Key slabs: the wrapped record keys of an epoch, in one preallocated blob, written and zeroed in place.

Rows are no place for a key. A B-tree moves rows about, and what it leaves in the gaps of live pages is zeroed
neither by `secure_delete` nor by a checkpoint (docs/decisions/0006). A blob written through SQLite's incremental
I/O stays where it is, with one exception: its first bytes are kept in the row itself, and that moves like any other.
They are at most a page, so the first page of a slab holds no key.
"""

import sqlite3

from echoctl.store.database.db import PAGE_SIZE

SLOTS = 256
"""Recordings per epoch: vault.format.EPOCH_RECORDS."""

SLOT_BYTES = 48
"""vault.format.WRAP_BYTES."""

UNUSED_BYTES = PAGE_SIZE
"""What may lie in the row and therefore holds no key."""


def create(connection: sqlite3.Connection, epoch: int) -> None:
    """Make the empty slab of an epoch."""
    connection.execute("INSERT INTO keyslab(epoch, wraps) VALUES(?, zeroblob(?))", (epoch, _offset(SLOTS)))


def write(connection: sqlite3.Connection, epoch: int, seq: int, wrapped: bytes) -> None:
    """Put a wrapped key (48 bytes) into its slot."""
    with connection.blobopen("keyslab", "wraps", epoch) as blob:
        blob.seek(_offset(seq))
        blob.write(wrapped)


def read(connection: sqlite3.Connection, epoch: int) -> bytes:
    """All slots of an epoch, one after the other; empty when there is no such slab."""
    row = connection.execute(
        "SELECT ifnull(substr(wraps, ?), x'') FROM keyslab WHERE epoch = ?", (UNUSED_BYTES + 1, epoch)
    ).fetchone()
    return bytes(row[0]) if row else b""


def zero(connection: sqlite3.Connection, epoch: int, seqs: list[int]) -> None:
    """Overwrite slots with zeros, where they are."""
    with connection.blobopen("keyslab", "wraps", epoch) as blob:
        for seq in seqs:
            blob.seek(_offset(seq))
            blob.write(bytes(SLOT_BYTES))


def kill(connection: sqlite3.Connection, epoch: int) -> None:
    """Zero a whole slab and the epoch's sealed root. Nothing is written to the epoch again; `sweep` removes it."""
    with connection.blobopen("keyslab", "wraps", epoch) as blob:
        blob.write(bytes(len(blob)))
    connection.execute("UPDATE epoch SET sealed = zeroblob(length(sealed)), dead = 1 WHERE id = ?", (epoch,))


def replace(connection: sqlite3.Connection, epoch: int, wraps: bytes) -> None:
    """Overwrite all slots of an epoch, where they are."""
    with connection.blobopen("keyslab", "wraps", epoch) as blob:
        blob.seek(_offset(0))
        blob.write(wraps)


def sweep(connection: sqlite3.Connection) -> None:
    """Remove dead epochs that no recording belongs to any more."""
    gone = "SELECT e.id FROM epoch e WHERE e.dead AND NOT EXISTS(SELECT 1 FROM recording r WHERE r.epoch = e.id)"
    connection.execute(f"DELETE FROM keyslab WHERE epoch IN ({gone})")
    connection.execute(f"DELETE FROM epoch WHERE id IN ({gone})")


def _offset(seq: int) -> int:
    return UNUSED_BYTES + seq * SLOT_BYTES
