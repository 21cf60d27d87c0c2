"""The statements of the steps in migrations.py that have many. Never change one that has been released."""

FIRST = (
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

TRAFFIC = (
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

ERASING = (
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

_WAS_STATE = (
    "led", "led_ms", "device", "pid", "started_ms", "ear_pid", "seal", "mic_pid", "mic_sandbox", "counters", "mic",
)  # fmt: skip
"""Columns of the time when there was one listener; the last of them had not been written for long."""

LISTENERS = (
    # name: what it listens to, and the name of its lock file (store/database/listener_locks.py).
    """
    CREATE TABLE listener(
        name TEXT PRIMARY KEY,
        room TEXT NOT NULL DEFAULT '',
        led TEXT NOT NULL DEFAULT 'off',
        led_ms INTEGER NOT NULL DEFAULT 0,
        device TEXT NOT NULL DEFAULT '',
        pid INTEGER NOT NULL DEFAULT 0,
        started_ms INTEGER NOT NULL DEFAULT 0,
        ear_pid INTEGER NOT NULL DEFAULT 0,
        ear_sandbox TEXT NOT NULL DEFAULT '',
        mic_pid INTEGER NOT NULL DEFAULT 0,
        mic_sandbox TEXT NOT NULL DEFAULT '',
        counters TEXT NOT NULL DEFAULT '{}'
    ) STRICT
    """,
    f"""
    INSERT INTO listener(
        name, led, led_ms, device, pid, started_ms, ear_pid, ear_sandbox, mic_pid, mic_sandbox, counters
    )
    SELECT 'listener', {", ".join(_WAS_STATE[:-1])} FROM state
    """,
    *(f"ALTER TABLE state DROP COLUMN {column}" for column in _WAS_STATE),
)
