"""One speech model for several detectors that hear the same sound: what one of them had decoded, the others reuse."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import cast

from echoctl.model.speech import Word
from echoctl.speech.models import SpeechModel
from echoctl.speech.recogniser import Recogniser

KEPT = 1024
"""Answers of a recogniser that are kept; those of one chunk of sound are a dozen."""

Words = tuple[Word, ...]


class SharedModel:
    """A `SpeechModel` whose recognisers of one grammar decode the same sound once, whichever of them is given it."""

    def __init__(self, model: SpeechModel) -> None:
        self._model = model
        self._decoders: dict[tuple[str, ...] | None, _Decoder] = {}

    def has_word(self, word: str) -> bool:
        """Whether the vocabulary holds `word`."""
        return self._model.has_word(word)

    def recogniser(self, grammar: Sequence[str] | None = None) -> Recogniser:
        """Make a recogniser, cheap from the second of the same grammar on."""
        key = None if grammar is None else tuple(grammar)
        if key not in self._decoders:
            self._decoders[key] = _Decoder(self._model.recogniser(grammar))
        return _Listener(self._decoders[key])


class _Decoder:
    """The one recogniser that decodes, and the answers that it gave."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._at = b""
        """The digest of the sound that the recogniser was fed; empty: none."""
        self._answers: OrderedDict[tuple[bytes, str], object] = OrderedDict()

    def feed(self, past: Sequence[bytes], before: bytes, pcm: bytes, after: bytes) -> Words | None:
        def ask() -> Words | None:
            self._stand(past, before)
            self._at = after
            return self._recogniser.feed(pcm)

        return cast(Words | None, self._answer(after, "feed", ask))

    def partial(self, past: Sequence[bytes], at: bytes) -> str:
        def ask() -> str:
            self._stand(past, at)
            return self._recogniser.partial()

        return cast(str, self._answer(at, "partial", ask))

    def finish(self, past: Sequence[bytes], at: bytes) -> Words:
        def ask() -> Words:
            self._stand(past, at)
            self._at = b""
            return self._recogniser.finish()

        return cast(Words, self._answer(at, "finish", ask))

    def _stand(self, past: Sequence[bytes], at: bytes) -> None:
        """Bring the recogniser into its state after the sound `past`, whose digest is `at`."""
        if self._at != at:
            self._recogniser.begin()
            for pcm in past:
                self._recogniser.feed(pcm)
            self._at = at

    def _answer(self, at: bytes, question: str, ask: Callable[[], object]) -> object:
        key = (at, question)
        if key not in self._answers:
            self._answers[key] = ask()
            if len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return self._answers[key]


class _Listener:
    """A `Recogniser` that asks a decoder which it shares."""

    def __init__(self, decoder: _Decoder) -> None:
        self._decoder = decoder
        self.begin()

    def begin(self) -> None:
        """Start anew: time is 0."""
        self._past: list[bytes] = []
        self._at = hashlib.sha256().digest()

    def feed(self, pcm: bytes) -> Words | None:
        """Take pcm; return the words of a phrase that just ended, else None."""
        after = hashlib.sha256(self._at + pcm).digest()
        ended = self._decoder.feed(self._past, self._at, pcm, after)
        self._past.append(pcm)
        self._at = after
        return ended

    def partial(self) -> str:
        """What the phrase that goes on seems to be."""
        return self._decoder.partial(self._past, self._at)

    def finish(self) -> Words:
        """End the phrase that goes on and return its words."""
        return self._decoder.finish(self._past, self._at)
