"""The log file: for what has no terminal to go to.

C libraries (PortAudio, ALSA, Kaldi) write to file descriptor 2 whenever they like, and a bug leaves its traceback
here. Neither audio, nor transcripts, nor keys are ever passed to this module.
"""

import contextlib
import os
import time
import traceback
from collections.abc import Iterator

from echoctl import paths

KEEP_BYTES = 1_000_000
"""A log that has grown beyond this starts anew, keeping the one before as `.1`."""


def open_log() -> int:
    """Open the log for appending and return its descriptor (0600, in the private state folder)."""
    paths.private_dir(paths.state_dir())
    name = paths.log_file()
    with contextlib.suppress(FileNotFoundError):
        if os.stat(name).st_size > KEEP_BYTES:
            os.replace(name, name + ".1")
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def record_bug(error: BaseException) -> str:
    """Append a traceback, without the values of any variable, and return the log's path."""
    log = open_log()
    try:
        lines = "".join(traceback.format_exception(error))
        os.write(log, f"--- {time.strftime('%Y-%m-%dT%H:%M:%S%z')}\n{lines}".encode())
    finally:
        os.close(log)
    return paths.log_file()


@contextlib.contextmanager
def c_libraries_to_log() -> Iterator[int]:
    """Send descriptor 2 to the log while it lasts; yields a copy of the real one for people's messages."""
    log = open_log()
    real = os.dup(2)
    os.set_inheritable(real, False)
    os.dup2(log, 2)
    os.close(log)
    try:
        yield real
    finally:
        os.dup2(real, 2)
        os.close(real)
