"""The kernel, where Python has no name for what is asked of it: libc through ctypes, system calls by number."""

import ctypes
import errno
import os
import sys

MACHINES = {"x86_64": 0, "aarch64": 1}
"""Machine -> its column in NUMBERS. On others there is no seccomp filter."""

NUMBERS = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "clone": (56, 220),
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "seccomp": (317, 277),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "clone3": (435, 435),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}
"""System call -> its number on x86_64 (arch/x86/entry/syscalls/syscall_64.tbl) and aarch64 (asm-generic/unistd.h)."""

PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def machine() -> str:
    """The name of this machine in MACHINES, or "" where there is no filter for it."""
    name = os.uname().machine
    # A 32-bit Python on a 64-bit kernel makes the system calls of another architecture.
    return name if sys.platform == "linux" and name in MACHINES and sys.maxsize > 1 << 32 else ""


def number(name: str, on: str = "") -> int:
    """The number of a system call here, or on the machine `on`."""
    return NUMBERS[name][MACHINES[on or machine()]]


def call(function: str, *arguments: object) -> int:
    """Call a function of libc. Raises OSError with its name, when it returns less than zero."""
    return _checked(getattr(_libc, function)(*arguments), function)


def syscall(name: str, *arguments: object) -> int:
    """Make a system call by its name in NUMBERS. Raises OSError."""
    return raw_syscall(number(name), *arguments, what=name)


def raw_syscall(n: int, *arguments: object, what: str = "syscall") -> int:
    """Make a system call by its number; whole numbers are passed as C's long. Raises OSError."""
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(n), *longs), what)


def drop_capabilities(keep: frozenset[int]) -> None:
    """Give up every capability but those of `keep` that are there, for this process and all that it starts.

    Raises OSError only when capabilities cannot even be lowered, which Linux always allows.
    """
    for capability in range(64):
        if capability in keep:
            continue
        try:
            call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.EPERM):  # no more of them, or never had the right to drop any
                break
            raise
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    call("capget", header, sets)
    wanted = sum(1 << capability for capability in keep)
    low = sets[1] & wanted  # permitted; all that is kept is below 32
    call("capset", header, (ctypes.c_uint32 * 6)(low, low, 0, 0, 0, 0))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
