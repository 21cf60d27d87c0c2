"""A terminal of its own for a program, without a terminal emulator: what the program draws, and when it came."""

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SIZE = (120, 40)


class Screen:
    """A program at its terminal. Bytes are taken as they come, so that it never waits for us."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        self.began = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
                os.execvpe(command[0], command, env)
            finally:  # or this copy of the benchmark would go on
                os._exit(127)
        self._drawn = b""
        self._came = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._terminal, keys)

    def seen(self, word: str, since_bytes: int = 0, limit_s: float = 60.0) -> float:
        """When (perf_counter) the word was drawn, in what came after so many bytes. Raises SystemExit."""
        with self._came:
            if not self._came.wait_for(lambda: word.encode() in self._drawn[since_bytes:], limit_s):
                raise SystemExit(f"{word!r} was never drawn")
            return time.perf_counter()

    @property
    def bytes(self) -> int:
        """How much was drawn."""
        return len(self._drawn)

    def busy_ms(self) -> float:
        """Processor time of all its threads, by the scheduler's own count."""
        files = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(file.read_text().split()[0]) for file in files) / 1e6

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the end of a terminal whose program has gone
            while data := os.read(self._terminal, 65536):
                with self._came:
                    self._drawn += data
                    self._came.notify_all()


@contextlib.contextmanager
def screen(command: Sequence[str], env: dict[str, str]) -> Iterator[Screen]:
    """A program at a terminal; it is ended with SIGTERM."""
    made = Screen(command, env)
    try:
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(made.pid, 15)
        os.waitpid(made.pid, 0)
