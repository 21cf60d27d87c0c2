"""A few MB kept from the file system, so that a purge has room on a disk that is full.

A purge writes to the log before anything of the database shrinks, so on a full disk it would fail, and with it the
one thing that would make room.
"""

import contextlib
import os

BYTES = 4 << 20
"""The log of a purge of some ten thousand recordings, merged; larger purges go in parts then."""

PART = 1000
"""Recordings per part."""


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
    """Let go of the reserve; False when there is none."""
    try:
        os.unlink(_path(database))
    except OSError:
        return False
    return True


def needed(database: str) -> bool:
    """Whether the disk is so full that a purge should not even begin without it."""
    return _free(database) < BYTES


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
