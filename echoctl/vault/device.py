"""The device secret: 32 random bytes in a file of their own, apart from the database and out of backups.

Without it nothing opens (but for the recovery line), so destroying it is the last resort of deletion: every copy of
the database that ever left this machine dies with it.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISREG

from echoctl import paths
from echoctl.errors import StoreError, VaultDamaged, VaultLocked
from echoctl.vault.format import KEY_BYTES
from echoctl.vault.primitives import random_secret, wipe

CACHEDIR_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# The key in this folder must not travel with backups of the database.\n"
    "# For information about cache directory tags see https://bford.info/cachedir/\n"
)
"""Backup programs skip folders that hold this file."""

RECOVER = "bring the file back, or open the vault with its recovery line: echoctl vault recover"


def load(path: str) -> bytearray:
    """Read the secret.

    Raises VaultLocked when it is missing or not ours to read, VaultDamaged when it is no such file.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise VaultLocked(f"the device key {path} is missing", RECOVER) from None
    except OSError as exc:
        raise VaultLocked(
            f"the device key {path} cannot be read: {exc.strerror}", "check its owner and rights"
        ) from exc
    try:
        return _read(file, path)
    finally:
        os.close(file)


def present(path: str) -> bool:
    """Whether there is something under that name, readable or not."""
    return os.path.lexists(path)


def create(path: str) -> bytearray:
    """Make the file with a new secret, whole or not at all.

    Raises FileExistsError when there is one already, StoreError when it cannot be written.
    """
    secret = random_secret()
    try:
        _write(path, secret)
    except BaseException:
        wipe(secret)
        raise
    return secret


def next_path(path: str) -> str:
    """Where the secret waits that takes the place of the one at `path`."""
    return path + ".next"


@contextlib.contextmanager
def changing(path: str) -> Iterator[None]:
    """For a block that alone changes the secrets of this folder. Raises StoreError when another process does."""
    folder = os.open(paths.private_dir(os.path.dirname(path)), os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreError("the device key is being changed already", "wait for the other echoctl") from None
    finally:
        os.close(folder)


def stage(path: str) -> bytearray:
    """Make a secret that waits beside the one at `path`, in place of one that a run before has left."""
    if present(next_path(path)):
        _overwrite(next_path(path))
        os.unlink(next_path(path))
    return create(next_path(path))


def promote(path: str, expected: Callable[[bytearray], bool]) -> bool:
    """Destroy the secret at `path` and put the waiting one there; may be done again after it was interrupted.

    `expected` recognises the waiting one. Returns False when neither is the expected one. The old bytes are overwritten
    where they are, which a solid-state disk or a file system that copies on writing may not do.
    """
    if not present(next_path(path)):
        return _is(path, expected)
    if not _is(next_path(path), expected):
        return False
    try:
        if present(path):
            _overwrite(path)
        os.rename(next_path(path), path)
        _sync(os.path.dirname(path))
    except OSError as exc:
        raise StoreError(
            f"cannot write the device key {path}: {exc.strerror}", "check the folder and the disk"
        ) from exc
    return True


def set_aside(path: str) -> None:
    """Rename a device key of another vault, so that nothing is lost by making a new one."""
    n = 1
    while os.path.lexists(f"{path}.{n}.old"):
        n += 1
    os.rename(path, f"{path}.{n}.old")


def _read(file: int, path: str) -> bytearray:
    info = os.fstat(file)
    if not S_ISREG(info.st_mode) or info.st_size != KEY_BYTES:
        raise VaultDamaged(f"the device key {path} is not a file of {KEY_BYTES} bytes", RECOVER)
    if info.st_uid != os.geteuid():
        raise VaultLocked(f"the device key {path} belongs to another user", "run echoctl as that user")
    if info.st_mode & 0o077:
        raise VaultLocked(f"the device key {path} is open to other users", f"chmod 600 {path}")
    secret = bytearray(KEY_BYTES)
    if os.readv(file, [secret]) != KEY_BYTES:
        raise VaultDamaged(f"the device key {path} is cut off", RECOVER)
    return secret


def _is(path: str, expected: Callable[[bytearray], bool]) -> bool:
    secret = load(path)
    try:
        return expected(secret)
    finally:
        wipe(secret)


def _overwrite(path: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(file, bytes(KEY_BYTES), 0)
        os.fsync(file)
    finally:
        os.close(file)


def _write(path: str, secret: bytearray) -> None:
    folder = paths.private_dir(os.path.dirname(path))
    new = f"{path}.{os.getpid()}.new"
    try:
        _tag(folder)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.writev(file, [secret])
            os.fsync(file)
            os.link(new, path)  # unlike a rename this never replaces a key
        finally:
            os.close(file)
            os.unlink(new)
        _sync(folder)
    except FileExistsError:
        raise
    except OSError as exc:
        raise StoreError(
            f"cannot write the device key {path}: {exc.strerror}", "check the folder and the disk"
        ) from exc


def _tag(folder: str) -> None:
    tag = Path(folder, "CACHEDIR.TAG")
    if not tag.exists():
        tag.write_text(CACHEDIR_TAG)


def _sync(folder: str) -> None:
    """Make a new name durable: fsync its folder."""
    directory = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
