"""A process of ours, as the one that starts it holds it: started, watched through its stderr, ended."""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from echoctl import logs, paths
from echoctl.errors import StoreError

_MOST_SAID = 16_384
"""Bytes of what one process writes to its stderr that go to the log; of more nobody learns anything."""

_PLACE = re.compile(rb'^ *File "([^"\n]{1,300})", line (\d{1,6})', re.MULTILINE)


class Child:
    """`python -m MODULE ARGUMENTS`, with these descriptors and no others, and no terminal.

    Its stderr is a pipe, whose end is its end: `fileno()` becomes readable. What C libraries write there goes to the
    log, up to a limit, and only while `trusted`: once a process hears a room or reads packets, nothing that it says may
    reach a file, but in which lines of which programs a bug was.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        passing: Sequence[int] = (),
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
    ) -> None:
        read, write = os.pipe2(os.O_CLOEXEC)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *arguments],
                stdin=stdin,
                stdout=stdout,
                stderr=write,
                pass_fds=passing,
                env=paths.child_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is for the front, which ends them in good order
            )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        self._said = read
        self._left = _MOST_SAID
        self._tail = b""
        self.trusted = True

    @property
    def pid(self) -> int:
        """Of the process that does the work: in a sandbox with numbers of its own, the child of the one started."""
        own = self._process.pid
        try:
            with open(f"/proc/{own}/task/{own}/children", encoding="ascii") as file:
                return int((file.read().split() or [str(own)])[0])
        except OSError:
            return own

    def fileno(self) -> int:
        """Readable when it has written to its stderr, or ended."""
        return self._said

    def listen(self) -> int | None:
        """Take what it wrote; returns its exit code once it has ended, less than zero for a signal, else None."""
        data = os.read(self._said, 4096)
        if not data:
            code = self._process.wait()
            if code and not self.trusted:
                self._log(b"".join(_places(self._tail)))
            return code
        if self.trusted and self._left > 0:
            self._left -= len(data)
            self._log(data)
        self._tail = (self._tail + data)[-_MOST_SAID:]
        return None

    def _log(self, data: bytes) -> None:
        with contextlib.suppress(OSError, StoreError):
            log = logs.open_log()
            try:
                os.write(log, data)
            finally:
                os.close(log)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Kill what still runs, and let go of it."""
        if self._process.poll() is None:
            self.kill()
        self._process.wait()
        os.close(self._said)


def exactly(pipe: int, size: int, end: float) -> bytes:
    """So many bytes of a process. Raises EOFError, or TimeoutError (an OSError) at the moment `end` (monotonic)."""
    data = bytearray()
    while len(data) < size:
        if not select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            raise TimeoutError
        part = os.read(pipe, min(size - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _places(said: bytes) -> Iterator[bytes]:
    """The places in a traceback: files that there are, and their lines, which can tell nothing else."""
    for path, line in _PLACE.findall(said):
        if os.path.isfile(path):
            yield b"  died at %s, line %s\n" % (path, line)
