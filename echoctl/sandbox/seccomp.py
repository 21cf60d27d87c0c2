"""The filter: no socket of any family but AF_UNIX, and no call that would undo or go around the sandbox.

A classic BPF program (seccomp(2)), packed by hand: 4 bytes are loaded from `struct seccomp_data`, compared, and the
verdict returned. It needs no rights, holds for all threads (TSYNC), for every program that is started from here, and
cannot be taken off again. Refused calls fail with EACCES, so that a library reports an error instead of dying; calls
by another architecture's numbers end the process, since no honest library of ours makes them.
"""

import errno
import socket

from echoctl.sandbox import bpf, syscalls

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


def install() -> None:
    """Put the filter on this process, for good. Raises OSError where the kernel or the machine has none."""
    here = syscalls.machine()
    if not here:
        raise OSError(errno.ENOSYS, "no filter for this machine", "seccomp")
    bpf.install(program(here))


def program(machine: str) -> list[bpf.Instruction]:
    """The filter for a machine of kernel.MACHINES."""
    verdicts = [("deny", bpf.DENY), ("nosys", bpf.MISSING), ("allow", bpf.ALLOW)]
    steps = bpf.opening(machine)
    special = {"socket": "family", "socketpair": "family", "clone": "flags", "clone3": "nosys"}
    for name, target in [*special.items(), *((name, "deny") for name in DENIED)]:
        steps.append(("", bpf.JUMP_EQUAL, syscalls.number(name, machine), target, ""))
    steps += [
        ("", bpf.JUMP_EQUAL, syscalls.number("socket", machine), "allow", "allow"),
        ("family", bpf.LOAD, bpf.ARGUMENT_0, "", ""),
        ("", bpf.JUMP_EQUAL, socket.AF_UNIX, "allow", "deny"),
        ("flags", bpf.LOAD, bpf.ARGUMENT_0, "", ""),
        ("", bpf.JUMP_BITS, NEW_NAMESPACE, "deny", "allow"),
        *((label, bpf.RETURN, verdict, "", "") for label, verdict in verdicts),
    ]
    return bpf.assembled(steps)
