"""The rules between sound and a wake: how loud it is, energy gate, threshold with hold, refractory period.

Pure arithmetic: no model, no clock. Time is counted in chunks of 80 ms or in seconds of the stream.
"""

import math

import numpy as np

QUIET_DB = -50.0
LOUD_DB = -12.0
"""dBFS that a drawing shows as empty and as full: the range of speech at a usual microphone."""


def rms(pcm: bytes) -> float:
    """Root mean square of s16le samples around their mean, in sample units (0 to 32768); 5 µs for a chunk.

    The mean is no sound: cheap microphones add a constant that may be larger than a voice.
    """
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    count = max(1, len(samples))
    mean = float(samples.sum()) / count
    return math.sqrt(max(0.0, float(np.dot(samples, samples)) / count - mean * mean))


def level(pcm: bytes) -> float:
    """The loudness of some pcm from 0 to 1, linear in dB between QUIET_DB and LOUD_DB."""
    db = 20 * math.log10(max(rms(pcm) / 32768, 1e-5))
    return round(min(1.0, max(0.0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB))), 3)


class EnergyGate:
    """Opens when a chunk stands out from the noise floor, and stays open for a while after.

    The floor falls to a quieter chunk at once and rises by 1 % a chunk (12 % a second). While the gate is closed
    nothing behind it need run; when it opens, the caller replays the last moments so that no onset is lost. Until a
    room is known it counts as silent: a word may be the first that is heard of it.
    """

    QUIET_RMS = 15.0
    """Below this (-67 dBFS) nothing opens the gate."""
    RATIO = 2.0
    RISE = 1.01
    HANG_OVER = 6
    """Chunks that it stays open after the last loud one (0.5 s)."""

    def __init__(self) -> None:
        self._floor = self.QUIET_RMS / self.RATIO
        self._left = 0

    def feed(self, chunk: bytes) -> bool:
        """Whether the gate is open for this chunk."""
        level = rms(chunk)
        if level > max(self.QUIET_RMS, self.RATIO * self._floor):
            self._left = self.HANG_OVER + 1
        self._floor = level if level < self._floor else self._floor * self.RISE + 0.5
        self._left = max(0, self._left - 1)
        return self._left > 0

    def reset(self) -> None:
        """Close; what the room sounds like is kept, since it is one number and no audio."""
        self._left = 0


class Trigger:
    """Hot from the chunk where a score reaches the threshold until some chunks after the last such chunk.

    The second stage is asked while hot: a spotter often fires before the word has ended, and a check on the whole
    word a moment later succeeds where the first one failed.
    """

    def __init__(self, threshold: float, hold: int) -> None:
        self.threshold = threshold
        self._hold = hold
        self._left = 0
        self.peak = 0.0
        """The highest score since it became hot."""
        self.age = 0
        """Chunks since it became hot, 1 for the first; 0 while cold."""

    def feed(self, score: float) -> bool:
        """Whether it is hot at this chunk."""
        if score >= self.threshold:
            self._left = self._hold
        elif self._left:
            self._left -= 1
        if not self._left:
            self.age = 0
            return False
        self.age += 1
        self.peak = score if self.age == 1 else max(self.peak, score)
        return True

    def reset(self) -> None:
        """Turn cold at once, whatever is left of the hold."""
        self._left = 0
        self.age = 0
        self.peak = 0.0


class Refractory:
    """No second wake within `seconds` of the last one, whatever the word."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def over(self, t: float) -> bool:
        """Whether a wake may happen at stream time `t`."""
        return t >= self._until

    def begin(self, t: float) -> None:
        """A wake happened at `t`."""
        self._until = t + self._seconds
