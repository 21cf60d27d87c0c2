"""The way from sound to a wake for words that somebody typed: a grammar of them, and a second one for what it finds."""

from collections.abc import Mapping, Sequence

from echoctl.model.speech import Detection, NearMiss, Word
from echoctl.speech.models import SpeechModel
from echoctl.speech.neural_detector import Recent
from echoctl.speech.spotters import UNKNOWN, Heard, PhraseCheck, occurrences, seconds, weighted
from echoctl.speech.words import NAMES, ORDINARY


class GrammarDetector:
    """All typed words in one recogniser that knows little else, and a second one for what it finds.

    The first guesses a word in every other sentence. So a moment after it shows a word (which it does before the word
    has ended), at its next three guesses while it goes on showing it, and once more when the phrase has ended, a
    grammar full of ordinary words decodes the last moments afresh: in three windows of different length, since over
    noise the recogniser finds in one what it does not find in another. The score of a word is the mean of what it is
    worth in them, as far as it takes to decide. A word that follows another without a pause is worth a third: a
    person who calls begins to speak, and most of what sounds like a short word is part of others.
    """

    WINDOWS_S = (1.0, 2.4, 3.4)
    LATE_S = 0.8
    """Added to the windows when a phrase has ended, which the recogniser says about 0.9 s after its last word."""
    LATEST_S = 1.6
    """A word that ended longer ago does not wake any more; less than the refractory period, so none wakes twice."""
    DOUBT = 0.5
    """A score below this counts as 0."""
    PAUSE_S = 0.1
    RUNNING_ON = 1 / 3
    SCORE = 0.3
    """What wakes where nobody has set it: found surely in one window of three, or in all of them in running speech."""
    SHORT_SCORE = 0.5
    """The same for a short word, which sounds like parts of many others: found in two windows."""
    SHORT = 4
    """A word of at most this many letters is short."""
    WEIGHT = 10
    """How often a word stands in a grammar where another stands once; names stand 3 times where they are decoded."""
    NAMES_WEIGHT = 3
    STEP = 3
    """Chunks from one guess of the recogniser to the next."""
    CHECKS = 4

    def __init__(
        self, words: Sequence[str], model: SpeechModel, recent: Recent, thresholds: Mapping[str, float]
    ) -> None:
        self.words = tuple(words)
        self.score = 0.0
        self.threshold = max(min(thresholds.get(word, self.usual(word)) for word in words), 1e-6)
        said = {part for word in words for part in word.split()}
        names = [name for name in NAMES if name not in said and model.has_word(name)]
        self._recogniser = model.recogniser([*weighted(words, self.WEIGHT), UNKNOWN, *names])
        self._recogniser.begin()
        others = [*weighted(names, self.NAMES_WEIGHT), *ORDINARY]
        self._check = PhraseCheck(model, words, others, self.WEIGHT)
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
        """Drop the audio heard so far and the guesses made of it; the words and thresholds stay."""
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
        heard: list[tuple[float, Heard]] = []
        score = 0.0
        for left, span in zip(reversed(range(len(self.WINDOWS_S))), self.WINDOWS_S, strict=True):
            worth, one = self._at(word, t, span + late)
            if one is not None:
                heard.append((worth, one))
                score += worth / len(self.WINDOWS_S)
            if score >= threshold or score + left / len(self.WINDOWS_S) < threshold:
                break
        self.score = max(self.score, score)
        scores = {"grammar": round(score, 4)} | ({} if ended is None else {"spotter": ended})
        if not heard or score < threshold:
            return None if ended is None else NearMiss(word, t, scores)
        _, surest = max(heard, key=lambda one: one[0])
        return Detection(word, t, surest.start, surest.end, scores)

    def _at(self, word: str, t: float, span: float) -> tuple[float, Heard | None]:
        """Where the second grammar finds `word` in the last `span` seconds, in seconds of the stream; worth first."""
        pcm = self._recent(span)
        base = t - seconds(pcm)
        found = [
            (self._worth(one), Heard(base + one.start, base + one.end, one.confidence, one.pause))
            for one in self._check.all(pcm, word)
            if one.confidence >= self.DOUBT and t - (base + one.end) <= self.LATEST_S
        ]
        return max(found, key=lambda one: one[0], default=(0.0, None))

    @classmethod
    def usual(cls, word: str) -> float:
        """The score that counts, where nobody has set one."""
        return cls.SHORT_SCORE if len(word) <= cls.SHORT else cls.SCORE

    @classmethod
    def _worth(cls, heard: Heard) -> float:
        return heard.confidence * (1.0 if heard.pause >= cls.PAUSE_S else cls.RUNNING_ON)

    @staticmethod
    def _best(found: Sequence[Detection | NearMiss | None]) -> Detection | NearMiss | None:
        """The surest detection, else a near miss, else None."""
        wakes = [one for one in found if isinstance(one, Detection)]
        if wakes:
            return max(wakes, key=lambda wake: wake.scores["grammar"])
        return next((one for one in found if one is not None), None)
