"""What lies in echoctl's folders: plain sound or text, and who may read it. Reads everything, changes nothing."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from echoctl import paths
from echoctl.services.system.health import Check, Grade

SIGNATURES = {
    "sound (FLAC)": b"fLaC\0\0\0\x22",
    "sound (WAV)": b"WAVEfmt ",
    "a transcript": b'{"text":"',
}
"""How what is sealed would begin if it lay there in the clear: long enough that no sealed byte looks so by chance."""

BLOCK = 1 << 20

LARGEST = 64 << 20
"""Temporary files above this are somebody's download and not a leak of a recording of seconds."""

SHOWN = 5
"""Files named per finding; the rest are counted."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a search met."""

    files: int
    size: int
    hits: tuple[tuple[str, str], ...]
    """(path, what lies there)."""


def folders() -> dict[str, str]:
    """Where an installation keeps things: kind -> path, those that exist."""
    places = {"data": paths.data_dir(), "state": paths.state_dir(), "cache": paths.cache_dir()}
    places["config"] = paths.config_dir()
    return {kind: path for kind, path in places.items() if os.path.isdir(path)}


def search(files: Iterable[str], needles: Mapping[str, bytes]) -> ScanResult:
    """Look for each of `needles` in each file; one that vanishes meanwhile is passed over."""
    count, size, hits = 0, 0, []
    for path in files:
        try:
            length, names = _in_file(path, needles)
        except OSError:
            continue
        count, size = count + 1, size + length
        hits += [(path, name) for name in names]
    return ScanResult(count, size, tuple(hits))


def files(places: Mapping[str, str]) -> Iterator[str]:
    """Every file in those of `folders`, but for the speech models, which are public."""
    for kind, top in places.items():
        for path in _walk(top, leave_out="models" if kind == "data" else ""):
            with contextlib.suppress(OSError):
                if stat.S_ISREG(os.lstat(path).st_mode):
                    yield path


def temporary_files(since_s: float) -> Iterator[str]:
    """This person's files in the temporary folder that were written since then, or bear echoctl's name."""
    for path in _walk(tempfile.gettempdir()):
        try:
            info = os.lstat(path)
        except OSError:
            continue
        ours = info.st_mtime >= since_s or "echoctl" in os.path.basename(path)
        small = stat.S_ISREG(info.st_mode) and info.st_size <= LARGEST
        if ours and small and info.st_uid == os.geteuid():
            yield path


def rights(places: Mapping[str, str]) -> Iterator[Check]:
    """Everything in those of `folders` that somebody else could read or change, or that belongs to somebody else."""
    foreign, loose, count = [], [], 0
    for kind, top in places.items():
        for path in (top, *_walk(top)):
            try:
                info = os.lstat(path)
            except OSError:  # it has gone meanwhile
                continue
            count += 1
            if info.st_uid != os.geteuid():
                foreign.append(path)
            elif not stat.S_ISLNK(info.st_mode) and info.st_mode & _forbidden(kind, path):
                loose.append(path)
    if foreign:
        yield Check("owner", Grade.FAIL, f"belongs to somebody else: {_listed(foreign)}", "chown them to yourself")
    if loose:
        fix = f"chmod go= {' '.join(loose[:SHOWN])}"
        yield Check("rights", Grade.FAIL, f"open to other users: {_listed(loose)}", fix)
    if not foreign and not loose:
        kept = f"{count} files and folders, all yours, none open to other users"
        yield Check("rights", Grade.OK, kept if count else "nothing is stored yet")


def _forbidden(kind: str, path: str) -> int:
    """Rights that others must not have: what is public anyway may be read, and never written."""
    public = kind == "config" or "/models/" in path or os.path.basename(path) == "CACHEDIR.TAG"
    return 0o022 if public else 0o077


def _walk(top: str, *, leave_out: str = "") -> Iterator[str]:
    """Everything below a folder, but for one folder directly in it."""
    for folder, names, plain in os.walk(top):
        if folder == top:
            names[:] = [name for name in names if name != leave_out]
        yield from (os.path.join(folder, name) for name in (*names, *plain))


def _in_file(path: str, needles: Mapping[str, bytes]) -> tuple[int, list[str]]:
    overlap = max(map(len, needles.values())) - 1
    size, rest, found = 0, b"", dict[str, None]()
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
        while block := file.read(BLOCK):
            size += len(block)
            seen = rest + block
            found |= dict.fromkeys(name for name, needle in needles.items() if needle in seen)
            rest = seen[-overlap:]
    return size, list(found)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
