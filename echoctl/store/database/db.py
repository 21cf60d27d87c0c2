"""Opening the database: rights, pragmas, identity; transactions.py is found through here too.

The fast path comes through here: besides errors this module imports what the interpreter has already loaded and
sqlite3. Everything that migrates lives in store.database.migrations, which is imported only when there is work for it.
"""

import fcntl
import os
import sqlite3
from stat import S_ISREG
from types import TracebackType

from echoctl import paths
from echoctl.errors import StoreError
from echoctl.store.database import key_marker, listener_locks
from echoctl.store.database.transactions import BUSY_SECONDS, damaged, explain
from echoctl.store.database.transactions import FAULTS as FAULTS
from echoctl.store.database.transactions import StoreFull as StoreFull
from echoctl.store.database.transactions import data_version as data_version
from echoctl.store.database.transactions import immediate as immediate

APPLICATION_ID = 0x65636863
"""`PRAGMA application_id` of our files: "echc"."""

SCHEMA_VERSION = 6
"""`PRAGMA user_version`: how many migrations a current database has seen."""

PAGE_SIZE = 4096
"""Bytes. Slabs rely on it: store/slabs.py."""

Connection = sqlite3.Connection
Error = sqlite3.Error
"""SQLite's errors, for callers that may not import sqlite3."""

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",  # Debian's SQLite has it on by default, other builds do not
    "temp_store = MEMORY",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    "wal_autocheckpoint = 256",
    "journal_size_limit = -1",  # never cut the log off: what is cut off stays on the disk (store/database/wal.py)
)


def exists(path: str) -> bool:
    """Whether there is a database, so that looking does not make one."""
    return os.path.lexists(path)


def connect(path: str, *, create: bool = False) -> sqlite3.Connection:
    """Open the database in autocommit mode with all pragmas set, migrating an older one first.

    With `create` a missing one is made, whole or not at all. Raises StoreError when it is missing, unreadable,
    open to others, damaged, made by another program, or made by a newer echoctl.
    """
    if create and not exists(path):
        _create(path)
    _check_rights(path)
    try:
        return _connect(path)
    except StoreFull:  # not even the index of the log has room, which SQLite makes before anything is read
        from echoctl.store.database import reserve  # noqa: PLC0415 - only on a full disk

        if not reserve.lend(path):
            raise
        return _connect(path)


def _connect(path: str) -> sqlite3.Connection:
    try:
        conn = _open(path)
    except sqlite3.Error as exc:
        raise explain(exc, path) from exc
    try:
        seen = _check_identity(conn, path)
        for pragma in _PRAGMAS:
            conn.execute(f"PRAGMA {pragma}").fetchall()
        if seen < SCHEMA_VERSION:
            _migrate(conn)
    except FAULTS as exc:
        conn.close()
        raise explain(exc, path) from exc
    except StoreError:
        conn.close()
        raise
    return conn


def _heard(path: str) -> bool:
    """Whether a listener will overwrite the log when it ends: its connection stays open until then.

    One whose lock we may not open is none of ours.
    """
    try:
        return any(listener_locks.running(os.path.dirname(path)))
    except OSError:
        return False


class _Connection(sqlite3.Connection):
    """SQLite removes the log with the last connection to it: if it held keys, `close` overwrites it first."""

    path = ""

    def close(self) -> None:
        """Close it; closing twice is no error."""
        if self.path and key_marker.is_set(self.path) and not _heard(self.path):
            from echoctl.store.database import wal  # noqa: PLC0415 - only after a listener that was killed

            try:  # noqa: SIM105 - without contextlib, which the fast path does not load
                wal.erase(self, patience_s=0.0)
            except (sqlite3.Error, StoreError, OSError):
                pass  # the next one to close it tries again
        self.path = ""
        super().close()


def connect_foreign(path: str) -> sqlite3.Connection:
    """Open a database that may come from anybody, for reading only and without migrating it; raises as `connect`."""
    _check_rights(path)
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        # immutable: nothing is written beside it either, neither -wal nor -shm.
        conn = sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True, isolation_level=None)
    except sqlite3.Error as exc:
        raise explain(exc, path) from exc
    try:
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY"):
            conn.execute(f"PRAGMA {pragma}").fetchall()
        _check_identity(conn, path)
    except FAULTS as exc:
        conn.close()
        raise explain(exc, path) from exc
    except StoreError:
        conn.close()
        raise
    return conn


def version(conn: sqlite3.Connection) -> int:
    """How many migrations the database has seen."""
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


class session:  # noqa: N801 - used like a function: `with session(path) as connection:`
    """A connection for the length of a block; SQLite's errors inside it become StoreErrors."""

    def __init__(self, path: str, *, create: bool = False) -> None:
        self._path, self._create = path, create

    def __enter__(self) -> sqlite3.Connection:
        """Open the database as `connect` does. Raises StoreError."""
        self._conn = connect(self._path, create=self._create)
        return self._conn

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Close it, and raise the StoreError that says what happened."""
        try:
            if isinstance(error, _PUZZLING) and (meaning := _meaning(self._conn, error, self._path)) is not error:
                raise meaning from error
        finally:
            self._conn.close()


_PUZZLING = (sqlite3.Error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What a bug raises, and what damage does: a column that lost its name, a number that became text."""


def _meaning(conn: sqlite3.Connection, error: Exception, path: str) -> Exception:
    """What `explain` makes of it; else, where the database itself is damaged, the error that says so."""
    meaning = explain(error, path) if isinstance(error, FAULTS) else error
    if meaning is not error:
        return meaning
    from echoctl.store.database import migrations  # noqa: PLC0415 - sqlite-utils: only to tell damage from a bug

    try:
        sound = not migrations.strange(conn) and conn.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except FAULTS:
        sound = False
    return error if sound else damaged(path)


def _open(path: str) -> sqlite3.Connection:
    # A URI, because only that can say "do not create".
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    conn = sqlite3.connect(
        f"file:{quoted}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS, factory=_Connection
    )
    conn.path = path
    return conn


def _check_rights(path: str) -> None:
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        raise StoreError(f"there is no database at {path}", "echoctl listen makes it") from None
    except OSError as exc:
        raise StoreError(f"cannot look at {path}: {exc.strerror}", "check the rights of its folder") from exc
    if not S_ISREG(info.st_mode):
        raise StoreError(f"{path} is not a plain file", "move it away: links are not followed here")
    if info.st_uid != os.geteuid():
        raise StoreError(f"{path} belongs to another user", "run echoctl as that user, or chown it to yourself")
    if info.st_mode & 0o077:
        raise StoreError(f"{path} is open to other users", f"chmod 600 {path}")
    folder = os.path.dirname(path)
    if os.stat(folder).st_mode & 0o022:  # they could put a write-ahead log of their own beside it
        raise StoreError(f"the folder {folder} can be changed by others", f"chmod 700 {folder}")
    if info.st_size == 0:
        raise StoreError(f"{path} is empty", "it was cut off: move it away, or bring back a good copy of it")


def _check_identity(conn: sqlite3.Connection, path: str) -> int:
    """The schema's version; asked before anything is changed, so that a stranger's file stays as it is."""
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(
            f"{path} is not an echoctl database", "move it away, or set ECHOCTL_DATA_DIR to another folder"
        )
    seen = version(conn)
    if seen > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was made by a newer echoctl (schema {seen}, this one knows {SCHEMA_VERSION})",
            "update echoctl",
        )
    return seen


def _migrate(conn: sqlite3.Connection) -> None:
    from echoctl.store.database import migrations  # noqa: PLC0415 - sqlite-utils costs 40 ms, needed once per schema

    migrations.apply(conn, application_id=APPLICATION_ID, version=SCHEMA_VERSION)


def _create(path: str) -> None:
    """Make a new database under another name and move it into place, so that no one ever sees half of one."""
    folder = paths.private_dir(os.path.dirname(path))
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if exists(path):  # another process was faster
            return
        _create_locked(path)
        os.fsync(lock)
    except OSError as exc:
        raise StoreError(f"cannot make {path}: {exc.strerror}", "check the rights of its folder and the disk") from exc
    finally:
        os.close(lock)


def _create_locked(path: str) -> None:
    new = path + ".new"
    for leftover in (new, new + "-journal", new + "-wal", new + "-shm"):
        if os.path.lexists(leftover):
            os.unlink(leftover)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC, 0o600))
    conn = _open(new)
    try:
        conn.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        conn.execute("PRAGMA secure_delete = ON").fetchall()
        _migrate(conn)
        conn.execute("PRAGMA journal_mode = WAL").fetchall()
    except sqlite3.Error as exc:
        raise explain(exc, new) from exc
    finally:
        conn.close()
    os.rename(new, path)
