"""Calls that no process of a listener ever makes, loading or at work: they undo a sandbox, or go around it."""

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
"""By their names in syscalls.NUMBERS."""

NEW_NAMESPACE = 0x7E020000
"""clone(2): every CLONE_NEW* flag that it takes."""
