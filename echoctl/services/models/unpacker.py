"""Taking an archive apart that came from elsewhere, in a process that is shut in: `python -m ….unpacker`.

It gets the archive on stdin, and writes to stdout the files of the one model in it: for each a header and its content
in pieces, and when it cannot go on a header that says why. Who reads that writes the files (unpack.py), and believes no
name.
"""

import json
import resource
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Protocol

from echoctl.errors import ModelError
from echoctl.model.listener import SandboxPolicy
from echoctl.services.sandbox import enter, roles

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

PIECE = 1024 * 1024

FRAME = struct.Struct(">cI")
"""Before each piece of what is said: its kind and length."""

HEAD, CONTENT = b"h", b"c"

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


def main() -> None:
    """The child: shut itself in, and write what is in the archive."""
    limit = resource.RLIMIT_FSIZE
    resource.setrlimit(limit, (0, 0))
    sandbox = enter.enter(SandboxPolicy.TRY, roles.decoder())
    for module in (
        "gzip",
        "bz2",
        "lzma",
        "encodings.cp437",
        "encodings.latin_1",
    ):  # imported late
        with suppress(ImportError):
            import_module(module)
    sandbox.lock()
    serve(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def serve(archive: IO[bytes], out: IO[bytes]) -> None:
    """Write to `out` what is in the archive, or what is wrong with it."""
    try:
        _hand_out(archive, out)
    except ModelError as error:
        _head(out, {"refused": error.message, "hint": error.hint})
    except (*_DAMAGE, OSError) as error:
        _head(out, {"damaged": str(error)})


def _hand_out(archive_file: IO[bytes], out: IO[bytes]) -> None:
    with _opened(archive_file) as archive:
        entries = _safe(archive.entries())
        root = _model_root(entries)
        for entry in entries:
            if entry.name.startswith(root) and not entry.folder:
                _head(out, {"name": entry.name[len(root) :], "size": entry.size})
                _pour(archive.open(entry.name), entry, out)
    _head(out, {"end": True})


def _head(out: IO[bytes], fields: Mapping[str, object]) -> None:
    data = json.dumps(fields).encode()
    out.write(FRAME.pack(HEAD, len(data)) + data)


def _pour(content: IO[bytes], entry: Entry, out: IO[bytes]) -> None:
    left = entry.size
    with content:
        while piece := content.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise ModelError(f"the archive is not safe: {entry.name!r} is larger than it says", "take it elsewhere")
            out.write(FRAME.pack(CONTENT, len(piece)) + piece)
    if left:
        raise ModelError(f"the archive is cut short in {entry.name!r}", "fetch it again")


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Archive]:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as zipped:
            yield _Zip(zipped)
    else:
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:*") as tarred:
            yield _Tar(tarred)
            _read_out(tarred)


def _read_out(tarred: tarfile.TarFile) -> None:
    """Read on behind the end of a tar file: the checksum of a compressed one lies there, and is checked only then."""
    assert tarred.fileobj is not None  # it is open
    for _ in range(MAX_PADDING // PIECE):
        if not tarred.fileobj.read(PIECE):
            return
    raise ModelError("the archive is not safe: it goes on behind its end", "take it from elsewhere")


def _safe(entries: Iterable[Entry]) -> list[Entry]:
    kept: list[Entry] = []
    seen: set[str] = set()
    total = 0
    for entry in entries:
        total += entry.size
        problem = fault(entry, seen, total)
        if problem:
            raise ModelError(f"the archive is not safe: it has {problem}: {entry.name!r}", "take it from elsewhere")
        seen.add(entry.name.rstrip("/"))
        kept.append(entry)
    return kept


def fault(entry: Entry, seen: set[str], total: int) -> str:
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


if __name__ == "__main__":
    main()
