"""What a process that was shut in may still ask of the kernel: while it loads its libraries, and when it is at work.

Loading is full of surprises (linker, locale, configuration), so `loading` is a list of what is forbidden. At work
little is left, so `running` is a list of what is allowed: no path can be opened any more, nothing connected or started.
Both are put on all threads and never come off; what one forbids the other cannot allow.
"""

import errno
import os
import socket
from collections.abc import Sequence

from echoctl.sandbox import bpf, seccomp, syscalls
from echoctl.sandbox.bpf import AMONG, NOT_AMONG, NULL, WITH, WITHOUT, Demand, Instruction
from echoctl.sandbox.confinement import Confinement

STARTS = ("execve", "execveat", "fork", "vfork")
SIGNALS = ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal")
SHARED = ("shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "semget", "semop", "semtimedop", "mq_open",
          "mq_unlink", "add_key", "request_key", "keyctl")  # fmt: skip
"""System V's and POSIX's ways to other processes, and the keyrings."""

KERNEL = ("userfaultfd", "perf_event_open", "fanotify_init", "fanotify_mark", "name_to_handle_at", "syslog", "kcmp",
          "process_madvise")  # fmt: skip
CHANGES = (
    "creat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "mknod", "mknodat", "truncate", "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown",
    "fchownat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "utime", "utimes",
    "futimesat", "utimensat",
)  # fmt: skip
"""What changes the disk without opening a file."""

SERVES = ("bind", "listen", "accept", "accept4")

CALM = (
    "read", "write", "futex", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
    "close", "close_range", "fstat", "lseek", "dup", "dup2", "dup3", "pipe", "pipe2", "eventfd", "eventfd2",
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "mlock2", "munlock", "membarrier",
    "futex_waitv", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "getcpu", "restart_syscall",
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times",
    "getitimer", "setitimer", "pause", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
    "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid",
    "getegid", "getresuid", "getresgid", "getrandom", "getrusage", "getrlimit", "getcwd", "uname", "sysinfo", "exit",
    "exit_group",
)  # fmt: skip
"""What computing, waiting, and reading and writing what is open are made of. The most frequent come first.

getcwd: Python asks for it before it finds that a module is not there."""

TALKS = (
    "sendto", "sendmsg", "recvfrom", "recvmsg", "getsockopt", "setsockopt", "shutdown", "getsockname", "getpeername",
    "ftruncate", "fallocate", "memfd_create", "timerfd_create", "timerfd_settime", "timerfd_gettime",
    "sched_setscheduler", "sched_setparam", "sched_getscheduler", "sched_getparam", "sched_get_priority_max",
    "sched_get_priority_min",
)  # fmt: skip
"""What a conversation with a sound server or a sound card takes besides, over what is open already."""

WAITS = (
    "wait4", "waitid", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "mmap", "munmap", "brk",
    "mprotect", "madvise", "futex", "getpid", "exit", "exit_group",
)  # fmt: skip
"""What the process needs that waits for another."""

_NEWER = 451
"""Calls with numbers from here on (cachestat, Linux 6.5) are not known here; libraries do without them."""

_OPEN_WRITING = (0o1, 0o2, 0o100, 0o1000)
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same on both machines."""

_CLONE_THREAD, _AT_EMPTY_PATH = 0x10000, 0x1000
_PR_SET_NAME, _PR_GET_NAME, _PR_SET_PTRACER = 15, 16, 0x59616D61
_OWNERS = (8, 10, 15, 1024, 1026)
"""fcntl(2) commands that have signals sent: F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY."""

_FCNTL = (0, 1, 2, 3, 4, 1030, 1032, 1033, 1034)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS."""

_TERMINAL = (0x5412, 0x541C, 0x540E, 0x5410, 0x541D, 0x5423, 0x8901, 0x8902)
"""ioctl(2) requests that type into a terminal or take it over, or have signals sent: TIOCSTI, TIOCLINUX, TIOCSCTTY,
TIOCSPGRP, TIOCCONS, TIOCSETD, FIOSETOWN, SIOCSPGRP."""

_IOCTL = (0x541B, 0x5421, 0x5451, 0x5450, 0x5401, 0x802C542A, 0x5413)
"""FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TCGETS2 (is it a terminal?), TIOCGWINSZ."""

_THREAD = (Demand(0, WITH, (_CLONE_THREAD,)), Demand(0, WITHOUT, (seccomp.NEW_NAMESPACE,)))


def load(confinement: Confinement) -> None:
    """Forbid what is never needed, loading included. Raises OSError where the kernel or the machine has no filter."""
    bpf.install(loading(_here(), os.getpid(), confinement))


def lock(*, talks: bool = False) -> None:
    """Allow only what work is made of, once everything is loaded and opened. Raises OSError like `load`.

    `talks`: over sockets or sound devices that are open. What it forbids fails with EACCES; a module that is imported
    later is not found.
    """
    bpf.install(running(_here(), os.getpid(), talks=talks))


def wait_for(inner: int) -> None:
    """Allow only what waiting for the process `inner` takes, and to pass signals on to it."""
    bpf.install(waiting(_here(), os.getpid(), inner))


def loading(machine: str, pid: int, confinement: Confinement) -> list[Instruction]:
    """The filter of a process `pid` that loads its libraries."""
    denied = [*seccomp.DENIED, *STARTS, *SIGNALS, *SHARED, *KERNEL, *CHANGES, *SERVES]
    rules: dict[str, Sequence[Demand]] = {
        **_own(pid),
        "kill": (Demand(0, AMONG, (pid,)),),
        "prctl": (Demand(0, NOT_AMONG, (syscalls.PR_SET_PDEATHSIG, syscalls.PR_SET_DUMPABLE, _PR_SET_PTRACER)),),
        "prlimit64": (Demand(0, AMONG, (0, pid)),),
        "fcntl": (Demand(1, NOT_AMONG, _OWNERS),),
        "ioctl": (Demand(1, NOT_AMONG, _TERMINAL),),
    }
    if confinement.unix_sockets:
        rules |= dict.fromkeys(("socket", "socketpair"), (Demand(0, AMONG, (socket.AF_UNIX,)),))
    else:
        denied += ["socket", "socketpair", "connect"]
    if not confinement.writes:
        rules |= {"open": (Demand(1, WITHOUT, _OPEN_WRITING),), "openat": (Demand(2, WITHOUT, _OPEN_WRITING),)}
    verdicts = [(denied, bpf.DENY), (("clone3", "openat2"), bpf.MISSING)]
    return bpf.filter_of(machine, verdicts, rules, bpf.ALLOW, _NEWER)


def running(machine: str, pid: int, *, talks: bool) -> list[Instruction]:
    """The filter of a process `pid` that is at work."""
    rules: dict[str, Sequence[Demand]] = {
        **_own(pid),
        "ioctl": (Demand(1, NOT_AMONG, _TERMINAL) if talks else Demand(1, AMONG, _IOCTL),),
        "fcntl": (Demand(1, AMONG, _FCNTL),),
        "prctl": (Demand(0, AMONG, (_PR_SET_NAME, _PR_GET_NAME)),),
        "prlimit64": (Demand(0, AMONG, (0, pid)), Demand(2, NULL)),
        # glibc's fstat. That its path is empty cannot be seen here: what remains is to ask whether a file is there.
        "newfstatat": (Demand(3, WITH, (_AT_EMPTY_PATH,)),),
        "statx": (Demand(2, WITH, (_AT_EMPTY_PATH,)),),
    }
    verdicts = [((*CALM, *TALKS) if talks else CALM, bpf.ALLOW), (("clone3", "openat2"), bpf.MISSING)]
    return bpf.filter_of(machine, verdicts, rules, bpf.DENY, _NEWER)


def waiting(machine: str, pid: int, inner: int) -> list[Instruction]:
    """The filter of a process `pid` that waits for the process `inner`."""
    rules = {
        "kill": (Demand(0, AMONG, (pid, inner)),),
        "prctl": (Demand(0, AMONG, (syscalls.PR_SET_DUMPABLE,)), Demand(1, NULL)),
    }
    return bpf.filter_of(machine, [(WAITS, bpf.ALLOW)], rules, bpf.DENY)


def _own(pid: int) -> dict[str, Sequence[Demand]]:
    """New threads, but no new processes; and signals to one's own threads alone, as abort(3) sends one."""
    return {"clone": _THREAD, "tgkill": (Demand(0, AMONG, (pid,)),)}


def _here() -> str:
    if machine := syscalls.machine():
        return machine
    raise OSError(errno.ENOSYS, "no filter for this machine", "seccomp")
