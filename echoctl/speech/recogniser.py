"""One stream of speech through Vosk: words with times that count from where the stream began."""

import json
from typing import TYPE_CHECKING, Protocol

from echoctl.errors import ModelError
from echoctl.model.speech import BYTES_PER_SECOND, Word

if TYPE_CHECKING:
    import vosk


class Recogniser(Protocol):
    """What turns pcm into words. Times are seconds from the last `begin`."""

    def begin(self) -> None:
        """Start anew: nothing that was fed before has any effect on the words, and time is 0."""

    def feed(self, pcm: bytes) -> tuple[Word, ...] | None:
        """Take pcm of any length; return the words of a phrase that just ended, None while one goes on."""

    def partial(self) -> str:
        """What the phrase that goes on seems to be; may change with every chunk."""

    def finish(self) -> tuple[Word, ...]:
        """End the phrase that goes on and return its words, none without one. What is fed next begins another."""


class KaldiStream:
    """A `Recogniser` over one Vosk recogniser, which is used again and again: making one costs up to 0.1 s."""

    def __init__(self, handle: "vosk.KaldiRecognizer") -> None:
        self._handle = handle
        # Vosk's times run on through Reset: they count all the audio that a recogniser was ever given.
        self._fed = 0
        self._zero = 0.0

    def begin(self) -> None:
        """Start anew: time is 0."""
        self._handle.Reset()
        self._zero = self._fed / BYTES_PER_SECOND

    def feed(self, pcm: bytes) -> tuple[Word, ...] | None:
        """Take pcm; return the words of a phrase that just ended, else None. Raises ModelError."""
        self._fed += len(pcm)
        try:
            ended = self._handle.AcceptWaveform(pcm)
        except Exception as exc:  # Vosk raises bare Exceptions
            raise ModelError("the speech model cannot decode: it is damaged", "echoctl model verify") from exc
        return self._words(self._handle.Result()) if ended else None

    def partial(self) -> str:
        """What the phrase that goes on seems to be."""
        return str(json.loads(self._handle.PartialResult()).get("partial", ""))

    def finish(self) -> tuple[Word, ...]:
        """End the phrase that goes on and return its words."""
        return self._words(self._handle.FinalResult())

    def _words(self, result: str) -> tuple[Word, ...]:
        found = json.loads(result).get("result", [])
        return tuple(Word(w["word"], w["start"] - self._zero, w["end"] - self._zero, w["conf"]) for w in found)
