"""The two ways from sound to a wake: a neural spotter with a second stage, and the grammar of typed words.

A lane is fed while the energy gate is open, and says at each chunk whether a word was heard, nearly heard, or not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from echoctl.model import Detection, NearMiss, Word
from echoctl.speech.gate import Trigger
from echoctl.speech.models import SpeechModel
from echoctl.speech.spotters import (
    UNKNOWN,
    Heard,
    PhraseCheck,
    Spotter,
    Verifier,
    occurrences,
    seconds,
    weighted,
)
from echoctl.speech.words import ORDINARY

Recent = Callable[[float], bytes]
"""The last so many seconds of pcm, up to and including the chunk that is being fed."""

CHECK_S = 1.8
"""What the check of a neural spotter looks at: the word and a little of what came before."""


class Lane(Protocol):
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

    First a plain grammar of the word (30 ms); where that finds it, it is a wake if the spotter is rather sure, or if
    the second spotter has an inkling of it, or if the grammar is rather sure itself and one full of ordinary words
    finds the word too. Where the plain grammar does not find it, one of the spotters must be quite sure.
    """

    PLAIN_WITH_FULL = 0.6
    PLAIN_WITH_SPOTTER = 0.3
    SPOTTER_ALONE = 0.98
    PLAIN_WITH_VERIFIER = 0.02
    VERIFIER_ALONE = 0.4
    WEIGHT = 5
    VERIFIER_PAST_S = 2.6

    def __init__(self, word: str, model: SpeechModel, verifier: Verifier | None) -> None:
        self._word = word
        spelled = all(model.has_word(part) for part in word.split())
        self._plain = PhraseCheck(model, [word]) if spelled else None
        self._full = PhraseCheck(model, [word], ORDINARY, self.WEIGHT) if spelled else None
        self._verifier = verifier
        self._verified = 0.0

    def judge(self, recent: Recent, chunk: bytes, trigger: Trigger) -> Verdict:
        """Judge at a chunk at which `trigger` is hot; to be called at each of them in turn."""
        pcm = recent(CHECK_S)
        scores = {"spotter": trigger.peak}
        if self._verifier:
            scores["verifier"] = self._verify(self._verifier, recent, chunk, trigger)
        plain = self._plain(pcm, self._word) if self._plain else None
        sure = trigger.peak >= self.SPOTTER_ALONE or scores.get("verifier", 0.0) >= self.VERIFIER_ALONE
        if plain:
            scores["grammar"] = plain.confidence
            sure = sure or trigger.peak >= self.PLAIN_WITH_SPOTTER
            sure = sure or scores.get("verifier", 0.0) >= self.PLAIN_WITH_VERIFIER
            rather = plain.confidence >= self.PLAIN_WITH_FULL
            sure = sure or bool(rather and self._full and self._full(pcm, self._word))
        return Verdict(sure, scores, plain, seconds(pcm))

    def _verify(self, verifier: Verifier, recent: Recent, chunk: bytes, trigger: Trigger) -> float:
        if trigger.age == 1:
            self._verified = verifier.begin(recent(self.VERIFIER_PAST_S))
        else:
            self._verified = max(self._verified, verifier.feed(chunk))
        return self._verified

    def reset(self) -> None:
        """Forget all audio."""
        self._verified = 0.0
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
        self.score = 0.0
        self.threshold = max(threshold, 1e-6)
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

    def pause(self, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """It has become quiet: what was not accepted by now is a near miss."""
        missed = self._missed(t)
        self._cool()
        return missed if awake else None

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
    """All typed words in one recogniser that knows nothing else, and a second one for what it finds.

    The first guesses a word in every half sentence. So a moment after it shows a word (which it does before the word
    has ended), at its next three guesses while it goes on showing it, and once more when the phrase has ended, a
    grammar full of ordinary words decodes the last moments afresh: in three windows of different length, since over
    noise the recogniser finds in one what it does not find in another. The score of a word is the mean of what it is
    given in them, as far as it takes to decide.
    """

    WINDOWS_S = (1.4, 2.4, 3.4)
    LATE_S = 0.8
    """How much longer they are when a phrase has ended, which the recogniser says about 0.9 s after its last word."""
    LATEST_S = 1.6
    """A word that ended longer ago does not wake any more; less than the refractory period, so none wakes twice."""
    DOUBT = 0.5
    """Less counts as nothing."""
    SCORE = 0.3
    """Found surely in one window of three."""
    SHORT_SCORE = 0.67
    """In all three, for short words: they sound like parts of many others."""
    SHORT = 4
    """Letters."""
    WEIGHT = 3
    CHECK_WEIGHT = 10
    SHORT_CHECK_WEIGHT = 3
    STEP = 3
    """Chunks from one guess of the recogniser to the next."""
    CHECKS = 4

    def __init__(
        self, words: Sequence[str], model: SpeechModel, recent: Recent, thresholds: Mapping[str, float]
    ) -> None:
        self.words = tuple(words)
        self.score = 0.0
        self.threshold = max(min(thresholds.get(word, self.usual(word)) for word in words), 1e-6)
        self._recogniser = model.recogniser([*weighted(words, self.WEIGHT), UNKNOWN])
        self._recogniser.begin()
        readily = [word for word in words for _ in range(self._check_weight(word))]
        self._check = PhraseCheck(model, readily, ORDINARY)
        self._recent = recent
        self._thresholds = thresholds
        self._shown: dict[str, int] = {}

    def feed(self, chunk: bytes, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """Take 80 ms that end at `t`."""
        ended = self._recogniser.feed(chunk)
        self.score = 0.0
        if ended is not None:
            return self._decide(ended, t, awake=awake)
        due = self._due(f" {self._recogniser.partial()} ")
        return self._best([self._judge(word, t) for word in due if awake])

    def pause(self, t: float, *, awake: bool) -> Detection | NearMiss | None:
        """It has become quiet: the phrase has ended."""
        ended = self._recogniser.finish()
        self._recogniser.begin()
        return self._decide(ended, t, awake=awake)

    def reset(self) -> None:
        """Forget all audio."""
        self._recogniser.begin()
        self._shown.clear()
        self.score = 0.0

    def _due(self, partial: str) -> list[str]:
        """The words of the guess that are to be checked at this chunk."""
        self._shown = {word: self._shown.get(word, -1) + 1 for word in self.words if f" {word} " in partial}
        last = self.STEP * self.CHECKS
        return [word for word, age in self._shown.items() if age % self.STEP == 1 and age <= last]

    def _decide(self, ended: Sequence[Word], t: float, *, awake: bool) -> Detection | NearMiss | None:
        self._shown.clear()
        found = {word: max(at) for word in self.words if (at := [h.confidence for h in occurrences(ended, word)])}
        return self._best([self._judge(word, t, ended=found[word]) for word in found if awake])

    def _judge(self, word: str, t: float, *, ended: float | None = None) -> Detection | NearMiss | None:
        """Decode the last seconds afresh. `ended`: the confidence of a word that stayed until its phrase ended; only
        such a word is a near miss.
        """
        late = 0.0 if ended is None else self.LATE_S
        threshold = self._thresholds.get(word, self.usual(word))
        heard: list[Heard] = []
        score = 0.0
        for left, span in zip(reversed(range(len(self.WINDOWS_S))), self.WINDOWS_S, strict=True):
            one = self._at(word, t, span + late)
            if one is not None and one.confidence >= self.DOUBT and t - one.end <= self.LATEST_S:
                heard.append(one)
                score += one.confidence / len(self.WINDOWS_S)
            if score >= threshold or score + left / len(self.WINDOWS_S) < threshold:
                break
        self.score = max(self.score, score)
        scores = {"grammar": round(score, 4)} | ({} if ended is None else {"spotter": ended})
        if not heard or score < threshold:
            return None if ended is None else NearMiss(word, t, scores)
        surest = max(heard, key=lambda one: one.confidence)
        return Detection(word, t, surest.start, surest.end, scores)

    def _at(self, word: str, t: float, span: float) -> Heard | None:
        """Where the second grammar finds `word` in the last `span` seconds, in seconds of the stream."""
        pcm = self._recent(span)
        base = t - seconds(pcm)
        heard = self._check(pcm, word)
        return heard and Heard(base + heard.start, base + heard.end, heard.confidence)

    @classmethod
    def _check_weight(cls, word: str) -> int:
        return cls.SHORT_CHECK_WEIGHT if len(word) <= cls.SHORT else cls.CHECK_WEIGHT

    @classmethod
    def usual(cls, word: str) -> float:
        """The score that counts, where nobody has set one."""
        return cls.SHORT_SCORE if len(word) <= cls.SHORT else cls.SCORE

    @staticmethod
    def _best(found: Sequence[Detection | NearMiss | None]) -> Detection | NearMiss | None:
        """The surest detection, else a near miss, else None."""
        wakes = [one for one in found if isinstance(one, Detection)]
        if wakes:
            return max(wakes, key=lambda wake: wake.scores["grammar"])
        return next((one for one in found if one is not None), None)
