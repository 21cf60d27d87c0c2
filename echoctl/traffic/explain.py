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

REACH_MS = 60_000
"""What began or was said longer ago no longer decides anything: far longer than an answer (join.ANSWER_MS)."""


def speech(bursts: Iterable[Burst]) -> list[Upload]:
    """The uploads of one device that are, or may be, speech: what is left of its answers and its housekeeping."""
    some = list(bursts)
    voice = join.uploads(some, BurstClass.VOICE)
    possible = join.apart(join.uploads(some, BurstClass.POSSIBLE), voice)
    return [*voice, *(each for each in possible if not thresholds.housekeeping(each.name))]


def with_wakes(bursts: Iterable[Burst], explained: Iterable[Upload]) -> Iterator[Burst]:
    """Each burst with the detection that explains the upload it is part of."""
    spans = [(each.start_ms, each.end_ms, each.wake.id) for each in explained if each.wake]
    for burst in bursts:
        wake = next((wake for start, end, wake in spans if start <= burst.start_ms <= end), None)
        yield replace(burst, wake=wake) if wake is not None and burst.grade in SPEECH else burst


class Recent:
    """What was heard and sent lately, so that a burst is explained while its capture still runs."""

    def __init__(self) -> None:
        self._wakes: list[Wake] = []
        self._bursts: dict[tuple[str, str, int], Burst] = {}

    def hear(self, wake: Wake) -> None:
        """A wake word was heard, now."""
        self._wakes = [*(old for old in self._wakes if wake.at_ms - old.at_ms <= REACH_MS), wake]

    def explain(self, burst: Burst, offset_ms: int = 0) -> Burst:
        """The burst with its wake, as far as it can be told by now. A burst that comes again replaces itself.

        `offset_ms` is the capture's clock less the listener's.
        """
        if burst.grade not in SPEECH:
            return burst
        oldest = burst.end_ms - REACH_MS
        self._bursts = {key: old for key, old in self._bursts.items() if old.end_ms >= oldest}
        self._bursts[burst.device, burst.remote, burst.start_ms] = burst
        own = [each for each in self._bursts.values() if each.device == burst.device]
        joined = join.join(speech(own), self._wakes, offset_ms)
        return next(with_wakes([burst], joined.explained))
