"""Files out of reach where no mount namespace can be had: Landlock (landlock(7)), which needs no rights either.

`allow_only` leaves nothing but what a process needs. `hide` takes one folder away: Landlock only allows, and what it
allows for a folder holds for all below, so everything is allowed but the way to the hidden folder: at each step of it,
what lies beside. What is made later directly in one of those folders (and not below another one) cannot be opened by
the process any more; the data folder must therefore not be one of them.
"""

import contextlib
import errno
import os
import stat
import struct
from collections.abc import Iterator

from echoctl.sandbox import syscalls
from echoctl.sandbox.confinement import DEVICES, SYSTEM, Confinement, beside, ways

_WRITE_FILE, _READ_FILE, _REMOVE_FILE, _MAKE_REG = 1 << 1, 1 << 2, 1 << 5, 1 << 8
_ON_FILES = _WRITE_FILE | _READ_FILE
_HANDLED = _ON_FILES | _REMOVE_FILE | _MAKE_REG
_PATH_BENEATH = 1
_VERSION = 1
_SCOPED_SINCE, _ABSTRACT_SOCKETS, _SIGNALS = 6, 1, 2
_READ, _ON_ANY_FILE = 1 << 2 | 1 << 3, 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
"""READ_FILE and READ_DIR; what there is to allow for something that is no folder."""

_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version of Landlock -> the rights over files that came with it: the first ones, REFER, TRUNCATE, IOCTL_DEV."""

_NETWORK_SINCE, _TCP = 4, 3


def allow_only(confinement: Confinement) -> None:
    """Leave nothing of the disk in reach but what the process needs, for good; as far as this kernel has the means no
    TCP, no abstract socket and no signal to others either. Only while there is one thread.

    Everything is the same as behind an empty root but for this: names and kinds of files can be seen, unix sockets with
    a path can be connected (the filter has a word there), and a folder that something hidden lies in cannot be listed.
    Raises OSError where the kernel has no Landlock.
    """
    version = syscalls.syscall("landlock_create_ruleset", None, 0, _VERSION)
    handled = sum(rights for since, rights in _RIGHTS.items() if since <= version)
    network = _TCP if version >= _NETWORK_SINCE else 0
    scoped = _ABSTRACT_SOCKETS | _SIGNALS if version >= _SCOPED_SINCE else 0
    size = 24 if scoped else 16 if network else 8
    allowed = [(place, _READ) for place in _readable(confinement)]
    allowed += [(place, handled) for place in (*ways(confinement.usable)[0], "/dev/null")]
    rules = syscalls.syscall("landlock_create_ruleset", struct.pack("=QQQ", handled, network, scoped)[:size], size, 0)
    try:
        for place, rights in allowed:
            with contextlib.suppress(OSError):  # gone meanwhile, or not for us to see: then it stays shut
                _allow(rules, place, rights, rights & _ON_ANY_FILE)
        syscalls.call("prctl", syscalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        syscalls.syscall("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _readable(confinement: Confinement) -> Iterator[str]:
    """What may be read; where something hidden lies in it, what lies beside."""
    hidden = ways(confinement.hidden)[0]
    for place in ways((*SYSTEM, *DEVICES, "/proc/cpuinfo", *confinement.reads))[0]:
        yield from beside(place, hidden)
    yield from ways(confinement.models)[0]


def hide(folder: str, needed: str) -> None:
    """Put the files of `folder` out of this process's reach for good; from kernel 6.12 on, abstract sockets too.

    `needed`: a folder that must stay whole. Raises OSError where the kernel has no Landlock, or one lies in the other.
    """
    path, needed = os.path.realpath(folder), os.path.realpath(needed)
    if needed == path or path.startswith(needed.rstrip("/") + "/"):
        raise OSError(errno.EINVAL, "the keys lie in the data folder", "landlock")
    version = syscalls.syscall("landlock_create_ruleset", None, 0, _VERSION)
    scoped = _ABSTRACT_SOCKETS if version >= _SCOPED_SINCE else 0
    attributes = struct.pack("=QQQ", _HANDLED, 0, scoped)[: 24 if scoped else 8]
    rules = syscalls.syscall("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for place in _beside(path):
            with contextlib.suppress(OSError):  # gone meanwhile, or not for us to see: then it stays shut
                _allow(rules, place, _HANDLED, _ON_FILES)
        syscalls.call("prctl", syscalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        syscalls.syscall("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _beside(path: str) -> Iterator[str]:
    """Everything that lies beside the way from / to `path`."""
    while path != "/":
        above = os.path.dirname(path)
        with contextlib.suppress(OSError):
            # A link is no way of its own: what it points to is beside the way, or is the way.
            yield from (entry.path for entry in os.scandir(above) if entry.path != path and not entry.is_symlink())
        path = above


def _allow(rules: int, place: str, on_folder: int, on_file: int) -> None:
    file = os.open(place, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        folder = stat.S_ISDIR(os.fstat(file).st_mode)
        rule = struct.pack("=Qi", on_folder if folder else on_file, file)
        syscalls.syscall("landlock_add_rule", rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(file)
