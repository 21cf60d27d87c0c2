"""Everything that a sandboxed process might try. There each attempt must be refused, and by what should refuse it.

The list is kept apart from the filter's own, so that what the filter forgets is found here. Nothing can leave the
machine even where there is no sandbox: only the loopback interface is spoken to, and system calls are made with
arguments that mean nothing.
"""

import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from echoctl.sandbox import brokers, counters, syscalls

REFUSED, FAILED, OPEN = "refused", "failed", "open"
"""As the sandbox promises; not done, but not by the sandbox either; done."""

SECCOMP, NAMESPACE = "seccomp", "namespace"
"""What refuses: the filter, or a namespace of its own."""

SYSCALLS = (
    "io_uring_setup", "io_uring_enter", "io_uring_register", "setns", "unshare", "chroot", "pivot_root", "mount",
    "umount2", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "open_by_handle_at", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "bpf",
)  # fmt: skip

FAMILIES = 46
"""Socket families that Linux numbers, AF_MAX."""

_CLONE_NEWNS_AND_FS = 0x00020200
"""A combination that the kernel refuses as invalid, so that nothing is started where the filter lets it pass."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried."""

    name: str
    by: str
    """What is to refuse it: SECCOMP or NAMESPACE."""
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an attempt may reach for. Plain values, so that it travels to another process."""

    abstract: str
    """Name of an abstract unix socket that somebody outside listens on; "" when there is none."""
    keys: str
    """A folder that the sandboxed process must find empty."""
    outside: int
    """A process of the same user that is not sandboxed."""
    senders: Sequence[str] = ()
    """Services that send for others."""


def attempts(around: Surroundings) -> Iterator[Attempt]:
    """Try everything."""
    for name, act in _of_the_filter():
        yield _try(name, SECCOMP, act, (errno.EACCES, errno.ENOSYS) if name == "clone3" else (errno.EACCES,))
    if syscalls.machine() == "x86_64":
        yield _foreign()
    absent = (errno.ENOENT, errno.ECONNREFUSED, errno.EROFS, errno.EACCES, errno.EPERM)
    for name, act in _of_the_namespace(around):
        yield _try(name, NAMESPACE, act, absent)


def _of_the_filter() -> Iterator[tuple[str, Callable[[], object]]]:
    for name, family, host in (("IPv4", socket.AF_INET, "127.0.0.1"), ("IPv6", socket.AF_INET6, "::1")):
        yield f"TCP over {name}", partial(_connect, family, host)
        yield f"UDP over {name}", partial(_send, family, host, 9)
    yield "DNS", partial(_send, socket.AF_INET, "127.0.0.53", 53)
    named = (("netlink", 16, 3), ("packet", 17, 3), ("raw ICMP", 2, 3), ("vsock", 40, 1), ("Bluetooth", 31, 1))
    for name, number, kind in named:
        yield name, partial(_make, number, kind)
    yield "any other family", _any_family
    yield "a pair of network sockets", partial(syscalls.syscall, "socketpair", int(socket.AF_INET), 1, 0, 0)
    for name in SYSCALLS:
        yield name, partial(syscalls.syscall, name, -1, -1, -1, -1, -1, -1)
    yield "clone into a new namespace", partial(syscalls.syscall, "clone", _CLONE_NEWNS_AND_FS, 0, 0, 0, 0)
    yield "clone3", partial(syscalls.syscall, "clone3", 0, 0)


def _of_the_namespace(around: Surroundings) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "an interface that is up", _interface
    if around.abstract:
        yield "an abstract unix socket", partial(_unix, "\0" + around.abstract)
    keys = Path(around.keys)
    yield "read the key", partial(_files, keys)
    yield "write a key", partial(_write, keys / "attempt")
    # Around what covers the folder: by the view of a process that has another one.
    yield "read the key as another process sees it", partial(_files, Path(f"/proc/{around.outside}/root{keys}"))
    yield "reach into another process", partial(_reach, around.outside)
    for place in brokers.sockets(around.senders):
        yield f"ask {place}", partial(_unix, place)


def _try(name: str, by: str, act: Callable[[], object], refusals: Sequence[int]) -> Attempt:
    try:
        act()
    except OSError as error:
        detail = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return Attempt(name, by, REFUSED if error.errno in refusals else FAILED, detail)
    return Attempt(name, by, OPEN, "it worked")


def _connect(family: int, host: str) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.settimeout(1)
        made.connect((host, 9))


def _send(family: int, host: str, port: int) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as made:
        made.sendto(b"", (host, port))


def _make(family: int, kind: int) -> None:
    protocol = socket.IPPROTO_ICMP if kind == socket.SOCK_RAW and family == socket.AF_INET else 0
    socket.socket(family, kind, protocol).close()


def _any_family() -> None:
    """Make a socket of any family but the unix one. Raises the first refusal when all were refused by the filter."""
    for family in set(range(FAMILIES)) - {socket.AF_UNIX}:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                socket.socket(family, kind, 0).close()
                return
            except OSError as error:
                if error.errno != errno.EACCES:
                    raise
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _unix(address: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.settimeout(1)
        try:
            made.connect(address)
        except OSError as error:
            if error.errno == errno.EPROTOTYPE:  # a datagram socket, which listens all the same
                return
            raise


def _interface() -> None:
    """Find an interface that could carry something: any but a loopback one on which nothing ever went."""
    if counters.interfaces(os.getpid()) not in ({}, {"lo": (0, 0)}):
        return
    raise FileNotFoundError(errno.ENOENT, "there is none")


def _files(folder: Path) -> None:
    """Read what lies in a folder. Raises FileNotFoundError when nothing does."""
    found = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    if not found:
        raise FileNotFoundError(errno.ENOENT, "it is empty")


def _reach(process: int) -> None:
    with open(f"/proc/{process}/mem", "r+b"):
        return


def _write(path: Path) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.unlink()


def _foreign() -> Attempt:
    """A call by a number of x32, in a copy of this process, since the answer is death."""
    name = "calls of another architecture"
    child = os.fork()
    if child == 0:
        try:
            syscalls.raw_syscall(0x40000000 + 39)
        except OSError as error:
            os._exit(2 if error.errno == errno.ENOSYS else 1)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        return Attempt(name, SECCOMP, REFUSED, "SIGSYS")
    return Attempt(name, SECCOMP, FAILED if os.WEXITSTATUS(status) == 2 else OPEN, "the kernel has none of its calls")
