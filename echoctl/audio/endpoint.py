"""When has a person finished? A rule over voice-activity flags, and nothing else."""

import math
from enum import Enum

BLIP_MS = 96.0
"""Voice shorter than this, inside a pause, is noise: it neither ends the pause nor counts as speech."""


class EndPoint(Enum):
    """What the rule says after each flag; everything but CONTINUE is said once and ends the utterance."""

    CONTINUE = "continue"
    PAUSE = "pause"
    """Enough was said and a pause followed."""
    NOTHING = "nothing"
    """Nobody said enough in time."""
    FULL = "full"
    """The longest recording is reached."""


class EndPointer:
    """Follows one utterance. All times are milliseconds of audio, never of a clock."""

    def __init__(self, *, pause_ms: float, min_speech_ms: float, no_speech_ms: float, max_ms: float) -> None:
        self._pause_ms = pause_ms
        self._min_speech_ms = min_speech_ms
        self._no_speech_ms = no_speech_ms
        self._max_ms = max_ms
        self._elapsed = 0.0
        self._run = 0.0
        self.quiet_ms = 0.0
        """Since the last speech; blips belong to it."""
        self.speech_ms = 0.0
        """Speech so far, blips left out."""

    def feed(self, voiced: bool, ms: float) -> EndPoint:
        """Take the flag of the next `ms` of audio."""
        self._elapsed += ms
        self.quiet_ms += ms
        self._run = self._run + ms if voiced else 0.0
        if self._run >= BLIP_MS:
            # The run has only now shown itself to be speech: what led here belongs to it.
            self.speech_ms += self._run if self._run - ms < BLIP_MS else ms
            self.quiet_ms = 0.0
        return self._verdict()

    @property
    def left_ms(self) -> float:
        """How much more quiet ends it; infinite until enough was said."""
        return self._pause_ms - self.quiet_ms if self._enough else math.inf

    @property
    def _enough(self) -> bool:
        return self.speech_ms >= self._min_speech_ms

    def _verdict(self) -> EndPoint:
        # Voice that has just begun gets the time to show whether it is speech or a blip.
        if not self._run and self.left_ms <= 0:
            return EndPoint.PAUSE
        if self._elapsed >= self._max_ms:
            return EndPoint.FULL
        if not self._enough and self._elapsed >= self._no_speech_ms:
            return EndPoint.NOTHING
        return EndPoint.CONTINUE
