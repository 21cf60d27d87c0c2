"""The users of a namespace of one's own: everybody keeps their number in it (user_namespaces(7)).

So no rights are needed to make one, and whose a file is looks the same from inside.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def mapper() -> Iterator[Callable[[], None]]:
    """Yields what makes users and groups keep their numbers in the namespace that was just entered.

    A person maps themself. Root maps everybody, so that it may still read everybody's files; that is the right of a
    process outside, so root has a child that stays there and writes the maps when it is told to.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        yield lambda: _write_maps("self", f"{uid} {uid} 1", f"{gid} {gid} 1")
        return
    users, groups = (_identity(Path(f"/proc/self/{name}").read_text()) for name in ("uid_map", "gid_map"))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(write)
            if os.read(read, 1):
                _write_maps(str(os.getppid()), users, groups)
                code = 0
        finally:
            os._exit(code)
    os.close(read)

    def map_all() -> None:
        os.write(write, b"x")
        if os.waitpid(child, 0)[1] != 0:
            raise PermissionError(1, "Operation not permitted", "uid_map")

    try:
        yield map_all
    finally:
        os.close(write)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def _identity(outer: str) -> str:
    """The map of a namespace inside this one in which every number that exists here is itself."""
    ranges = [line.split() for line in outer.splitlines()]
    return "\n".join(f"{inside} {inside} {count}" for inside, _, count in ranges)


def _write_maps(pid: str, users: str, groups: str) -> None:
    """Each map must be written whole, by one write(2)."""
    if pid == "self":  # without the right to set groups, only who cannot drop one may map its own
        Path("/proc/self/setgroups").write_text("deny")
    Path(f"/proc/{pid}/uid_map").write_text(users)
    Path(f"/proc/{pid}/gid_map").write_text(groups)
