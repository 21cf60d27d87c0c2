"""What a process that takes foreign bytes apart may use: memory, files, no core."""

import resource
import sys


def confine(memory_bytes: int) -> None:
    """No file, no core, few descriptors, and no more memory than `memory_bytes` beyond what is taken already.

    Call it once all libraries are loaded. macOS does not honour a limit of the address space, so it gets none.
    """
    limits = [(resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 16)]
    if sys.platform == "linux":
        try:
            with open("/proc/self/statm") as file:
                taken = int(file.read().split()[0]) * resource.getpagesize()
        except OSError:  # a sandbox without /proc, in some containers
            taken = memory_bytes
        limits.append((resource.RLIMIT_AS, taken + memory_bytes))
    for kind, most in limits:
        resource.setrlimit(kind, (most, most))
