"""A few MB kept from the file system, so that a purge has room on a disk that is full.

A purge writes to the log before anything of the database shrinks, so on a full disk it would fail, and with it the
one thing that would make room.
"""

import contextlib
import os

BYTES = 4 << 20
"""Larger purges than a part go in parts then."""

_BYTES_EACH = 8000
"""A page for a recording's row and not quite one for its key, where neighbours stay; and as many zeros over them."""

LENT_BYTES = 128 << 10
"""The index of a log is 32 kB; a file system may want some blocks of its own."""

PART = 200
"""Recordings per part: 1.6 MB of log at most, and as many zeros."""


def keep(database: str) -> None:
    """Make the reserve if it is missing and the disk has room for it and as much again."""
    path = _path(database)
    if os.path.lexists(path) or _free(database) < 2 * BYTES:
        return
    with contextlib.suppress(OSError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _fill(file)
        except OSError:
            os.unlink(path)
        finally:
            os.close(file)


def give_back(database: str) -> bool:
    """Release the reserve; False when there is none."""
    try:
        os.unlink(_path(database))
    except OSError:
        return False
    return True


def lend(database: str) -> bool:
    """Release a small part of it, for a moment's work; False when there is none.

    What is given the database is free again when that is closed, and if nobody takes it the next one needs no more.
    """
    path = _path(database)
    try:
        size = os.lstat(path).st_size
        os.truncate(path, max(0, size - LENT_BYTES))
    except OSError:
        return False
    return size > 0


def needed(database: str, count: int = 0) -> bool:
    """Whether the disk is too full to begin a purge of `count` recordings without releasing the reserve.

    What a purge has begun to write it cannot take back, so this is asked beforehand instead of tried.
    """
    return _free(database) < max(BYTES, min(count * _BYTES_EACH, 2 * os.path.getsize(database)))


def _path(database: str) -> str:
    return database + "-reserve"


def _free(database: str) -> int:
    disk = os.statvfs(os.path.dirname(database))
    return disk.f_bavail * disk.f_frsize


def _fill(file: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, BYTES)
    else:  # macOS
        for _ in range(BYTES >> 16):
            os.write(file, bytes(1 << 16))
