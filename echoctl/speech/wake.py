"""Waiting for a wake word: the energy gate, a detector for each word, the refractory period."""

from collections.abc import Mapping, Sequence

from echoctl.config.schema import WakeSettings
from echoctl.errors import UsageError
from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, Detection, NearMiss, normal_word
from echoctl.speech.builtin_words import NEURAL
from echoctl.speech.gate import EnergyGate, Refractory
from echoctl.speech.grammar_detector import GrammarDetector
from echoctl.speech.models import SpeechModel
from echoctl.speech.neural_detector import NeuralDetector, Recent, SecondStage, WordDetector
from echoctl.speech.spotters import MicroSpotter, OpenVerifier, micro_installed, open_installed
from echoctl.speech.words import require_vocabulary, unique

REPLAY_BYTES = 6 * CHUNK_BYTES
"""What is fed again to the detectors when the gate opens, so that no onset is lost: 0.48 s."""

REPLAY_S = REPLAY_BYTES / BYTES_PER_SECOND

QUIET_CHUNKS = 6
"""How many chunks may gather while nobody speaks: 0.48 s. It takes longer to say a wake word and to be sure of it, and
what has gathered is caught up with in one go.
"""

TALK_CHUNKS = 2
"""The same while somebody speaks and nothing resembles a wake word."""

THRESHOLD = 0.02
"""Of microWakeWord, far below its own cut-off (0.9): the second stage decides."""

_ALONE = (
    "no neural spotter is installed (extra: neural), so the speech model's grammar listens alone: "
    "with alexa it had 2 false wakes in 23 minutes of talk when it was measured, the spotter none"
)
"""docs/decisions/0003-wake-cascade.md."""

_NEURAL_CURVE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9)
_GRAMMAR_CURVE = (0.2, 0.3, 0.5, 0.6, 0.8, 0.95)


def default_threshold(word: str) -> float:
    """The score that wakes on `word` where nobody has set one: of the spotter, or of the grammar."""
    return THRESHOLD if _is_neural(word) else GrammarDetector.usual(word)


def curve(word: str) -> tuple[float, ...]:
    """Thresholds worth trying for `word`, its default among them."""
    return _NEURAL_CURVE if _is_neural(word) else _GRAMMAR_CURVE


def _is_neural(word: str) -> bool:
    return word in NEURAL and micro_installed()


class WakeDetector:
    """Finds wake words in a stream of 80 ms chunks.

    `recent(seconds)` gives the last pcm up to and including the chunk just fed (the caller's ring, at least 4.2 s):
    no second copy of the audio is kept here beyond what the spotters need, and `reset` drops that. Times are
    seconds of the stream, which the caller counts: audio that it does not feed takes its time all the same.

    Raises UsageError for a word that cannot be spotted.
    """

    def __init__(
        self,
        words: Sequence[str],
        model: SpeechModel,
        *,
        recent: Recent,
        thresholds: Mapping[str, float],
        refractory_s: float = WakeSettings().refractory_ms / 1000,
    ) -> None:
        if not words:
            raise UsageError("no wake word", "name one, for example: --wake-word alexa")
        self._recent = recent
        self._gate = EnergyGate()
        self._refractory = Refractory(refractory_s)
        self._detectors = _detectors(
            unique(words), model, recent, {normal_word(word): at for word, at in thresholds.items()}
        )
        self._open = False
        self._said_until = 0.0

    @property
    def description(self) -> dict[str, str]:
        """How each word is spotted, in a few words for a person."""
        return {word: _described(one, word) for one in self._detectors for word in one.words}

    @property
    def closest(self) -> tuple[float, float]:
        """Score and threshold of the first stage that is nearest to firing, each 0 to 1, for a meter."""
        one = max(self._detectors, key=lambda one: one.score / one.threshold)
        return one.score, one.threshold

    @property
    def notes(self) -> list[str]:
        """What a person should know about how these words are spotted, a sentence each."""
        alone = [
            word for one in self._detectors if isinstance(one, GrammarDetector) for word in one.words if word in NEURAL
        ]
        return [f"{word}: {_ALONE}" for word in alone]

    @property
    def is_quiet(self) -> bool:
        """Whether the last chunk was silence: nothing is about to be decided."""
        return not self._open

    @property
    def patience(self) -> int:
        """How many chunks may gather before the next `feed` without anything being missed, or told too late."""
        if self.is_quiet:
            return QUIET_CHUNKS
        score, threshold = self.closest
        return TALK_CHUNKS if score < threshold else 1

    def feed(self, chunk: bytes, t: float) -> Detection | NearMiss | None:
        """Take the next 80 ms, which end at `t` (only the last chunk of a file may be shorter)."""
        was_open, self._open = self._open, self._gate.feed(chunk)
        if not self._open and not was_open:
            return None
        if not was_open:
            self._replay(t, len(chunk))
        awake = self._refractory.over(t)
        found: Detection | NearMiss | None = None
        for one in self._detectors:
            heard = one.feed(chunk, t, awake=awake) if self._open else one.pause(t, awake=awake)
            if found is None or isinstance(heard, Detection):
                found = heard or found
        if isinstance(found, Detection):
            if found.start < self._said_until:  # the same word once more, at the end of its phrase
                return None
            self._said_until = min(found.end, t)
            self._refractory.begin(t)
        return found

    def reset(self) -> None:
        """Forget all audio; the words, the thresholds and the last wake stay."""
        self._open = False
        self._gate.reset()
        for one in self._detectors:
            one.reset()

    def warm(self, noise: bytes) -> None:
        """Have every spotter hear some noise and forget it, so that nothing is left to be loaded later."""
        for one in self._detectors:
            for at in range(0, len(noise), CHUNK_BYTES):
                one.feed(noise[at : at + CHUNK_BYTES], 0.0, awake=False)
        self.reset()

    def _replay(self, t: float, size: int) -> None:
        """Feed what came before the chunk of `size` bytes that ends at `t`."""
        past = self._recent(REPLAY_S + 0.16)[:-size][-REPLAY_BYTES:]
        past = past[len(past) % CHUNK_BYTES :]
        start = t - (size + len(past)) / BYTES_PER_SECOND
        for at in range(0, len(past), CHUNK_BYTES):
            t = start + (at + CHUNK_BYTES) / BYTES_PER_SECOND
            for one in self._detectors:
                one.feed(past[at : at + CHUNK_BYTES], t, awake=False)


def _detectors(
    words: Sequence[str], model: SpeechModel, recent: Recent, thresholds: Mapping[str, float]
) -> list[WordDetector]:
    detectors: list[WordDetector] = []
    typed = []
    for word in words:
        if _is_neural(word):
            verifier = OpenVerifier(NEURAL[word]) if open_installed() else None
            threshold = thresholds.get(word, THRESHOLD)
            second = SecondStage(word, model, verifier)
            detectors.append(NeuralDetector(word, MicroSpotter(NEURAL[word]), threshold, second, recent))
        else:
            require_vocabulary(word, model)
            typed.append(word)
    if typed:
        detectors.append(GrammarDetector(typed, model, recent, thresholds))
    return detectors


def _described(one: WordDetector, word: str) -> str:
    if isinstance(one, NeuralDetector):
        return "microWakeWord, then the speech model" + (" and openWakeWord" if open_installed() else "")
    return "the speech model's grammar"
