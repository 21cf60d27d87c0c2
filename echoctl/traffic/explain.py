"""Which wake explains which upload: the one rule, for the verdict on a time that is over and for the live view.

Nothing is explained by itself: an upload gets a wake only together with all others (join.join), so the live view keeps
what was sent lately and asks again with each burst.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from echoctl.model.traffic import Burst, BurstClass, Upload, Wake
from echoctl.traffic import join, thresholds

SPEECH = (BurstClass.VOICE, BurstClass.POSSIBLE)
"""The grades that want an explanation."""

REACH_MS = thresholds.LONGEST_MS + 30_000
"""What ended or was said longer ago no longer decides anything: the longest burst, and far more than an answer."""


def speech(bursts: Iterable[Burst]) -> list[Upload]:
    """The uploads of one device that are, or may be, speech: what is left of its answers and its housekeeping."""
    some = list(bursts)
    voice = join.uploads(some, BurstClass.VOICE)
    possible = join.apart(join.uploads(some, BurstClass.POSSIBLE), voice)
    return [*voice, *(each for each in possible if not thresholds.housekeeping(each.name))]


def with_wakes(bursts: Iterable[Burst], explained: Iterable[Upload]) -> Iterator[Burst]:
    """Each burst with the detection that explains the upload that it is part of, or whose answer it belongs to.

    Where that holds of several, the one that began last counts: people wait for an answer before they ask again.
    """
    called = sorted((each for each in explained if each.wake), key=lambda each: each.start_ms, reverse=True)
    for burst in bursts:
        wake = next((each.wake.id for each in called if each.wake and _belongs(burst, each)), None)
        yield replace(burst, wake=wake) if wake is not None else burst


def _belongs(burst: Burst, upload: Upload) -> bool:
    """Speech is part of an upload of its own grade; what may be speech also of the answer to one, as in join.apart."""
    answers = burst.grade is BurstClass.POSSIBLE and upload.grade is BurstClass.VOICE
    end_ms = upload.end_ms + (join.ANSWER_MS if answers else 0)
    return (answers or burst.grade is upload.grade) and upload.start_ms <= burst.start_ms <= end_ms


class Recent:
    """What was heard and sent lately, so that a burst is explained while its capture still runs."""

    def __init__(self) -> None:
        self._wakes: list[Wake] = []
        self._bursts: dict[tuple[str, str, int], Burst] = {}

    def hear(self, wake: Wake) -> None:
        """A wake word was heard, now."""
        self._wakes = [*(old for old in self._wakes if wake.at_ms - old.at_ms <= REACH_MS), wake]

    def explain(self, burst: Burst, offset_ms: int = 0) -> Burst:
        """The burst with its wake, as far as it can be told by now. A burst that comes again replaces itself, also one
        that has grown out of being speech.

        `offset_ms` is the capture's clock less the listener's.
        """
        key = burst.device, burst.remote, burst.start_ms
        self._bursts.pop(key, None)
        if burst.grade not in SPEECH:
            return burst
        oldest = burst.end_ms - REACH_MS
        self._bursts = {place: old for place, old in self._bursts.items() if old.end_ms >= oldest}
        self._bursts[key] = burst
        own = [each for each in self._bursts.values() if each.device == burst.device]
        joined = join.join(speech(own), self._wakes, offset_ms)
        return next(with_wakes([burst], joined.explained))
