"""Key slabs: the wrapped record keys of an epoch, in one preallocated blob, written and zeroed in place.

Rows are no place for a key. A B-tree moves rows about, and what it leaves in the gaps of live pages is zeroed
neither by `secure_delete` nor by a checkpoint (docs/decisions/0003). A blob written through SQLite's incremental
I/O stays where it is, with one exception: its first bytes are kept in the row itself, and that moves like any other.
They are at most a page, so the first page of a slab holds no key.
"""

import sqlite3

from echoctl.store.db import PAGE_SIZE

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


def drop(connection: sqlite3.Connection, epoch: int) -> None:
    """Zero a whole slab and the epoch's sealed root, then remove both."""
    with connection.blobopen("keyslab", "wraps", epoch) as blob:
        blob.write(bytes(len(blob)))
    connection.execute("UPDATE epoch SET sealed = zeroblob(length(sealed)) WHERE id = ?", (epoch,))
    connection.execute("DELETE FROM keyslab WHERE epoch = ?", (epoch,))
    connection.execute("DELETE FROM epoch WHERE id = ?", (epoch,))


def _offset(seq: int) -> int:
    return UNUSED_BYTES + seq * SLOT_BYTES
