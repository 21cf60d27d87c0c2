"""What a front with a meter is told of the sound: how loud it is, and how near it comes to a wake word.

Silence is told once: while nobody speaks nothing is sent, and so nothing is drawn.
"""

from typing import Protocol

from echoctl.services.protocol.events import Pipe
from echoctl.speech.gate import level


class Spotting(Protocol):
    """What the meter asks the wake detector."""

    @property
    def is_quiet(self) -> bool:
        """Whether the last chunk was silence."""

    @property
    def closest(self) -> tuple[float, float]:
        """Score and threshold, each 0 to 1, of the first stage that is nearest to firing."""


class LevelEvents:
    """Sends `level` events: loudness from 0 to 1, and between requests how near a wake word is."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._moved = False

    def waiting(self, chunk: bytes, detector: Spotting) -> None:
        """A chunk between requests."""
        quiet = detector.is_quiet
        if not quiet or self._moved:
            score, threshold = detector.closest
            loud = 0.0 if quiet else level(chunk)
            self._pipe.send("level", level=loud, score=round(score, 3), threshold=threshold)
        self._moved = not quiet

    def recording(self, chunk: bytes) -> None:
        """A chunk of a request."""
        self._pipe.send("level", level=level(chunk), score=None, threshold=None)
        self._moved = True
