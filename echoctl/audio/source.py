"""What every source of audio looks like, be it a microphone, a file or a pipe."""

from dataclasses import dataclass
from typing import Protocol

from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, SAMPLE_WIDTH


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How well a source keeps up. Only a live source can lose anything."""

    overflows: int = 0
    """Times that audio was lost: reported by the device, or because nobody read for too long."""
    dropped_ms: int = 0
    """How much of it echoctl itself threw away; what a device lost before that is not known."""
    lag_ms: int = 0
    """Audio that has arrived and waits to be read."""


class AudioSource(Protocol):
    """A stream of chunks: 80 ms of pcm each, whatever the device or file is made of."""

    name: str
    """For people: the device's own name, or the file's path."""
    live: bool
    """True when audio comes at its own pace and is lost unless it is read in time."""
    patience: int
    """How many chunks may gather before `read` gives the first: of use where a wait is a wait for sound."""

    def read(self, timeout_s: float) -> bytes | None:
        """Give the next chunk: `model.CHUNK_BYTES` of pcm, fewer only in the last one.

        `b""` is the end of the stream, None says that nothing came within `timeout_s` seconds. Raises
        `DeviceLost` when a microphone is gone, DeviceError or UsageError when the stream cannot be read.
        """

    def close(self) -> None:
        """Let go of the device or file; safe to call twice."""

    def health(self) -> SourceHealth:
        """The counters so far."""


class Chunker:
    """Cuts a stream of bytes into chunks. Every source goes through it, so that all are cut alike."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def add(self, pcm: bytes) -> None:
        """Take any number of bytes, an odd one too."""
        self._rest += pcm

    def next(self) -> bytes:
        """The next whole chunk, or `b""` when there is none yet."""
        return self._cut(CHUNK_BYTES) if len(self._rest) >= CHUNK_BYTES else b""

    def last(self) -> bytes:
        """What is left at the end of the stream, without half a sample."""
        return self._cut(len(self._rest) // SAMPLE_WIDTH * SAMPLE_WIDTH)

    def clear(self) -> None:
        """Wipe what is held."""
        self._rest[:] = bytes(len(self._rest))
        self._rest.clear()

    @property
    def held_ms(self) -> int:
        """Audio that waits here."""
        return len(self._rest) * 1000 // BYTES_PER_SECOND

    def _cut(self, count: int) -> bytes:
        piece = bytes(self._rest[:count])
        del self._rest[:count]
        return piece
