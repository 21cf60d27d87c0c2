"""Looking for damage in the database file itself; no key is needed and nothing is changed."""

import sqlite3

from echoctl.store import slabs
from echoctl.store.database import db, migrations

_LIMIT = 20
"""Problems listed at most."""


def problems(connection: sqlite3.Connection) -> list[str]:
    """What is wrong, one line each: SQLite's own check, then what must hold between our tables."""
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_LIMIT})") if row[0] != "ok"]
    if found:
        return found
    if db.version(connection) == db.SCHEMA_VERSION and (found := migrations.strange(connection)):
        return found  # an older one, in a backup, is brought up to date when it is used
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_LIMIT):
        found.append(f"{table} {row} belongs to a row of {parent} that is not there")
    length = slabs.UNUSED_BYTES + slabs.SLOTS * slabs.SLOT_BYTES
    for (epoch,) in connection.execute("SELECT epoch FROM keyslab WHERE length(wraps) <> ?", (length,)):
        found.append(f"the key slab of epoch {epoch} has the wrong length")
    found += [f"recording {uid} has no key" for uid in _keyless(connection)]
    return found[:_LIMIT]


def _keyless(connection: sqlite3.Connection) -> list[str]:
    """Recordings whose key slot is gone or all zeros."""
    slot = f"substr(wraps, {slabs.UNUSED_BYTES + 1} + seq * {slabs.SLOT_BYTES}, {slabs.SLOT_BYTES})"
    rows = connection.execute(
        "SELECT uid FROM recording LEFT JOIN keyslab USING (epoch) WHERE state = 1 AND epoch IS NOT NULL"
        f" AND ifnull({slot}, x'') IN (x'', zeroblob({slabs.SLOT_BYTES})) LIMIT {_LIMIT}"
    )
    return [uid for (uid,) in rows.fetchall()]
