"""What keeps the ear off the network, by the kernel's word: namespaces, a seccomp filter, and how that is shown.

syscalls    libc and system calls by number
namespaces  a network without interfaces, and a view of the disk without keys
landlock    the keys out of reach where there is no namespace
seccomp     no socket but AF_UNIX, and no call that undoes the sandbox
brokers     local services that could send on behalf of others
counters    the bytes that went over a process's network
attestation what the kernel says about a process, read from /proc
probes      everything a sandboxed process might try, for `echoctl audit`
"""
