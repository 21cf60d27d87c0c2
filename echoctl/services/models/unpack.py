"""Opening an archive from elsewhere without letting it do anything but make plain files in one folder.

An archive with a single entry that tries more (an absolute path, "..", a link, a device, two files of one name, an
absurd size) is refused as a whole: it is not what it claims to be.
"""

import errno
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Protocol

from echoctl.errors import ModelError

try:
    from lzma import LZMAError
except ImportError:  # a Python without it refuses such archives before it unpacks a byte
    from zlib import error as LZMAError  # type: ignore[assignment]  # noqa: N812

MAX_FILES = 2_000
MAX_BYTES = 4_000_000_000
"""The largest Vosk model is 2.3 GB."""

MAX_PADDING = 64 * 1024 * 1024
"""Bytes behind the end of a tar file; tar itself fills up to 10 kB."""

MARK = "am/final.mdl"
"""The file by which the model's folder is known inside an archive."""

_PIECE = 1024 * 1024

_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    LZMAError,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What Python's readers raise on bytes that are no archive; RuntimeError also stands for an unknown compression."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder in an archive."""

    name: str
    size: int
    folder: bool
    plain: bool
    """A regular file or a folder: no link, device or encrypted file."""


class Archive(Protocol):
    """A zip or tar file."""

    def entries(self) -> Iterable[Entry]:
        """Everything in it, in the archive's own order."""

    def open(self, name: str) -> IO[bytes]:
        """The content of a file."""


class _Zip:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def entries(self) -> Iterator[Entry]:
        for info in self._file.infolist():
            mode = info.external_attr >> 16
            plain = stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR) and not info.flag_bits & 1
            yield Entry(info.filename, info.file_size, info.is_dir(), plain)

    def open(self, name: str) -> IO[bytes]:
        return self._file.open(name)


class _Tar:
    def __init__(self, file: tarfile.TarFile) -> None:
        self._file = file
        self._members: dict[str, tarfile.TarInfo] = {}

    def entries(self) -> Iterator[Entry]:
        for info in self._file:
            self._members[info.name] = info
            yield Entry(info.name, info.size, info.isdir(), info.isdir() or info.type in tarfile.REGULAR_TYPES)

    def open(self, name: str) -> IO[bytes]:
        content = self._file.extractfile(self._members[name])
        assert content is not None  # entries() told that it is a plain file
        return content


def unpack_model(path: str, target: str) -> None:
    """Unpack the model that lies somewhere in the archive `path` into the new folder `target`.

    Raises ModelError when it is not an archive, not a safe one, or holds no model.
    """
    try:
        with _opened(path) as archive:
            entries = _safe(archive.entries())
            root = _model_root(entries)
            for entry in entries:
                if entry.name.startswith(root) and not entry.folder:
                    _write(archive.open(entry.name), entry, os.path.join(target, entry.name[len(root) :]))
    except _DAMAGE as exc:
        raise _damaged(path, exc) from exc
    except OSError as exc:
        if exc.errno not in (None, errno.EINVAL):  # those two are bzip2's, gzip's and a seek to where nothing can be
            raise
        raise _damaged(path, exc) from exc


def _damaged(path: str, why: Exception) -> ModelError:
    return ModelError(f"{path} cannot be unpacked: {why}", "fetch it again: it is damaged, or no archive")


@contextmanager
def _opened(path: str) -> Iterator[Archive]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped:
            yield _Zip(zipped)
    else:
        with tarfile.open(path, "r:*") as tarred:
            yield _Tar(tarred)
            _read_out(tarred)


def _read_out(tarred: tarfile.TarFile) -> None:
    """Read on behind the end of a tar file: the checksum of a compressed one lies there, and is checked only then."""
    assert tarred.fileobj is not None  # it is open
    for _ in range(MAX_PADDING // _PIECE):
        if not tarred.fileobj.read(_PIECE):
            return
    raise ModelError("the archive is not safe: it goes on behind its end", "take it from elsewhere")


def _safe(entries: Iterable[Entry]) -> list[Entry]:
    kept: list[Entry] = []
    seen: set[str] = set()
    total = 0
    for entry in entries:
        total += entry.size
        fault = _fault(entry, seen, total)
        if fault:
            raise ModelError(f"the archive is not safe: it has {fault}: {entry.name!r}", "take it from elsewhere")
        seen.add(entry.name.rstrip("/"))
        kept.append(entry)
    return kept


def _fault(entry: Entry, seen: set[str], total: int) -> str:
    """Why an entry is refused, given the names before it and the bytes up to its end; empty when it is safe."""
    parts = entry.name.rstrip("/").split("/")
    if entry.name.startswith("/") or ".." in parts or "\\" in entry.name:
        return "a path that leads elsewhere"
    if not entry.name.isprintable() or "" in parts:
        return "an invalid name"
    if not entry.plain:
        return "a link or device"
    if entry.name.rstrip("/") in seen:
        return "two entries of one name"
    if len(seen) >= MAX_FILES or total > MAX_BYTES:
        return "more than it may hold"
    return ""


def _model_root(entries: list[Entry]) -> str:
    """The folder of the model inside the archive: "" or a path that ends with "/"."""
    roots = [entry.name[: -len(MARK)] for entry in entries if entry.name == MARK or entry.name.endswith("/" + MARK)]
    if len(roots) != 1:
        what = "no speech model" if not roots else "several speech models"
        raise ModelError(f"the archive holds {what}", "a Vosk model has a file am/final.mdl")
    return roots[0]


def _write(content: IO[bytes], entry: Entry, path: str) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    left = entry.size
    with content, open(path, "xb") as file:
        while piece := content.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise ModelError(f"the archive is not safe: {entry.name!r} is larger than it says", "take it elsewhere")
            file.write(piece)
    if left:
        raise ModelError(f"the archive is cut short in {entry.name!r}", "fetch it again")
