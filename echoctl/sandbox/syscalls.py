"""The kernel, where Python has no name for what is asked of it: libc through ctypes, system calls by number."""

import ctypes
import errno
import os
import sys
from collections.abc import Iterable

MACHINES = {"x86_64": 0, "aarch64": 1}
"""Machine -> its column in NUMBERS. On others there is no seccomp filter."""

NUMBERS = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "ioctl": (16, 29), "pread64": (17, 67),
    "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "sched_yield": (24, 124), "mremap": (25, 216),
    "madvise": (28, 233), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "dup": (32, 23),
    "nanosleep": (35, 101), "getitimer": (36, 102), "setitimer": (38, 103), "getpid": (39, 172), "socket": (41, 198),
    "connect": (42, 203), "accept": (43, 202), "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211),
    "recvmsg": (47, 212), "shutdown": (48, 210), "bind": (49, 200), "listen": (50, 201), "getsockname": (51, 204),
    "getpeername": (52, 205), "socketpair": (53, 199), "setsockopt": (54, 208), "getsockopt": (55, 209),
    "clone": (56, 220), "execve": (59, 221), "exit": (60, 93), "wait4": (61, 260), "kill": (62, 129),
    "uname": (63, 160), "semget": (64, 190), "semop": (65, 193), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "fcntl": (72, 25), "truncate": (76, 45), "ftruncate": (77, 46), "getcwd": (79, 17),
    "fchmod": (91, 52), "fchown": (93, 55), "gettimeofday": (96, 169), "getrlimit": (97, 163), "getrusage": (98, 165),
    "sysinfo": (99, 179), "times": (100, 153), "ptrace": (101, 117), "getuid": (102, 174), "syslog": (103, 116),
    "getgid": (104, 176), "geteuid": (107, 175), "getegid": (108, 177), "getppid": (110, 173), "getresuid": (118, 148),
    "getresgid": (120, 150), "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigqueueinfo": (129, 138),
    "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "sched_setparam": (142, 118), "sched_getparam": (143, 121),
    "sched_setscheduler": (144, 119), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "mlock": (149, 228), "munlock": (150, 229), "pivot_root": (155, 41),
    "prctl": (157, 167), "chroot": (161, 51), "mount": (165, 40), "umount2": (166, 39), "gettid": (186, 178),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "tkill": (200, 130), "futex": (202, 98),
    "sched_getaffinity": (204, 123), "restart_syscall": (219, 128), "semtimedop": (220, 192),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "exit_group": (231, 94),
    "epoll_ctl": (233, 21), "tgkill": (234, 131), "mq_open": (240, 180), "mq_unlink": (241, 181), "waitid": (247, 95),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "openat": (257, 56), "mkdirat": (258, 34),
    "mknodat": (259, 33), "fchownat": (260, 54), "newfstatat": (262, 79), "unlinkat": (263, 35), "renameat": (264, 38),
    "linkat": (265, 37), "symlinkat": (266, 36), "fchmodat": (268, 53), "pselect6": (270, 72), "ppoll": (271, 73),
    "unshare": (272, 97), "set_robust_list": (273, 99), "utimensat": (280, 88), "epoll_pwait": (281, 22),
    "timerfd_create": (283, 85), "fallocate": (285, 47), "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    "accept4": (288, 242), "eventfd2": (290, 19), "epoll_create1": (291, 20), "dup3": (292, 24), "pipe2": (293, 59),
    "preadv": (295, 69), "pwritev": (296, 70), "rt_tgsigqueueinfo": (297, 240), "perf_event_open": (298, 241),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "prlimit64": (302, 261), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "setns": (308, 268), "getcpu": (309, 168), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "renameat2": (316, 276), "seccomp": (317, 277),
    "getrandom": (318, 278), "memfd_create": (319, 279), "bpf": (321, 280), "execveat": (322, 281),
    "userfaultfd": (323, 282), "membarrier": (324, 283), "mlock2": (325, 284), "preadv2": (327, 286),
    "pwritev2": (328, 287), "statx": (332, 291), "rseq": (334, 293), "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "pidfd_open": (434, 434), "clone3": (435, 435),
    "close_range": (436, 436), "openat2": (437, 437), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "epoll_pwait2": (441, 441), "mount_setattr": (442, 442), "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446), "futex_waitv": (449, 449),
}  # fmt: skip
"""System call -> its number on x86_64 (arch/x86/entry/syscalls/syscall_64.tbl) and aarch64 (asm-generic/unistd.h)."""

LEGACY = {
    "open": 2, "creat": 85, "mkdir": 83, "rmdir": 84, "unlink": 87, "rename": 82, "link": 86, "symlink": 88,
    "chmod": 90, "chown": 92, "lchown": 94, "mknod": 133, "utime": 132, "utimes": 235, "futimesat": 261, "fork": 57,
    "vfork": 58, "poll": 7, "select": 23, "time": 201, "dup2": 33, "pipe": 22, "pause": 34, "epoll_create": 213,
    "epoll_wait": 232, "eventfd": 284,
}  # fmt: skip
"""Calls that x86_64 has and later machines do not, since others do the same."""

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
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


def known(names: Iterable[str], on: str) -> list[int]:
    """The numbers of those calls that the machine `on` has, in their order. Raises KeyError for one of no table."""
    has = NUMBERS if on != "x86_64" else {**NUMBERS, **{name: (n, -1) for name, n in LEGACY.items()}}
    return [has[name][MACHINES[on]] for name in names if name in has or not LEGACY[name]]


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
