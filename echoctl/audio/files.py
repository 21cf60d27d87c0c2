"""Sound files and raw samples from a pipe, as sources: the same chunks that a microphone gives."""

import os
import select
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

from echoctl.audio.codec import SoundFile
from echoctl.audio.resample import Chunker, Resampler
from echoctl.audio.source import AudioSource, SourceHealth
from echoctl.errors import DeviceError, UsageError
from echoctl.model.speech import BYTES_PER_SECOND

PIPE_READ_BYTES = 65_536
"""The capacity of a pipe on Linux."""


def open_file(path: str, descriptor: int | None = None, *, realtime: bool = False) -> AudioSource:
    """Open a WAV or FLAC file of any rate, width and number of channels, or take it from a descriptor.

    It runs as fast as it is read, or with `realtime` at the pace of a microphone. Raises NotFound, or UsageError when
    the file is not audio or is cut short (a FLAC shows that only while it is read).
    """
    return _FileSource(path, descriptor, _Pace(realtime))


def open_stdin(*, realtime: bool = False, fd: int = 0) -> AudioSource:
    """Read raw s16le 16 kHz mono from a descriptor, for instance from arecord or ssh.

    A standard input that was never open is an empty stream. Raises UsageError when it is a terminal, and from read()
    when what comes is a sound file, which is not raw; DeviceError when it cannot be read.
    """
    return _PipeSource(fd, _Pace(realtime))


class _Pace:
    """Holds chunks back until a microphone would have given them."""

    def __init__(self, realtime: bool) -> None:
        self._realtime = realtime
        self._start: float | None = None
        self._given = 0

    def due_in(self, size: int) -> float:
        """Seconds until a chunk of `size` bytes may go; 0 when it may go now."""
        if not self._realtime:
            return 0.0
        now = time.monotonic()
        if self._start is None:
            self._start = now
        return max(0.0, self._start + (self._given + size) / BYTES_PER_SECOND - now)

    def gave(self, size: int) -> None:
        """Count a chunk that went."""
        self._given += size


class _PacedSource(ABC):
    """What files and pipes share: the next chunk waits here until it is due."""

    live = False
    patience = 1

    def __init__(self, name: str, pace: _Pace) -> None:
        self.name = name
        self._pace = pace
        self._chunker = Chunker()
        self._next = b""
        self._ended = False

    def read(self, timeout_s: float) -> bytes | None:
        """Give the next chunk, `b""` at the end, None when it is not due or not there in time."""
        deadline = time.monotonic() + timeout_s
        if not self._next:
            self._next = self._chunker.next() or self._more(deadline)
        if not self._next:
            return b"" if self._ended else None
        wait = self._pace.due_in(len(self._next))
        time.sleep(min(wait, max(0.0, deadline - time.monotonic())))
        if wait and self._pace.due_in(len(self._next)):
            return None
        chunk, self._next = self._next, b""
        self._pace.gave(len(chunk))
        return chunk

    def health(self) -> SourceHealth:
        """Nothing is ever lost here."""
        return SourceHealth(lag_ms=self._chunker.held_ms)

    @abstractmethod
    def close(self) -> None:
        """Let go of what is read; safe to call twice."""

    @abstractmethod
    def _more(self, deadline: float) -> bytes:
        """Get audio until there is a chunk, the end (sets `_ended`), or the deadline."""


class _FileSource(_PacedSource):
    def __init__(self, path: str, descriptor: int | None, pace: _Pace) -> None:
        super().__init__(path, pace)
        self._sound = SoundFile(path, descriptor)
        self._resampler = Resampler(self._sound.rate)  # now: what reads a file opens no library any more
        self._pcm = self._resampled()

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._sound.close()

    def _more(self, deadline: float) -> bytes:
        for pcm in self._pcm:
            self._chunker.add(pcm)
            if chunk := self._chunker.next():
                return chunk
        self._ended = True
        return self._chunker.last()

    def _resampled(self) -> Iterator[bytes]:
        for block in self._sound.blocks():
            yield self._resampler.feed(block)
        yield self._resampler.flush()


class _PipeSource(_PacedSource):
    def __init__(self, fd: int, pace: _Pace) -> None:
        super().__init__("standard input" if fd == 0 else f"descriptor {fd}", pace)
        self._fd = fd
        self._first = True
        self._ended = fd == 0 and sys.stdin is None  # closed before Python began; its number may be another file's now
        if not self._ended and os.isatty(fd):
            raise UsageError(
                f"{self.name} is a terminal, not audio",
                "for example: arecord -t raw -f S16_LE -r 16000 -c 1 | echoctl listen --input -",
            )

    def close(self) -> None:
        """Read no more; the descriptor belongs to the caller."""
        self._ended = True

    def _more(self, deadline: float) -> bytes:
        while not self._ended:
            data = self._receive(max(0.0, deadline - time.monotonic()))
            if data is None:
                return b""
            self._chunker.add(data)
            if chunk := self._chunker.next():
                return chunk
        if self._first:
            raise UsageError(f"nothing came through {self.name}", "see whether what should send sound runs")
        return self._chunker.last()

    def _receive(self, timeout_s: float) -> bytes | None:
        """Bytes, `b""` at the end, or None when nothing came in time."""
        try:
            if not select.select([self._fd], [], [], timeout_s)[0]:
                return None
            data = os.read(self._fd, PIPE_READ_BYTES)
        except OSError as exc:
            raise DeviceError(f"cannot read {self.name}: {exc.strerror}", "give it audio, or use --input FILE") from exc
        if self._first and data.startswith((b"RIFF", b"fLaC", b"OggS")):
            raise UsageError(
                f"{self.name} is a sound file, not raw samples", "name the file: echoctl listen --input FILE"
            )
        self._first, self._ended = self._first and not data, not data
        return data
