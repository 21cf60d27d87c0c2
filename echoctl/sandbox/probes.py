"""Everything that a process at work might try once it is in somebody else's hands. Each attempt must be refused.

The list is kept apart from the filter's own, so that what the filter forgets is found here. Nothing is changed where
there is no sandbox either, and nothing leaves the machine: only the loopback interface is spoken to, files are opened
and not written, signals have the number 0, and system calls are made with arguments that mean nothing.
"""

import ctypes
import errno
import os
import signal
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from echoctl.sandbox import attestation, brokers, counters, syscalls

REFUSED, FAILED, OPEN = "refused", "failed", "open"
"""As the sandbox promises; not done, but not by the sandbox either; done."""

FILTER, ROOT = "filter", "root"
"""What refused it: the filter of a process at work, or that there is nothing behind an empty root."""

SYSCALLS = (
    "io_uring_setup", "io_uring_enter", "io_uring_register", "setns", "unshare", "chroot", "pivot_root", "mount",
    "umount2", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "open_by_handle_at", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "bpf",
)  # fmt: skip
"""What would undo a sandbox, or go around it."""

CHANGES = (
    "mkdirat", "unlinkat", "renameat2", "linkat", "symlinkat", "mknodat", "truncate", "fchmodat", "fchownat",
    "setxattr", "removexattr", "utimensat", "fchmod", "fchown",
)  # fmt: skip
ASKS = (
    "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal", "process_madvise", "kcmp",
    "userfaultfd", "perf_event_open", "fanotify_init", "name_to_handle_at", "syslog", "mq_unlink", "add_key",
    "request_key", "semget", "bind", "listen", "accept4", "connect", "execveat",
)  # fmt: skip
"""What changes files; what reaches other processes or the kernel, or starts a program."""

BYSTANDER = "a bystander"
_CLONE_NEWNS_AND_FS = 0x00020200
"""A combination that the kernel refuses as invalid, so that nothing is started where the filter lets it pass."""

_ABSENT = (errno.ENOENT, errno.ESRCH, errno.ECONNREFUSED, errno.EROFS, errno.ENETUNREACH)  # as it shows behind a root

_TIOCSTI, _PTRACE_SEIZE, _AT_FDCWD, _AT_EMPTY_PATH, _RLIMIT_CORE, _SESSION_KEYRING = 0x5412, 0x4206, -100, 0x1000, 4, -3
_FAMILIES, _BAD = 46, -1  # AF_MAX, as many Linux numbers; and what neither a descriptor nor an address is


class Absent(Exception):
    """There was nothing to find."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried."""

    process: str
    kind: str
    """network, services, files, terminals, processes, itself, calls."""
    name: str
    by: str
    """What refused it: FILTER or ROOT; "" when nothing did."""
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an attempt may reach for, found outside. Plain values, so that it travels to another process."""

    process: str
    """Who tries, for the report."""
    whole: bool
    """Whether there is an empty root, or nothing at all: not where files are there and cannot be opened."""
    front: int
    """The process that started it, and is not sandboxed."""
    others: Mapping[str, int]
    """More processes, and how they are called in the report. One is BYSTANDER, since who is traced may stand still."""
    memory: int
    """Where in the front's memory 8 bytes are to be read and written."""
    ports: tuple[int, int]
    """Ports of the loopback that somebody outside listens on, IPv4 and IPv6."""
    sockets: Sequence[tuple[str, str]]
    """Unix sockets outside, and how they are called in the report; an abstract one begins with a zero byte."""
    key: str
    """A file that must not be seen, in a folder of its kind."""
    home: str
    writable: Sequence[tuple[str, str]]
    """Files that must not be written, and folders that nothing must be made in."""
    terminals: Sequence[str] = ()
    given: Sequence[tuple[int, int]] = ()
    """Device and inode of the files that it was handed."""
    sound: bool = False
    """Whether it may hold a connection to a sound server, and memory that it shares with that."""


Named = Iterator[tuple[str, str, Callable[[], object]]]
"""kind, name, and how it is done."""


def attempts(around: Surroundings) -> Iterator[Attempt]:
    """Try everything that can be survived: a call of another architecture cannot."""
    for offers in (_network, _files, _terminals, _processes, _memory, _itself, _calls):
        for kind, name, act in offers(around):
            yield _try(around, kind, name, act)


def _try(around: Surroundings, kind: str, name: str, act: Callable[[], object]) -> Attempt:
    outcome, by, detail = OPEN, "", "it worked"
    try:
        act()
    except Absent:
        outcome, by, detail = REFUSED, ROOT if around.whole else FILTER, "there is none"
    except OSError as error:
        detail = errno.errorcode.get(error.errno or 0, type(error).__name__)
        if error.errno == (errno.ENOSYS if name == "clone3" else errno.EACCES):
            by = FILTER
        elif error.errno in _ABSENT and around.whole and kind != "calls":
            by = ROOT
        outcome = REFUSED if by else FAILED
    return Attempt(around.process, kind, name, by, outcome, detail)


def _network(around: Surroundings) -> Named:
    hosts = (("IPv4", socket.AF_INET, "127.0.0.1"), ("IPv6", socket.AF_INET6, "::1"))
    for (name, family, host), port in zip(hosts, around.ports, strict=True):
        yield "network", f"TCP over {name}", partial(_connect, family, host, port)
        yield "network", f"UDP over {name}", partial(_send, family, host, 9)
    yield "network", "DNS", partial(_send, socket.AF_INET, "127.0.0.53", 53)
    named = (("netlink", 16, 3), ("packet", 17, 3), ("raw ICMP", 2, 3), ("vsock", 40, 1), ("Bluetooth", 31, 1))
    for name, number, kind in named:
        yield "network", name, partial(_make, number, kind)
    yield "network", "any other family", _any_family
    pair = partial(syscalls.syscall, "socketpair", int(socket.AF_INET), 1, 0, 0)
    yield "network", "a pair of network sockets", partial(_reaches, errno.EFAULT, pair)
    yield "network", "an interface that is up", _interface
    for name, place in around.sockets:
        yield "services", f"ask {name}", partial(brokers.ask, place)


def _files(around: Surroundings) -> Named:
    keys, seen = os.path.dirname(around.key), f"/proc/{around.front}/root{around.key}"
    yield "files", "read the key", partial(_open, around.key, os.O_RDONLY)
    yield "files", "write the key", partial(_write, around.key)
    yield "files", "write another key", partial(_write, keys)
    # Around what covers the folder: by the view of a process that has another one.
    yield "files", "read the key as another process sees it", partial(_open, seen, os.O_RDONLY)
    yield "files", "write the key as another process sees it", partial(_write, seen)
    yield "files", "list the keys", partial(os.listdir, keys)
    yield "files", "list home", partial(os.listdir, around.home)
    if around.whole:
        asked = ctypes.create_string_buffer(256)
        there = partial(syscalls.syscall, "newfstatat", _AT_FDCWD, os.fsencode(around.key), asked, _AT_EMPTY_PATH)
        yield "files", "see whether the key is there", there
    for name, place in around.writable:
        yield "files", f"write {name}", partial(_write, place)


def _terminals(around: Surroundings) -> Named:
    for place in around.terminals:
        yield "terminals", f"open {place}", partial(_open, place, os.O_RDWR | os.O_NOCTTY)
    yield "terminals", "type into a terminal that is open", _type


def _processes(around: Surroundings) -> Named:
    named, bystander = {"the front": around.front, **around.others}, around.others[BYSTANDER]
    for name, number in {**named, "process 1": 1, "every process": -1}.items():
        yield "processes", f"signal {name}", partial(os.kill, number, 0)
    yield "processes", "hold another by a descriptor", lambda: os.close(syscalls.syscall("pidfd_open", around.front, 0))
    yield "processes", "trace another", partial(syscalls.syscall, "ptrace", _PTRACE_SEIZE, bystander, 0, 0)
    yield "processes", "list others", _others
    for name, number in named.items():
        yield "processes", f"see the environment of {name}", partial(_open, f"/proc/{number}/environ", os.O_RDONLY)
        yield "processes", f"see what {name} has open", partial(os.listdir, f"/proc/{number}/fd")
        yield "processes", f"reach into the memory of {name}", partial(_open, f"/proc/{number}/mem", os.O_RDWR)
    yield "processes", "fork", _fork
    if syscalls.machine() == "x86_64":
        yield "processes", "fork as of old", partial(_fork, syscalls.LEGACY["fork"])
    # Without arguments that could be read: the program is found and may be run, and does not begin.
    begin = partial(syscalls.syscall, "execve", b"/bin/true", _BAD, _BAD)
    yield "processes", "run a program", partial(_reaches, errno.EFAULT, begin)
    yield "processes", "run a program that is in memory alone", _exec_memory


def _memory(around: Surroundings) -> Named:
    for name in ("process_vm_readv", "process_vm_writev"):
        what = "read" if name.endswith("readv") else "write"
        yield "processes", f"{what} the front's memory", partial(_across, name, around.front, around.memory)
    call = syscalls.call
    yield "processes", "shared memory of System V", lambda: call("shmctl", call("shmget", 0, 4096, 0o600), 0, None)
    yield "processes", "a queue of System V", lambda: call("msgctl", call("msgget", 0, 0o600), 0, None)
    look = partial(syscalls.syscall, "mq_open", b"no such queue of echoctl", os.O_RDWR, 0, None)
    yield "processes", "a queue of POSIX", partial(_reaches, errno.ENOENT, look)
    yield "processes", "a keyring", partial(syscalls.syscall, "keyctl", 0, _SESSION_KEYRING, 1)


def _itself(around: Surroundings) -> Named:
    yield "itself", "let others look into it", partial(syscalls.call, "prctl", syscalls.PR_SET_DUMPABLE, 1, 0, 0, 0)
    core = struct.pack("=QQ", 1 << 20, 1 << 20)
    yield "itself", "leave a core", partial(syscalls.syscall, "prlimit64", 0, _RLIMIT_CORE, core, None)
    yield "itself", "a file or folder that is open", partial(_strays, around, sockets=False)
    yield "itself", "a socket that is open", partial(_strays, around, sockets=True)


def _calls(_around: Surroundings) -> Named:
    for name in (*SYSCALLS, *CHANGES, *ASKS):
        yield "calls", name, partial(syscalls.syscall, name, *[_BAD] * 6)
    yield "calls", "clone into a new namespace", partial(syscalls.syscall, "clone", _CLONE_NEWNS_AND_FS, 0, 0, 0, 0)
    yield "calls", "clone3", partial(syscalls.syscall, "clone3", 0, 0)


def _connect(family: int, host: str, port: int) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.settimeout(1)
        made.connect((host, port))


def _send(family: int, host: str, port: int) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as made:
        made.sendto(b"", (host, port))


def _make(family: int, kind: int) -> None:
    protocol = socket.IPPROTO_ICMP if kind == socket.SOCK_RAW and family == socket.AF_INET else 0
    socket.socket(family, kind, protocol).close()


def _any_family() -> None:
    """Make a socket of any family but the unix one. Raises what another than the filter refused, else its refusal."""
    refusals = []
    for family in set(range(_FAMILIES)) - {socket.AF_UNIX}:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                return socket.socket(family, kind, 0).close()
            except OSError as error:
                refusals.append(error)
    raise next((error for error in refusals if error.errno != errno.EACCES), refusals[0])


def _interface() -> None:
    """Find an interface that could carry something: any but a loopback one on which nothing ever went."""
    if counters.interfaces(os.getpid()) in ({}, {"lo": (0, 0)}):
        raise Absent


def _reaches(answer: int, act: Callable[[], object]) -> None:
    """Do what is done already when it fails like this: the kernel has looked at more than whether it may be done."""
    try:
        act()
    except OSError as error:
        if error.errno != answer:
            raise


def _open(path: str, flags: int) -> None:
    os.close(os.open(path, flags | os.O_CLOEXEC))


def _write(path: str) -> None:
    """Open a file to write, or a folder to make a file in that has no name."""
    try:
        _open(path, os.O_WRONLY)
    except IsADirectoryError:
        _open(path, os.O_WRONLY | os.O_TMPFILE)


def _type() -> None:
    """Type nothing into what is open: where that would be allowed the kernel misses the letter."""
    refusals = []
    for number in range(1024):
        try:
            return _reaches(errno.EFAULT, partial(syscalls.syscall, "ioctl", number, _TIOCSTI, 0))
        except OSError as error:
            refusals.append(error)
    raise next((error for error in refusals if error.errno == errno.EACCES), Absent())


def _others() -> None:
    if not {name for name in os.listdir("/proc") if name.isdigit()} - {str(os.getpid())}:
        raise Absent


def _fork(number: int = 0) -> None:
    """Without the C library, whose threads need not know of a copy that ends at once."""
    call = (number,) if number else (syscalls.number("clone"), int(signal.SIGCHLD), 0, 0, 0, 0)
    child = syscalls.raw_syscall(*call)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _exec_memory() -> None:
    memory = syscalls.call("memfd_create", b"x", 0)
    try:
        os.write(memory, b"#!/bin/true\n")
        begin = partial(syscalls.syscall, "execveat", memory, b"", _BAD, _BAD, _AT_EMPTY_PATH)
        _reaches(errno.EFAULT, begin)
    finally:
        os.close(memory)


def _across(call: str, process: int, address: int) -> None:
    own = ctypes.create_string_buffer(8)
    here, there = (struct.pack("=QQ", place, 8) for place in (ctypes.addressof(own), address))
    syscalls.syscall(call, process, here, 1, there, 1, 0)


def _strays(around: Surroundings, *, sockets: bool) -> None:
    if not attestation.strays({(device, inode) for device, inode in around.given}, sockets=sockets, sound=around.sound):
        raise Absent
