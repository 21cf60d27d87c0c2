"""An empty root: nothing is there but what a process needs, read-only, and no other process is in sight.

As bubblewrap does it: a tmpfs becomes the root, what is wanted is bound into it out of the old one, and the old one is
taken off. User, mount, network, PID, IPC, UTS and (where allowed) cgroup namespaces come with it, so no rights are
needed; everybody keeps their own number. It takes Linux 5.12 (mount_setattr(2)).
"""

import contextlib
import errno
import os
import resource
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from echoctl.sandbox import filters, namespaces, outer, syscalls
from echoctl.sandbox.confinement import DEVICES, SYSTEM, Confinement, ways

_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_READ_ONLY = 1 | 2 | 4
"""mount_setattr(2): MOUNT_ATTR_RDONLY, _NOSUID, _NODEV."""

_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_OLD = "/oldroot"


def obstacle(confinement: Confinement) -> str:
    """Why `enter(confinement)` would fail here, found out by a child that does it; "" when it would not."""
    return tried(lambda: enter(confinement))


def tried(act: Callable[[], None]) -> str:
    """Why something cannot be done here, found out by a child that does it; "" when it can."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # nothing but os._exit may end this copy of the process
        _try(act, write)
    os.close(write)
    with open(read, "rb") as answer:
        said = answer.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    return "" if status == 0 else said or "a child that tried it died"


def enter(confinement: Confinement, *, parent: int = 0) -> None:
    """Shut this process in for good. Only while there is one thread, and before it has anything to hide.

    It goes on as another process, number 1 of its namespace; the one that was called stays outside and waits
    (sandbox/outer.py). `parent`: the number of the one that started it, where known: both end with it.
    Raises OSError, and then the process is half in and good for nothing: ask `obstacle` first.
    """
    parent = parent or os.getppid()
    view = _View.of(confinement)
    with namespaces.mapper() as map_users:
        syscalls.call("unshare", _NEWUSER | _NEWNS | _NEWNET | _NEWPID | _NEWIPC | _NEWUTS)
        map_users()
    with contextlib.suppress(OSError):
        syscalls.call("unshare", _NEWCGROUP)
    outer.split(parent)
    _build(view)
    give_up(confinement)


def give_up(confinement: Confinement) -> None:
    """Give up all rights, leave nothing behind in a core, and put on the filter of a process that loads.

    A part of `enter`; where no namespace can be had, what is left to do after `landlock.allow_only`. Raises OSError.
    """
    syscalls.drop_capabilities(frozenset())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Handlers of cores that are programs do not ask for the limit. Nobody may look into its memory either, and its
    # /proc belongs to root.
    syscalls.call("prctl", syscalls.PR_SET_DUMPABLE, 0, 0, 0, 0)
    filters.load(confinement)


def _try(act: Callable[[], None], answer: int) -> None:
    code = 1
    try:
        act()
        code = 0
    except OSError as error:
        # The kernel says "no space left" where a limit is reached, such as user.max_user_namespaces = 0.
        why = "the limit is reached" if error.errno == errno.ENOSPC else error.strerror
        os.write(answer, f"{error.filename or 'the kernel'}: {why}".encode())
    finally:
        os._exit(code)


@dataclass(frozen=True, slots=True)
class _View:
    """What there will be, found while all can still be seen; every path is real."""

    reads: Sequence[str]
    hidden: Sequence[str]
    models: Sequence[str]
    usable: Sequence[str]
    links: dict[str, str]

    @staticmethod
    def of(confinement: Confinement) -> "_View":
        wanted = [ways(paths) for paths in ((*SYSTEM, *confinement.reads), confinement.models, confinement.usable)]
        if any("/" in places for places, _ in wanted):
            raise OSError(errno.EINVAL, "it would leave everything in sight", "/")
        (reads, _), (models, _), (usable, _) = wanted
        links = {link: target for _, some in wanted for link, target in some.items()}
        return _View(reads, ways(confinement.hidden)[0], models, usable, links)


def _build(view: _View) -> None:
    _begin()
    for place in view.reads:
        _bind(place, _READ_ONLY)
    covered = [folder for folder in view.hidden if os.path.isdir(folder)]
    for folder in covered:
        syscalls.call("mount", b"echoctl", os.fsencode(folder), b"tmpfs", 0, b"size=64k,mode=0700")
    for place in view.models:
        _bind(place, _READ_ONLY)
    for place in (*view.usable, *(device for device in DEVICES if os.path.exists(_OLD + device))):
        _bind(place)
    for link, target in view.links.items():
        if not os.path.lexists(link):
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(target, link)
    _processes()
    syscalls.call("umount2", os.fsencode(_OLD), _MNT_DETACH)
    os.rmdir(_OLD)
    for folder in (*covered, "/"):
        _restrict(folder, _READ_ONLY)


def _begin() -> None:
    """An empty root with the old one in _OLD. Where it was made does not matter: it moves away from there."""
    place = next(folder for folder in ("/tmp", "/var", "/usr") if os.path.isdir(folder))
    syscalls.call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    syscalls.call("mount", b"echoctl", os.fsencode(place), b"tmpfs", _MS_NOSUID | _MS_NODEV, b"size=1m,mode=0755")
    os.mkdir(place + _OLD)
    syscalls.syscall("pivot_root", os.fsencode(place), os.fsencode(place + _OLD))
    os.chdir("/")


def _bind(place: str, attributes: int = 0) -> None:
    """Have a file or folder of the old root at its place in the new one, with all that is mounted there."""
    if os.path.isdir(_OLD + place):
        os.makedirs(place, exist_ok=True)
    elif not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    syscalls.call("mount", os.fsencode(_OLD + place), os.fsencode(place), None, _MS_BIND | _MS_REC, None)
    if attributes:
        _restrict(place, attributes, _AT_RECURSIVE)


def _restrict(place: str, attributes: int, flags: int = 0) -> None:
    wish = struct.pack("=QQQQ", attributes, 0, 0, 0)
    syscalls.syscall("mount_setattr", _AT_FDCWD, os.fsencode(place), flags, wish, len(wish))


def _processes() -> None:
    """A /proc of the new PID namespace, read-only: to root's number it would offer the settings of the whole kernel.

    Containers that hide parts of theirs allow no new one; then there is none. Before the old root is gone, since the
    kernel asks whether a whole one is in sight.
    """
    os.makedirs("/proc", exist_ok=True)
    flags = _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    for options in (b"hidepid=2", None):
        with contextlib.suppress(OSError):
            syscalls.call("mount", b"proc", b"/proc", b"proc", flags, options)
            return
