"""From any sampling rate to chunks of 16 kHz, and back for a speaker.

It is a stream, whose result does not depend on how it was cut into blocks.
soxr works in float32 here, not in its int16 mode: that one dithers, which turns digital silence into noise and makes
the result depend on the block sizes. HQ costs 25 us for 80 ms from 48 kHz and holds back at most 35 ms.
"""

from typing import TYPE_CHECKING

from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, SAMPLE_RATE, SAMPLE_WIDTH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FULL_SCALE = 32768.0
"""What a float sample of 1.0 is in 16 bits."""


class Resampler:
    """Mono samples at `rate` Hz in, 16-bit samples at `to` Hz out. At equal rates only the number format changes."""

    def __init__(self, rate: float, to: float = SAMPLE_RATE) -> None:
        self._stream = None
        if rate != to:
            import soxr  # noqa: PLC0415 - 10 ms, after numpy, that only sources with another rate should pay

            self._stream = soxr.ResampleStream(rate, to, 1, dtype="float32", quality="HQ")

    def feed(self, samples: "NDArray[np.float32]") -> bytes:
        """Take samples in 16-bit scale (-32768 to 32767); return the part of the result that is complete."""
        return _pcm(samples if self._stream is None else self._stream.resample_chunk(samples))

    def flush(self) -> bytes:
        """Return the rest; the stream ends here."""
        import numpy as np  # noqa: PLC0415 - 130 ms that only commands with audio should pay

        nothing = np.zeros(0, dtype=np.float32)
        return b"" if self._stream is None else _pcm(self._stream.resample_chunk(nothing, last=True))


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
        """What is left at the end of the stream, without a trailing half sample."""
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


def mono(samples: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The mean of all channels of samples shaped (frames, channels)."""
    import numpy as np  # noqa: PLC0415 - 130 ms that only commands with audio should pay

    return samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)


def for_speaker(pcm: bytes, rate: int, channels: int) -> bytes:
    """Whole pcm as interleaved s16le at `rate` Hz, the same on each channel."""
    import numpy as np  # noqa: PLC0415 - 130 ms that only commands with audio should pay

    resampler = Resampler(SAMPLE_RATE, rate)
    played = resampler.feed(np.frombuffer(pcm, "<i2").astype(np.float32)) + resampler.flush()
    return np.repeat(np.frombuffer(played, "<i2"), channels).tobytes()


def _pcm(samples: "NDArray[np.float32]") -> bytes:
    import numpy as np  # noqa: PLC0415 - 130 ms that only commands with audio should pay

    rounded = np.rint(samples)
    np.clip(rounded, -FULL_SCALE, FULL_SCALE - 1, out=rounded)
    return rounded.astype("<i2").tobytes()
