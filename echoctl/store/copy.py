"""The database as one file elsewhere, and back: a consistent copy of a live one, and a check of a foreign one."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from stat import S_ISREG

from echoctl import paths
from echoctl.errors import NotFound, StoreError, UsageError
from echoctl.store import integrity
from echoctl.store.database import db
from echoctl.store.database.transactions import damaged, explain

_PIECE = 1 << 20


def copy_to(connection: sqlite3.Connection, path: str) -> int:
    """Write a consistent copy to a new file, 0600, whole or not at all, and return its bytes.

    Writers go on meanwhile: the copy is what was committed when it began. Free pages are not copied. Raises
    UsageError when there is such a file, StoreError when it cannot be written.
    """
    path = os.path.abspath(path)
    with _new_file(path) as part:
        try:
            connection.execute("VACUUM INTO ?", (part,))
        except sqlite3.Error as exc:
            raise explain(exc, path) from exc
        _sync(part)
        return os.stat(part).st_size


def install(source: str, target: str) -> None:
    """Make a foreign database ours: check it, and put a copy of it where there is none yet.

    Raises NotFound, UsageError when there is one already or the file is not ours, StoreError when it is damaged,
    newer than this program, or cannot be written.
    """
    for name in (target, target + "-wal", target + "-journal"):  # SQLite would play an old log into the new file
        if os.path.lexists(name):
            raise UsageError(f"{name} is there already", "move it away: a backup is restored to an empty place")
    folder = paths.private_dir(os.path.dirname(target))
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _new_file(target) as part:
            _copy(source, part)
            _check(part, source)
            _sync(part)
    finally:
        os.close(lock)


@contextlib.contextmanager
def _new_file(path: str) -> Iterator[str]:
    """A private file under another name, for a block; it gets its own name at the end, if that is still free."""
    part = f"{path}.{os.getpid()}.part"
    try:
        if os.path.lexists(path):
            raise FileExistsError
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        yield part
        _name(part, path)
        _sync(os.path.dirname(path))
    except FileExistsError:
        raise UsageError(f"{path} exists, and is not overwritten", "choose another name") from None
    except OSError as exc:
        raise StoreError(f"cannot write {path}: {exc.strerror}", "check the folder, its rights and the disk") from exc
    finally:
        for name in (part, part + "-journal", part + "-wal", part + "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(name)


def _name(part: str, path: str) -> None:
    """Give a file that is whole its name, which must be free."""
    try:
        os.link(part, path)  # unlike a rename this never replaces a file
    except FileExistsError:
        raise
    except OSError:  # FAT and exFAT, as on most sticks, have no second names: take this one first, and then replace it
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        try:
            os.rename(part, path)
        except OSError:
            os.unlink(path)
            raise


def _copy(source: str, part: str) -> None:
    hint = "name the file that vault backup has made"
    try:
        file = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"no such file: {source}", hint) from None
    except OSError as exc:
        raise UsageError(f"cannot read {source}: {exc.strerror}", hint) from None
    with os.fdopen(file, "rb") as stream, open(part, "wb") as copy:
        if not S_ISREG(os.fstat(file).st_mode):
            raise UsageError(f"{source} is not a plain file", hint)
        while piece := stream.read(_PIECE):
            copy.write(piece)


def _check(part: str, source: str) -> None:
    """Read all of a copy before anything is done with it. Raises StoreError."""
    try:
        with contextlib.closing(db.connect_foreign(part)) as connection:
            found = integrity.problems(connection) or _strangers(connection)
    except db.FAULTS as exc:
        meaning = explain(exc, source)
        raise meaning if isinstance(meaning, StoreError) else damaged(source) from exc
    except StoreError as exc:
        raise StoreError(exc.message.replace(part, source), exc.hint) from exc
    if found:
        raise StoreError(f"{source} is damaged: {found[0]}", "take an older backup")


def _strangers(connection: sqlite3.Connection) -> list[str]:
    """What no version of echoctl has put into its schema: code that would run in ours."""
    found = connection.execute(
        "SELECT type, name FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
        " OR (type = 'table' AND (sql LIKE '%GENERATED%' OR sql LIKE '% AS (%'))"
    ).fetchall()
    return [f"it has a {kind} that is not echoctl's: {name}" for kind, name in found]


def _sync(path: str) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
