"""The two ways from sound to a wake: a neural spotter with a second stage, and the grammar of typed words.

A lane is fed while the energy gate is open, and says at each chunk whether a word was heard, nearly heard, or not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from echoctl.model import CHUNK_SAMPLES, SAMPLE_RATE, Detection, NearMiss
from echoctl.speech.gate import Trigger
from echoctl.speech.models import SpeechModel
from echoctl.speech.spotters import UNKNOWN, Heard, PhraseCheck, Spotter, Verifier, seconds

Recent = Callable[[float], bytes]
"""The last so many seconds of pcm, up to and including the chunk that is being fed."""

CHUNK_S = CHUNK_SAMPLES / SAMPLE_RATE

CHECK_S = 1.8
"""What the grammar looks at: the word and a little of what came before."""


class Lane(Protocol):
    """One way of spotting one word or several."""

    words: tuple[str, ...]
    description: str
    """How it spots, in a few words for a person."""
    score: float
    """The latest score of the first stage, 0 to 1."""

    def feed(self, chunk: bytes, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """Take 80 ms that end at stream time `t`; without `awake` (refractory period) nothing may be found."""

    def reset(self) -> None:
        """Forget all audio."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the second stage said."""

    accepted: bool
    scores: Mapping[str, float]
    heard: Heard | None
    """Where the grammar found the word."""
    span: float
    """How many seconds before now the times of `heard` begin."""


class SecondStage:
    """The second opinion on what a neural spotter found, on the audio of the last two seconds.

    Decoded are a grammar with decoys (strict), then a plain one (lax); a second spotter is asked where installed.
    """

    STRICT_ALONE = 0.5
    SURE = 0.98
    LAX_WITH_VERIFIER = 0.02
    VERIFIER_ALONE = 0.4

    def __init__(self, strict: PhraseCheck | None, lax: PhraseCheck | None, verifier: Verifier | None) -> None:
        self._strict = strict
        self._lax = lax
        self._verifier = verifier
        self._verified = 0.0

    def judge(self, recent: Recent, chunk: bytes, trigger: Trigger) -> Verdict:
        """Judge at a chunk at which `trigger` is hot."""
        pcm = recent(CHECK_S)
        scores = {"spotter": trigger.peak}
        strict = self._strict(pcm) if self._strict else None
        if strict is not None:
            scores["grammar"] = strict.confidence
            return Verdict(True, scores, strict, seconds(pcm))
        lax = self._lax(pcm) if self._lax else None
        if self._verifier:
            score = self._verifier.begin(recent(2.6)) if trigger.age == 1 else self._verifier.feed(chunk)
            self._verified = score if trigger.age == 1 else max(self._verified, score)
            scores["verifier"] = self._verified
            sure = self._verified >= (self.LAX_WITH_VERIFIER if lax else self.VERIFIER_ALONE)
        else:
            sure = trigger.peak >= self.SURE
        return Verdict(sure, scores, lax, seconds(pcm))

    def reset(self) -> None:
        """Forget all audio."""
        if self._verifier:
            self._verifier.reset()


class NeuralLane:
    """A neural spotter at a low threshold, and a second stage that is asked for some chunks after it fired."""

    HOLD = 5
    DELAY_S = 0.06
    """How long after its word's end the spotter fires, at the median."""
    WORD_S = 0.55
    """A word's usual length, for when the grammar did not find it."""

    def __init__(self, word: str, spotter: Spotter, threshold: float, second: SecondStage, recent: Recent) -> None:
        self.words: tuple[str, ...] = (word,)
        self.description = "microWakeWord, checked by the speech model"
        self.score = 0.0
        self._spotter = spotter
        self._trigger = Trigger(threshold, self.HOLD)
        self._second = second
        self._recent = recent
        self._last: Verdict | None = None

    def feed(self, chunk: bytes, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """Take 80 ms that end at `t`."""
        self.score = self._spotter.feed(chunk)
        if not awake:
            self._cool()
            return None
        if not self._trigger.feed(self.score):
            return self._missed(t)
        self._last = self._second.judge(self._recent, chunk, self._trigger)
        if not self._last.accepted:
            return None
        found = self._detection(t, self._last)
        self._cool()
        return found

    def reset(self) -> None:
        """Forget all audio."""
        self._spotter.reset()
        self._second.reset()
        self._cool()
        self.score = 0.0

    def _cool(self) -> None:
        self._trigger.reset()
        self._last = None

    def _missed(self, t: float) -> NearMiss | None:
        last, self._last = self._last, None
        return NearMiss(self.words[0], t, last.scores) if last else None

    def _detection(self, t: float, verdict: Verdict) -> Detection:
        if verdict.heard:
            base = t - verdict.span
            return Detection(self.words[0], t, base + verdict.heard.start, base + verdict.heard.end, verdict.scores)
        end = t - self.DELAY_S
        return Detection(self.words[0], t, max(0.0, end - self.WORD_S), end, verdict.scores)


class GrammarLane:
    """All typed words in one recogniser that knows nothing else; decides when a phrase has ended.

    The recogniser ends a phrase half a second after the last word that is not "[unk]", even when somebody goes on
    speaking, so a request in one breath is noticed while it is being spoken.
    """

    CONFIDENCE = 0.9

    def __init__(self, words: Sequence[str], model: SpeechModel, thresholds: Mapping[str, float]) -> None:
        self.words = tuple(words)
        self.description = "the speech model's grammar"
        self.score = 0.0
        self._recogniser = model.recogniser([*words, UNKNOWN])
        self._recogniser.begin()
        self._thresholds = thresholds
        self._zero = -1.0

    def feed(self, chunk: bytes, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """Take 80 ms that end at `t`."""
        if self._zero < 0:
            self._zero = t - CHUNK_S
        ended = self._recogniser.feed(chunk)
        self.score = 0.0
        for word in ended or ():
            if word.text in self.words:
                self.score = max(self.score, word.confidence)
                scores = {"grammar": word.confidence}
                if awake and word.confidence >= self._thresholds.get(word.text, self.CONFIDENCE):
                    return Detection(word.text, t, self._zero + word.start, self._zero + word.end, scores)
        return None

    def reset(self) -> None:
        """Forget all audio."""
        self._recogniser.begin()
        self._zero = -1.0
        self.score = 0.0
