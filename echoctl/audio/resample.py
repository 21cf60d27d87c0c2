"""From any sampling rate to 16 kHz, and back for a speaker.

It is a stream, whose result does not depend on how it was cut into blocks.
soxr works in float32 here, not in its int16 mode: that one dithers, which turns digital silence into noise and makes
the result depend on the block sizes. HQ costs 25 us for 80 ms from 48 kHz and holds back at most 35 ms.
"""

from typing import TYPE_CHECKING

from echoctl.model.speech import SAMPLE_RATE

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
        """Take samples in 16-bit scale (-32768 to 32767); give what of the result is complete."""
        return _pcm(samples if self._stream is None else self._stream.resample_chunk(samples))

    def flush(self) -> bytes:
        """Give the rest; the stream ends here."""
        import numpy as np  # noqa: PLC0415 - 130 ms that only commands with audio should pay

        nothing = np.zeros(0, dtype=np.float32)
        return b"" if self._stream is None else _pcm(self._stream.resample_chunk(nothing, last=True))


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
