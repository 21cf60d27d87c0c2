"""The schema, as numbered steps. Each runs once, together with its record, inside one immediate transaction.

Never change a step that has been released: add the next one, and raise db.SCHEMA_VERSION.
"""

import contextlib
import sqlite3

import sqlite_utils

from echoctl.errors import StoreError
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
    for statement in _FIRST:
        database.conn.execute(statement)


@steps()
def m002_traffic(database: sqlite_utils.Database) -> None:
    """Devices, endpoints, seconds of bytes, bursts, captures and verdicts."""
    for statement in _TRAFFIC:
        database.conn.execute(statement)


@steps()
def m003_seal(database: sqlite_utils.Database) -> None:
    """What the listener's sandbox holds, and the process that is in it."""
    database.conn.execute("ALTER TABLE state ADD COLUMN ear_pid INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("ALTER TABLE state ADD COLUMN seal TEXT NOT NULL DEFAULT ''")


_FIRST = (
    # uid: 16 random bytes. public: what the writer seals epochs to. device: tells a wrong device key from a wrong
    # passphrase (vault.keys.device_check). gen: counts changes of the vault's seed.
    """
    CREATE TABLE vault(
        id INTEGER PRIMARY KEY CHECK(id = 1),
        uid BLOB NOT NULL,
        format INTEGER NOT NULL,
        gen INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        public BLOB NOT NULL,
        device BLOB NOT NULL
    ) STRICT
    """,
    # One blob of fixed-size slots that is written and zeroed in place: rows would leave copies behind.
    "CREATE TABLE keyslots(id INTEGER PRIMARY KEY CHECK(id = 1), slots BLOB NOT NULL) STRICT",
    """
    CREATE TABLE epoch(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid BLOB NOT NULL UNIQUE,
        gen INTEGER NOT NULL,
        guest INTEGER,
        created_ms INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT
    """,
    # The wrapped record keys of one epoch, in place like the key slots: store/slabs.py.
    "CREATE TABLE keyslab(epoch INTEGER PRIMARY KEY REFERENCES epoch(id), wraps BLOB NOT NULL) STRICT",
    # uid: a ULID of at_ms, so its index serves order, paging, ranges of time and prefixes of ids at once.
    # epoch, seq: where its key is; NULL where nothing but the time is kept. state: 1 = whole.
    """
    CREATE TABLE recording(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        epoch INTEGER REFERENCES epoch(id),
        seq INTEGER,
        at_ms INTEGER NOT NULL,
        duration_ms INTEGER NOT NULL,
        wake_word TEXT NOT NULL,
        room TEXT NOT NULL,
        mode TEXT NOT NULL,
        scores TEXT NOT NULL,
        size INTEGER NOT NULL,
        state INTEGER NOT NULL DEFAULT 1,
        feedback TEXT,
        text BLOB,
        correction BLOB,
        UNIQUE(epoch, seq)
    ) STRICT
    """,
    """
    CREATE TABLE chunk(
        recording INTEGER NOT NULL REFERENCES recording(id),
        n INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY(recording, n)
    ) STRICT
    """,
    """
    CREATE TABLE detection(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        word TEXT NOT NULL,
        scores TEXT NOT NULL,
        room TEXT NOT NULL,
        recording INTEGER REFERENCES recording(id)
    ) STRICT
    """,
    "CREATE INDEX detection_recording ON detection(recording)",
    "CREATE INDEX detection_at ON detection(at_ms)",
    """
    CREATE TABLE event(
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE state(
        id INTEGER PRIMARY KEY CHECK(id = 1),
        muted INTEGER NOT NULL DEFAULT 0,
        muted_by TEXT NOT NULL DEFAULT '',
        muted_ms INTEGER NOT NULL DEFAULT 0,
        led TEXT NOT NULL DEFAULT 'off',
        led_ms INTEGER NOT NULL DEFAULT 0,
        mic TEXT NOT NULL DEFAULT 'closed',
        device TEXT NOT NULL DEFAULT '',
        pid INTEGER NOT NULL DEFAULT 0,
        started_ms INTEGER NOT NULL DEFAULT 0,
        counters TEXT NOT NULL DEFAULT '{}'
    ) STRICT
    """,
    "INSERT INTO state(id) VALUES(1)",
)

_TRAFFIC = (
    # thresholds: what an experiment found for this device, JSON.
    """
    CREATE TABLE device(
        mac TEXT PRIMARY KEY,
        name TEXT NOT NULL DEFAULT '',
        vendor TEXT NOT NULL DEFAULT '',
        speaker INTEGER NOT NULL DEFAULT 0,
        model TEXT NOT NULL DEFAULT '',
        thresholds TEXT NOT NULL DEFAULT '{}',
        first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE endpoint(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES device(mac),
        address TEXT NOT NULL,
        name TEXT NOT NULL,
        how TEXT NOT NULL,
        older INTEGER NOT NULL DEFAULT 0,
        first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        UNIQUE(device, address)
    ) STRICT
    """,
    # Only seconds in which bytes moved. Time leads the key: they are read and forgotten by ranges of time.
    """
    CREATE TABLE second(
        at_s INTEGER NOT NULL,
        endpoint INTEGER NOT NULL REFERENCES endpoint(id),
        up INTEGER NOT NULL,
        down INTEGER NOT NULL,
        packets INTEGER NOT NULL,
        PRIMARY KEY(at_s, endpoint)
    ) STRICT, WITHOUT ROWID
    """,
    # gaps: JSON list of [from_ms, to_ms] in which nothing was seen. clock_offset_ms: theirs less ours, if asked.
    # stored_ms: when it came here, which for a file may be years after it was made.
    """
    CREATE TABLE capture(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        start_ms INTEGER NOT NULL,
        end_ms INTEGER NOT NULL,
        packets INTEGER NOT NULL DEFAULT 0,
        gaps TEXT NOT NULL DEFAULT '[]',
        clock_offset_ms INTEGER,
        truncated INTEGER NOT NULL DEFAULT 0,
        stored_ms INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    CREATE TABLE burst(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        endpoint INTEGER NOT NULL REFERENCES endpoint(id),
        start_ms INTEGER NOT NULL,
        end_ms INTEGER NOT NULL,
        bytes_up INTEGER NOT NULL,
        windows INTEGER NOT NULL,
        span_ms INTEGER NOT NULL,
        grade TEXT NOT NULL,
        capture INTEGER NOT NULL REFERENCES capture(id),
        UNIQUE(endpoint, start_ms)
    ) STRICT
    """,
    "CREATE INDEX burst_start ON burst(start_ms)",
    """
    CREATE TABLE verdict(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES device(mac),
        at_ms INTEGER NOT NULL,
        since_ms INTEGER NOT NULL,
        json TEXT NOT NULL
    ) STRICT
    """,
)


@steps()
def m004_erasing(database: sqlite_utils.Database) -> None:
    """Purges that survive their process, what is kept how long, and guests."""
    for statement in _ERASING:
        database.conn.execute(statement)


_ERASING = (
    # A purge, from its point of no return on: also its receipt, so it holds counts and never content. what: the kinds
    # of conditions, as JSON. detections, events: with everything that was heard go those up to here. log_ms, rows_ms,
    # done_ms: when the log was overwritten, when the rows were gone, when the log was overwritten again.
    """
    CREATE TABLE purge_job(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        started_ms INTEGER NOT NULL,
        why TEXT NOT NULL,
        what TEXT NOT NULL,
        number INTEGER NOT NULL,
        size INTEGER NOT NULL,
        detections INTEGER,
        events INTEGER,
        log_ms INTEGER,
        rows_ms INTEGER,
        done_ms INTEGER
    ) STRICT
    """,
    "CREATE INDEX purge_job_pending ON purge_job(id) WHERE done_ms IS NULL",
    # What overwrites the write-ahead log: store/database/wal.py. Empty but for a moment.
    "CREATE TABLE filler(id INTEGER PRIMARY KEY, zeros BLOB NOT NULL) STRICT",
    # state 9: purged, its key is gone and the row is about to go. dead: the same for a whole epoch.
    "CREATE INDEX recording_doomed ON recording(id) WHERE state = 9",
    "ALTER TABLE epoch ADD COLUMN dead INTEGER NOT NULL DEFAULT 0",
    # room: '*' for the whole store. Without a limit: NULL.
    """
    CREATE TABLE retention(
        room TEXT PRIMARY KEY,
        max_age_ms INTEGER,
        max_count INTEGER,
        max_bytes INTEGER
    ) STRICT
    """,
    # A stay. public: what a private stay is sealed to. The name goes when the guest does.
    """
    CREATE TABLE guest(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        room TEXT NOT NULL,
        started_ms INTEGER NOT NULL,
        until_ms INTEGER,
        ended_ms INTEGER,
        stored INTEGER NOT NULL,
        muted INTEGER NOT NULL,
        public BLOB
    ) STRICT
    """,
    "ALTER TABLE recording ADD COLUMN guest INTEGER REFERENCES guest(id)",
    "ALTER TABLE detection ADD COLUMN guest INTEGER REFERENCES guest(id)",
    "CREATE INDEX recording_guest ON recording(guest) WHERE guest IS NOT NULL",
    "CREATE INDEX detection_guest ON detection(guest) WHERE guest IS NOT NULL",
)


@steps()
def m005_microphone(database: sqlite_utils.Database) -> None:
    """The process that holds the microphone, and what its sandbox holds."""
    database.conn.execute("ALTER TABLE state ADD COLUMN mic_pid INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("ALTER TABLE state ADD COLUMN mic_sandbox TEXT NOT NULL DEFAULT ''")
