"""What listens for a word: neural spotters, and recognisers held to a few phrases.

microWakeWord   pymicro-wakeword, models Apache-2.0 (github.com/kahrendt/microWakeWord): 3 ms of CPU per second
openWakeWord    pyopen-wakeword, models CC BY-NC-SA 4.0 (github.com/dscripka/openWakeWord): 70 ms per second,
                so it only ever checks what another spotter found
Vosk grammar    any phrase of the vocabulary: 17 ms per second
"""

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, Word
from echoctl.speech.models import SpeechModel
from echoctl.speech.recogniser import Recogniser

UNKNOWN = "[unk]"
"""Vosk's word for anything else."""


class Spotter(Protocol):
    """Scores how likely a word just ended, chunk by chunk."""

    def feed(self, chunk: bytes) -> float:
        """Take 80 ms; return the score, 0 to 1."""

    def reset(self) -> None:
        """Drop the audio that scores still depend on."""


class Verifier(Protocol):
    """A second spotter that starts late: it is given what was heard before it was asked."""

    @property
    def needs_s(self) -> float:
        """Seconds of past that `begin` wants."""

    def begin(self, past: bytes) -> float:
        """Start anew with the audio up to now; return the highest score of its last 0.5 s."""

    def feed(self, chunk: bytes) -> float:
        """Take the next 80 ms; return the score."""

    def reset(self) -> None:
        """Drop the audio heard so far; `begin` comes next."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A phrase in a piece of audio; times are seconds from its beginning."""

    start: float
    end: float
    confidence: float
    pause: float
    """Seconds between it and the word before; infinite where there is none."""


def micro_installed() -> bool:
    """Whether microWakeWord is installed (extra `neural`)."""
    return find_spec("pymicro_wakeword") is not None


def open_installed() -> bool:
    """Whether openWakeWord is installed (extra `verify`)."""
    return find_spec("pyopen_wakeword") is not None


class MicroSpotter:
    """microWakeWord: the mean of its last five probabilities (every 30 ms), the highest of each chunk."""

    def __init__(self, name: str) -> None:
        # Native code, and only words with a neural model pay for it.
        from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model  # noqa: PLC0415 - see above

        self._features = MicroWakeWordFeatures()
        self._model = MicroWakeWord.from_builtin(Model(name))
        _keep_in_memory(self._model)

    def feed(self, chunk: bytes) -> float:
        """Take 80 ms; return the score, 0 to 1."""
        scores = [self._model.process_streaming_prob(frame) for frame in self._features.process_streaming(chunk)]
        return max((score for score in scores if score is not None), default=0.0)

    def reset(self) -> None:
        """Drop the audio and the probabilities that scores still depend on."""
        self._features.reset()
        self._model.reset()


def _keep_in_memory(word: Any) -> None:
    """Have a model made of its bytes from now on: its `reset` reads the file anew, and a locked ear opens no file."""
    data = Path(word.tflite_model).read_bytes()
    create = word.lib.TfLiteModelCreate
    create.restype, create.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_size_t]
    word.lib.TfLiteModelCreateFromFile = lambda path: create(data, len(data))
    word.reset()  # so that the model from the file, which is let go of by this, was the only one


class OpenVerifier:
    """openWakeWord on the last seconds.

    Its first scores after a start are noise until the window of 2.1 s (16 embeddings of 0.78 s, 80 ms apart) is
    filled, and the library returns none before. The interpreters are made once: that costs 0.7 s.
    """

    WINDOW_S = 2.1
    LOOK_BACK_S = 0.5
    """How far back a peak counts: the two spotters do not peak at the same time."""

    def __init__(self, name: str) -> None:
        # Native code and 4 MB of models, only where somebody chose to install them.
        from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures  # noqa: PLC0415 - see above

        self._features = OpenWakeWordFeatures.from_builtin()
        self._model = OpenWakeWord.from_builtin(Model(name))

    @property
    def needs_s(self) -> float:
        """Seconds of past that `begin` wants."""
        return self.WINDOW_S + self.LOOK_BACK_S

    def begin(self, past: bytes) -> float:
        """Start anew with the audio up to now; return the highest score of its last 0.5 s."""
        self.reset()
        scores = [self.feed(past[at : at + CHUNK_BYTES]) for at in range(0, len(past), CHUNK_BYTES)]
        return max(scores, default=0.0)

    def feed(self, chunk: bytes) -> float:
        """Take the next 80 ms; return the score."""
        best = 0.0
        for embedding in self._features.process_streaming(chunk):
            best = max(best, *self._model.process_streaming(embedding), 0.0)
        return best

    def reset(self) -> None:
        """Drop the audio heard so far; `begin` comes next."""
        self._features.reset()
        # The library's reset asks for 8 s of zeros to be worked off first, 0.5 s of CPU; a full window is enough.
        self._features.new_audio_samples = 0
        self._model.reset()


class PhraseCheck:
    """Which of some phrases a piece of audio holds: one decoding with a grammar of them, "[unk]" and `others`.

    `weight` says how often each phrase stands in the grammar, and so how readily it is found: Vosk counts the lines
    of a grammar as it would count a text.
    """

    def __init__(self, model: SpeechModel, phrases: Sequence[str], others: Sequence[str] = (), weight: int = 1) -> None:
        known = [word for word in others if word not in phrases and model.has_word(word)]
        self._recogniser: Recogniser = model.recogniser([*weighted(phrases, weight), UNKNOWN, *known])

    def __call__(self, pcm: bytes, phrase: str) -> Heard | None:
        """The surest occurrence of `phrase` in `pcm` (a few seconds at most), or None."""
        return max(self.all(pcm, phrase), key=lambda heard: heard.confidence, default=None)

    def all(self, pcm: bytes, phrase: str) -> list[Heard]:
        """Every occurrence of `phrase` in `pcm`."""
        self._recogniser.begin()
        words = [*(self._recogniser.feed(pcm) or ()), *self._recogniser.finish()]
        self._recogniser.begin()
        return occurrences(words, phrase)


def weighted(phrases: Sequence[str], weight: int) -> list[str]:
    """Every phrase, `weight` times."""
    return [phrase for phrase in phrases for _ in range(weight)]


def occurrences(words: Sequence[Word], phrase: str) -> list[Heard]:
    """Where `phrase` stands in `words`; as sure as its least sure word."""
    parts = phrase.split()
    found = []
    for at in range(len(words) - len(parts) + 1):
        run = words[at : at + len(parts)]
        if [word.text for word in run] == parts:
            pause = run[0].start - words[at - 1].end if at else math.inf
            found.append(Heard(run[0].start, run[-1].end, min(word.confidence for word in run), pause))
    return found


def seconds(pcm: bytes) -> float:
    """The length of `pcm`."""
    return len(pcm) / BYTES_PER_SECOND
