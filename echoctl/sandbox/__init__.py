"""What keeps the ear off the network, by the kernel's word: namespaces, a seccomp filter, and how that is shown.

syscalls    libc and system calls by number
confinement what a process keeps in sight when it is shut in
root        an empty root with that in it, and no other process
keeper      the process that stays outside and waits for the one inside
filters     what may be asked of the kernel, while loading and at work
bpf         such filters as programs
namespaces  a network without interfaces, and a view of the disk without keys
landlock    the same out of reach where there is no namespace
seccomp     no socket but AF_UNIX, and no call that undoes the sandbox
brokers     local services that could send on behalf of others
counters    the bytes that went over a process's network
attestation what the kernel says about a process, read from /proc
probes      everything a sandboxed process might try, for `echoctl audit`
"""
