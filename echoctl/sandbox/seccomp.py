"""The filter: no socket of any family but AF_UNIX, and no call that would undo or go around the sandbox.

A classic BPF program (seccomp(2)), packed by hand: 4 bytes are loaded from `struct seccomp_data`, compared, and the
verdict returned. It needs no rights, holds for all threads (TSYNC), for every program that is started from here, and
cannot be taken off again. Refused calls fail with EACCES, so that a library reports an error instead of dying; calls
by another architecture's numbers end the process, since no honest library of ours makes them.
"""

import ctypes
import errno
import socket
import struct

from echoctl.sandbox import syscalls

DENIED = (
    # io_uring makes sockets and sends without the calls that the filter looks at.
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    # Into another namespace, or around what is mounted over.
    "setns",
    "unshare",
    "chroot",
    "pivot_root",
    "mount",
    "umount2",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "open_by_handle_at",
    # Let another process do it: take its sockets, or write into it.
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "bpf",
)
"""Calls that a microphone and a recogniser never make, by their names in kernel.NUMBERS."""

NEW_NAMESPACE = 0x7E020000
"""clone(2): every CLONE_NEW* flag that it takes."""

DENY = errno.EACCES
"""What a refused call fails with. clone3 fails with ENOSYS: its flags are out of a filter's sight, and glibc then
falls back to clone."""

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_*, linux/audit.h."""

_X32 = 0x40000000
"""Numbers from here on are those of x32, on x86_64."""

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARGUMENT_0 = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_SET_MODE_FILTER, _TSYNC = 1, 1

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, k: `struct sock_filter`."""


def install() -> None:
    """Put the filter on this process, for good. Raises OSError where the kernel or the machine has none."""
    here = syscalls.machine()
    if not here:
        raise OSError(errno.ENOSYS, "no filter for this machine", "seccomp")
    code = b"".join(struct.pack("HBBI", *step) for step in program(here))
    steps = ctypes.create_string_buffer(code, len(code))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(steps)))
    syscalls.call("prctl", syscalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if thread := syscalls.syscall("seccomp", _SET_MODE_FILTER, _TSYNC, filter_):
        raise OSError(errno.ESRCH, f"thread {thread} has a filter of its own", "seccomp")


def program(machine: str) -> list[Instruction]:
    """The filter for a machine of kernel.MACHINES."""
    verdicts = [("deny", _ERRNO | DENY), ("nosys", _ERRNO | errno.ENOSYS), ("kill", _KILL), ("allow", _ALLOW)]
    steps: list[tuple[str, int, int, str, str]] = [
        ("", _LOAD, _ARCH, "", ""),
        ("", _JUMP_EQUAL, _ARCHITECTURE[machine], "", "kill"),
        ("", _LOAD, _NR, "", ""),
    ]
    if machine == "x86_64":
        steps.append(("", _JUMP_AT_LEAST, _X32, "kill", ""))
    special = {"socket": "family", "socketpair": "family", "clone": "flags", "clone3": "nosys"}
    for name, target in [*special.items(), *((name, "deny") for name in DENIED)]:
        steps.append(("", _JUMP_EQUAL, syscalls.number(name, machine), target, ""))
    steps += [
        ("", _JUMP_EQUAL, syscalls.number("socket", machine), "allow", "allow"),
        ("family", _LOAD, _ARGUMENT_0, "", ""),
        ("", _JUMP_EQUAL, socket.AF_UNIX, "allow", "deny"),
        ("flags", _LOAD, _ARGUMENT_0, "", ""),
        ("", _JUMP_BITS, NEW_NAMESPACE, "deny", "allow"),
        *((label, _RETURN, verdict, "", "") for label, verdict in verdicts),
    ]
    return _assembled(steps)


def _assembled(steps: list[tuple[str, int, int, str, str]]) -> list[Instruction]:
    """Labels become distances, counted from the next instruction; an empty one means "go on"."""
    places = {label: place for place, (label, *_) in enumerate(steps) if label}

    def distance(target: str, place: int) -> int:
        return places[target] - place - 1 if target else 0

    return [(code, distance(yes, n), distance(no, n), k) for n, (_, code, k, yes, no) in enumerate(steps)]
