"""What a process that is shut in keeps in sight. The rest of the disk is not there for it."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SYSTEM = (
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/sys/devices/system/cpu",  # how many threads a recogniser makes
)
"""Always in sight: what the linker and the C library read."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a process may see and do; paths that do not exist are left out."""

    reads: tuple[str, ...]
    """Files and folders that stay in sight at the same path, read-only."""
    hidden: tuple[str, ...] = ()
    """Folders that are empty where they lie in one of `reads`: keys, recordings, settings."""
    models: tuple[str, ...] = ()
    """In sight and read-only as well, also inside of what is hidden."""
    usable: tuple[str, ...] = ()
    """In sight as they are: sound devices, the folder of a sound server's socket."""
    unix_sockets: bool = False
    """Whether it may make unix sockets and connect them, until it is locked."""

    @property
    def writes(self) -> bool:
        """Whether files may be opened for writing: what is not in `usable` is read-only by other means."""
        return self.unix_sockets or bool(self.usable)


def program_reads() -> tuple[str, ...]:
    """What one of our Python programs must be able to load, found in the process before it is shut in.

    A folder that the home folder lies in is left out: no program lives there, but `python -c` started at home says so.
    """
    loader = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    prefixes = [prefix for prefix in (sys.prefix, sys.base_prefix) if prefix != "/usr"]
    package = str(Path(__file__).parent.parent)
    found = [*filter(None, [*sys.path, *loader]), *prefixes, package, "/etc/localtime"]
    home = os.path.realpath(os.path.expanduser("~"))
    places = dict.fromkeys(os.path.abspath(path) for path in found if os.path.exists(path))
    return tuple(path for path in places if not within(home, os.path.realpath(path)))


def way(path: str) -> tuple[str, dict[str, str]]:
    """Where a path really leads, and the links on the way there: link -> what it says."""
    links: dict[str, str] = {}
    ahead = [part for part in os.path.join(os.getcwd(), path).split("/") if part][::-1]
    at = "/"
    while ahead:
        part = ahead.pop()
        if part in (".", ".."):
            at = os.path.dirname(at) if part == ".." else at
            continue
        step = os.path.join(at, part)
        if not _is_link(step):
            at = step
            continue
        if len(links) > 40:  # as the kernel has it
            break
        links[step] = target = os.readlink(step)
        at = "/" if target.startswith("/") else at
        ahead += [part for part in target.split("/") if part][::-1]
    return at, links


def ways(paths: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Where those paths lead that exist, without what lies in another of them; and all links on the way."""
    places, links = set(), {}
    for path in paths:
        if os.path.exists(path):
            place, on_the_way = way(path)
            places.add(place)
            links.update(on_the_way)
    return [place for place in sorted(places) if not any(within(place, other) for other in places - {place})], links


def within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; both real."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def beside(folder: str, hidden: Iterable[str]) -> Iterator[str]:
    """`folder`, or where something hidden lies in it, what lies beside the way there; nothing where it is hidden."""
    if any(within(folder, place) for place in hidden):
        return
    inside = [place for place in hidden if within(place, folder)]
    if not inside:
        yield folder
        return
    try:
        entries = [entry.path for entry in os.scandir(folder) if not entry.is_symlink()]
    except OSError:
        return
    for entry in entries:
        yield from beside(entry, inside)


def _is_link(path: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False
