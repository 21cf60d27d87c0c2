"""What keeps the ear off the network, by the kernel's word: namespaces, a seccomp filter, and how that is shown.

kernel      libc and system calls by number
namespaces  a network without interfaces, and a view of the disk without keys
landlock    the keys out of reach where there is no namespace
seccomp     no socket but AF_UNIX, and no call that undoes the seal
senders     local services that could send on behalf of others
counters    the bytes that went over a process's network
attest      what the kernel says about a process, read from /proc
attempts    everything a sealed process might try, for `echoctl audit`
"""
