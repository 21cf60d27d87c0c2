"""Taking audio out of the vault: files that are the person's own, in the clear or for somebody's age key."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from echoctl.errors import EchoctlError, NotFound, UsageError, VaultDamaged, VaultLocked
from echoctl.model.speech import Recording
from echoctl.services.history.reader import History

Recipients = Sequence[tuple[str, bytes]]
"""Whom an age file is for: vault.agefile.parse_recipient."""

SUFFIXES = {"wav": "wav", "flac": "flac", "opus": "opus", "age": "flac.age"}
"""The suffix of a file of each kind."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One recording that was asked for: the file it went to, or why it did not."""

    id: str
    path: str
    size: int
    problem: EchoctlError | None = None
    incomplete: bool = False


def recipients(lines: Sequence[str]) -> Recipients:
    """The recipients that age files are sealed for. Raises UsageError for a line that is not a recipient."""
    from echoctl.vault import agefile  # noqa: PLC0415 - cryptography, 35 ms: not for an export in the clear

    return [agefile.parse_recipient(line) for line in lines]


def audio(opened: History, prefix: str, kind: str, to: Recipients = ()) -> tuple[Recording, bytes]:
    """A recording and its audio as a file of that kind. Raises NotFound, UsageError, VaultDamaged."""
    if kind == "age":
        return opened.age_file(prefix, to)
    recording, flac = opened.flac(prefix)
    if kind == "flac":
        return recording, flac
    from echoctl.audio import codec  # noqa: PLC0415 - numpy and libsndfile, only where audio is decoded

    pcm = codec.decode_flac(flac)
    return recording, codec.write_wav(pcm) if kind == "wav" else codec.encode_opus(pcm)


def to_file(opened: History, prefix: str, kind: str, path: str, to: Recipients = ()) -> Exported:
    """Write one recording to a new file. Raises UsageError when there is one of that name."""
    recording, data = audio(opened, prefix, kind, to)
    write_new(path, data)
    return Exported(recording.id, path, len(data), incomplete=recording.incomplete)


def to_folder(opened: History, prefixes: Sequence[str], kind: str, folder: str) -> Iterator[Exported]:
    """Write recordings to new files, named by time and id; reports one that has no sound, does not open, or exists."""
    for prefix in prefixes:
        try:
            recording, data = audio(opened, prefix, kind)
            path = os.path.join(folder, file_name(recording, kind))
            write_new(path, data)
        except (NotFound, UsageError, VaultDamaged, VaultLocked) as problem:
            yield Exported(prefix, "", 0, problem)
        else:
            yield Exported(recording.id, path, len(data), incomplete=recording.incomplete)


def file_name(recording: Recording, kind: str) -> str:
    """What the file of a recording is called: local time, id, and its kind."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(recording.at_ms / 1000))
    return f"{stamp}-{recording.id}.{SUFFIXES[kind]}"


def new_file(path: str) -> int:
    """Make a file, 0600, and open it for writing. Raises UsageError when it exists."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} exists, and is not overwritten", "choose another name with -o") from None


def write_new(path: str, data: bytes) -> None:
    """Write a file that must not exist yet, 0600; one written in part is removed. Raises UsageError when it exists."""
    file = new_file(path)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
    except OSError:
        os.unlink(path)
        raise
