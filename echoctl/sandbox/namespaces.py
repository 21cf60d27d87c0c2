"""Namespaces of its own: a network that has no way out, and a view of the disk in which some things are empty.

A user namespace comes with them, so that no rights are needed (user_namespaces(7)); in it everybody keeps their own
number, so files that are made belong to whom they always did. What needs care is that some systems let a process in
and then let it do nothing there (containers, AppArmor's limit on user namespaces): so a child tries it first, and
nothing is done where the child failed.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from echoctl.sandbox import syscalls

_NEWNS, _NEWUSER, _NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_SLAVE = 1, 2, 4, 8, 4096, 16384, 1 << 19

_TRIED = 0
"""Exit code of a child that got in."""


def obstacle(hide: Sequence[str]) -> str:
    """Why `enter(hide)` would fail here, found out by a child that tries; "" when it would not."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # nothing but os._exit may end this copy of the process
        _try(hide, write)
    os.close(write)
    with open(read, "rb") as answer:
        said = answer.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    return "" if status == _TRIED else said or "a child that tried it died"


def enter(hide: Sequence[str], also: Sequence[str] = ()) -> list[str]:
    """Leave the network, and see every folder and socket of `hide` empty. Only while there is one thread.

    Of `also` what can be covered is; returns everything that was. Raises OSError, and then the process may be half in
    and good for nothing: ask `obstacle` first.
    """
    with _mapper() as map_users:
        syscalls.call("unshare", _NEWUSER | _NEWNS | _NEWNET)
        map_users()
    # What is mounted later is still seen here (a stick with a sound file), and nothing from here outside.
    syscalls.call("mount", None, b"/", None, _MS_REC | _MS_SLAVE, None)
    for path in hide:
        _cover(path)
    covered = list(hide)
    for path in also:
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's file system
            _cover(path)
            covered.append(path)
    with contextlib.suppress(OSError):  # a working directory that was covered is entered anew, and is empty
        os.chdir(os.getcwd())
    return covered


def _try(hide: Sequence[str], answer: int) -> None:
    code = 1
    try:
        enter(hide)
        code = _TRIED
    except OSError as error:
        # The kernel says "no space left" where a limit is reached, such as user.max_user_namespaces = 0.
        why = "the limit is reached" if error.errno == errno.ENOSPC else error.strerror
        os.write(answer, f"{error.filename or 'the kernel'}: {why}".encode())
    finally:
        os._exit(code)


def _cover(path: str) -> None:
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    if stat.S_ISDIR(os.stat(path).st_mode):
        syscalls.call("mount", b"echoctl", os.fsencode(path), b"tmpfs", flags | _MS_RDONLY, b"size=4k,mode=0700")
    else:
        syscalls.call("mount", b"/dev/null", os.fsencode(path), None, _MS_BIND, None)


@contextlib.contextmanager
def _mapper() -> Iterator[Callable[[], None]]:
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
