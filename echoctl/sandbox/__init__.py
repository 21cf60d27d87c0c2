"""What shuts a process in, by the kernel's word: an empty root, namespaces, filters, and how that is shown.

syscalls    libc and system calls by number
confinement what a process keeps in sight when it is shut in
root        an empty root with that in it, and no other process
outer       the process that stays outside and waits for the one inside
filters     what may be asked of the kernel, while loading and at work
bpf         such filters as programs
namespaces  users of a namespace of one's own
libraries   libraries that are found by asking a program
landlock    the same out of reach where there is no namespace
seccomp     calls that no process of a listener makes
brokers     local services that do things for others, and the sound server's sockets
counters    the bytes that went over a process's network
attestation what the kernel says about a process, read from /proc
probes      everything a sandboxed process might try, for `echoctl audit`
"""
