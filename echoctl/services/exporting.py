"""Taking audio out of the vault, into files that are in the clear and the person's own, or to the speaker."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from echoctl.errors import UsageError
from echoctl.model import Recording
from echoctl.services.history import History


@dataclass(frozen=True, slots=True)
class Exported:
    """One recording that was asked for: the file it went to, or why it did not."""

    id: str
    path: str
    size: int
    problem: UsageError | None = None


def audio(opened: History, prefix: str, kind: str) -> tuple[Recording, bytes]:
    """A recording and its audio as a `wav` or `flac` file. Raises NotFound, UsageError, VaultDamaged."""
    recording, flac = opened.flac(prefix)
    if kind == "flac":
        return recording, flac
    from echoctl.audio import codec  # noqa: PLC0415 - numpy and libsndfile, only where audio is decoded

    return recording, codec.write_wav(codec.decode_flac(flac))


def to_file(opened: History, prefix: str, kind: str, path: str) -> Exported:
    """Write one recording to a new file. Raises UsageError when there is one of that name."""
    recording, data = audio(opened, prefix, kind)
    write_new(path, data)
    return Exported(recording.id, path, len(data))


def to_folder(opened: History, prefixes: Sequence[str], kind: str, folder: str) -> Iterator[Exported]:
    """Write recordings to new files, named by time and id; one whose file exists is reported and left out."""
    for prefix in prefixes:
        recording, data = audio(opened, prefix, kind)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(recording.at_ms / 1000))
        path = os.path.join(folder, f"{stamp}-{recording.id}.{kind}")
        try:
            write_new(path, data)
        except UsageError as problem:
            yield Exported(recording.id, path, 0, problem)
        else:
            yield Exported(recording.id, path, len(data))


def write_new(path: str, data: bytes) -> None:
    """Write a file that must not exist yet, 0600; half of one is removed. Raises UsageError when it exists."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} exists, and is not overwritten", "choose another name with -o") from None
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
    except OSError:
        os.unlink(path)
        raise
