"""From sound to a wake word: what every detector does, and the first of them, a neural spotter with a second stage.

A detector is fed while the energy gate is open, and says at each chunk whether a word was heard, nearly heard, or not.
The other one is that of typed words (grammar_detector.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from echoctl.model.speech import Detection, NearMiss
from echoctl.speech.gate import Trigger
from echoctl.speech.models import SpeechModel
from echoctl.speech.spotters import Heard, PhraseCheck, Spotter, Verifier, seconds
from echoctl.speech.words import ORDINARY

Recent = Callable[[float], bytes]
"""The last seconds of pcm, as many as asked for, up to and including the chunk that is being fed."""

CHECK_S = 1.8
"""What the check of a neural spotter looks at: the word and a little of what came before."""


class WordDetector(Protocol):
    """One way of spotting one word or several."""

    words: tuple[str, ...]
    score: float
    """The latest score of the first stage, 0 to 1."""
    threshold: float
    """The score that counts; of several words the lowest, and never zero."""

    def feed(self, chunk: bytes, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """Take 80 ms that end at stream time `t`; without `awake` (refractory period) nothing may be found."""

    def pause(self, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """It has become quiet at `t` and nothing will be fed for a while: decide on what was."""

    def reset(self) -> None:
        """Drop the audio heard so far and what was concluded from it; words and thresholds stay."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What the second stage said."""

    accepted: bool
    scores: Mapping[str, float]
    heard: Heard | None
    """Where the grammar found the word."""
    span: float
    """How many seconds before now the times of `heard` begin."""


class SecondStage:
    """The second opinion on what a neural spotter found, on the audio of the last two seconds.

    First a plain grammar of the word (30 ms); where that finds it, it is a wake if the spotter is rather sure, or if
    the second spotter has an inkling of it, or if the grammar is rather sure itself and one full of ordinary words
    finds the word too. Where the plain grammar does not find it, one of the spotters must be quite sure, or both
    together as sure as one.
    """

    PLAIN_WITH_FULL = 0.6
    PLAIN_WITH_SPOTTER = 0.3
    SPOTTER_ALONE = 0.98
    PLAIN_WITH_VERIFIER = 0.02
    VERIFIER_ALONE = 0.4
    BOTH = 1.0
    """What the scores of the two spotters must add up to."""
    WEIGHT = 5

    def __init__(self, word: str, model: SpeechModel, verifier: Verifier | None) -> None:
        self._word = word
        spelled = all(model.has_word(part) for part in word.split())
        self._plain = PhraseCheck(model, [word]) if spelled else None
        self._full = PhraseCheck(model, [word], ORDINARY, self.WEIGHT) if spelled else None
        self._verifier = verifier
        self._verified = 0.0

    def judge(self, recent: Recent, chunk: bytes, trigger: Trigger) -> SecondOpinion:
        """Judge at a chunk at which `trigger` is hot; to be called at each of them in turn."""
        pcm = recent(CHECK_S)
        scores = {"spotter": trigger.peak}
        if self._verifier:
            scores["verifier"] = self._verify(self._verifier, recent, chunk, trigger)
        plain = self._plain(pcm, self._word) if self._plain else None
        verified = scores.get("verifier", 0.0)
        sure = trigger.peak >= self.SPOTTER_ALONE or verified >= self.VERIFIER_ALONE
        sure = sure or trigger.peak + verified >= self.BOTH
        if plain:
            scores["grammar"] = plain.confidence
            sure = sure or trigger.peak >= self.PLAIN_WITH_SPOTTER or verified >= self.PLAIN_WITH_VERIFIER
            rather = plain.confidence >= self.PLAIN_WITH_FULL
            sure = sure or bool(rather and self._full and self._full(pcm, self._word))
        return SecondOpinion(sure, scores, plain, seconds(pcm))

    def _verify(self, verifier: Verifier, recent: Recent, chunk: bytes, trigger: Trigger) -> float:
        if trigger.age == 1:
            self._verified = verifier.begin(recent(verifier.needs_s))
        else:
            self._verified = max(self._verified, verifier.feed(chunk))
        return self._verified

    def reset(self) -> None:
        """Drop what the second spotter heard; the word stays."""
        self._verified = 0.0
        if self._verifier:
            self._verifier.reset()


class NeuralDetector:
    """A neural spotter at a low threshold, and a second stage that is asked for some chunks after it fired."""

    HOLD = 3
    """Chunks; a longer one finds no more (docs/decisions/0003), and costs checks."""
    DELAY_S = 0.06
    """How long after its word's end the spotter fires, at the median."""
    WORD_S = 0.55
    """A word's usual length, for when the grammar did not find it."""

    def __init__(self, word: str, spotter: Spotter, threshold: float, second: SecondStage, recent: Recent) -> None:
        self.words: tuple[str, ...] = (word,)
        self.score = 0.0
        self.threshold = max(threshold, 1e-6)
        self._spotter = spotter
        self._trigger = Trigger(threshold, self.HOLD)
        self._second = second
        self._recent = recent
        self._last: SecondOpinion | None = None

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

    def pause(self, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """It has become quiet: what was not accepted by now is a near miss."""
        missed = self._missed(t)
        self._cool()
        return missed if awake else None

    def reset(self) -> None:
        """Drop the audio heard so far, the trigger, and what the second stage said."""
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

    def _detection(self, t: float, verdict: SecondOpinion) -> Detection:
        if verdict.heard:
            base = t - verdict.span
            return Detection(self.words[0], t, base + verdict.heard.start, base + verdict.heard.end, verdict.scores)
        end = t - self.DELAY_S
        return Detection(self.words[0], t, max(0.0, end - self.WORD_S), end, verdict.scores)
