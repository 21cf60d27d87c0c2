"""What every source of audio looks like, be it a microphone, a file or a pipe."""

from dataclasses import dataclass
from typing import Protocol


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
    """How many chunks may gather before `read` gives the first: of use only where waiting means waiting for sound."""

    def read(self, timeout_s: float) -> bytes | None:
        """Give the next chunk: `model.speech.CHUNK_BYTES` of pcm, fewer only in the last one.

        `b""` is the end of the stream, None says that nothing came within `timeout_s` seconds. Raises
        `DeviceLost` when a microphone is gone, DeviceError or UsageError when the stream cannot be read.
        """

    def close(self) -> None:
        """Let go of the device or file; safe to call twice."""

    def health(self) -> SourceHealth:
        """The counters so far."""
