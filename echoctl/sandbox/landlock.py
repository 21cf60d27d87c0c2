"""Files out of reach where no mount namespace can be had: Landlock (landlock(7)), which needs no rights either.

Landlock only allows, and what it allows for a folder holds for all below; where something hidden lies in it, what lies
beside the way there is allowed one by one.
"""

import contextlib
import os
import stat
import struct
from collections.abc import Iterator

from echoctl.sandbox import syscalls
from echoctl.sandbox.confinement import DEVICES, SYSTEM, Confinement, beside, ways

_PATH_BENEATH = 1
_VERSION = 1
_SCOPED_SINCE, _ABSTRACT_SOCKETS, _SIGNALS = 6, 1, 2
_READ, _ON_ANY_FILE = 1 << 2 | 1 << 3, 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
"""READ_FILE and READ_DIR; what there is to allow for something that is no folder."""

_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version of Landlock -> the rights over files that came with it: the first ones, REFER, TRUNCATE, IOCTL_DEV."""

_NETWORK_SINCE, _TCP = 4, 3


def version() -> int:
    """Which version of Landlock this kernel has. Raises OSError where it has none."""
    return syscalls.syscall("landlock_create_ruleset", None, 0, _VERSION)


def allow_only(confinement: Confinement) -> None:
    """Leave nothing of the disk in reach but what the process needs, for good; as far as this kernel has the means no
    TCP, no abstract socket and no signal to others either. Only while there is one thread.

    Everything is the same as behind an empty root but for this: names and kinds of files can be seen, unix sockets with
    a path can be connected (the filter has a word there), and a folder that something hidden lies in cannot be listed.
    Raises OSError where the kernel has no Landlock.
    """
    here = version()
    handled = sum(rights for since, rights in _RIGHTS.items() if since <= here)
    network = _TCP if here >= _NETWORK_SINCE else 0
    scoped = _ABSTRACT_SOCKETS | _SIGNALS if here >= _SCOPED_SINCE else 0
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


def _allow(rules: int, place: str, on_folder: int, on_file: int) -> None:
    file = os.open(place, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        folder = stat.S_ISDIR(os.fstat(file).st_mode)
        rule = struct.pack("=Qi", on_folder if folder else on_file, file)
        syscalls.syscall("landlock_add_rule", rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(file)
