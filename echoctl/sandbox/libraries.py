"""Libraries that are found by asking a program: before the sandbox, in which no program can be started.

`ctypes.util.find_library` asks ldconfig or a compiler where a library is; modules that are imported later ask it again.
"""

import ctypes.util


def remember(*names: str) -> None:
    """Find these libraries now; from then on `find_library` knows them, and no others."""
    found = {name: ctypes.util.find_library(name) for name in names}
    ctypes.util.find_library = found.get  # type: ignore[assignment]
