"""Other ways to find speech in upload, beside ours: each takes windows and gives the times of what it found.

All look at bytes per second, since that is what a rate monitor has. Times are seconds after the first packet.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median

from bench.traffic.data import Event, Sample
from echoctl.model.traffic import BurstClass
from echoctl.traffic.join import MERGE_MS

DUBOIS_ECHO = 12_172
"""Bytes per second to one endpoint: Dubois et al., When Speakers Are All Ears, PETS 2020, their value for the Echo."""

SUM_S, SUM_BYTES = 3, 16_000
EWMA_SHARE, EWMA_SIGMA = 0.1, 6
EWMA_FLOOR, MAD_FLOOR = 10.0, 50.0
"""Bytes: deviations below this are taken as this, since most seconds are empty."""
MADS = 10


def ours(sample: Sample) -> list[Event]:
    """The width rule, grade voice."""
    return _graded(sample, (BurstClass.VOICE,))


def ours_possible(sample: Sample) -> list[Event]:
    """The width rule, grades voice and possible."""
    return _graded(sample, (BurstClass.VOICE, BurstClass.POSSIBLE))


def peak(sample: Sample) -> list[Event]:
    """A second above the threshold, to one endpoint."""
    sums: dict[tuple[str, str, int], int] = defaultdict(int)
    for window in sample.windows:
        sums[window.device, window.remote, _second(sample, window.start_ms)] += window.up
    return merged([(float(at), at + 1.0) for (_, _, at), up in sorted(sums.items(), key=_time) if up > DUBOIS_ECHO])


def three_seconds(sample: Sample) -> list[Event]:
    """So many bytes in three seconds."""
    found = []
    for series in _series(sample):
        for at in range(len(series)):
            if series[at] and sum(series[at : at + SUM_S]) > SUM_BYTES:
                found.append((float(at), float(at + SUM_S)))
    return merged(sorted(found))


def ewma(sample: Sample) -> list[Event]:
    """A second that stands out from an exponentially weighted mean by six deviations."""
    found = []
    for series in _series(sample):
        mean = variance = 0.0
        for at, up in enumerate(series):
            if up > mean + EWMA_SIGMA * max(math.sqrt(variance), EWMA_FLOOR):
                found.append((float(at), at + 1.0))
            away = up - mean
            mean += EWMA_SHARE * away
            variance = (1 - EWMA_SHARE) * (variance + EWMA_SHARE * away * away)
    return merged(sorted(found))


def mad(sample: Sample) -> list[Event]:
    """A second that stands out from the median by ten median deviations."""
    found = []
    for series in _series(sample):
        middle = median(series)
        limit = middle + MADS * max(median(abs(up - middle) for up in series), MAD_FLOOR)
        found += [(float(at), at + 1.0) for at, up in enumerate(series) if up > limit]
    return merged(sorted(found))


PEERS: dict[str, Callable[[Sample], list[Event]]] = {
    "width rule": ours,
    "width rule, or possible": ours_possible,
    "Dubois peak threshold": peak,
    "3 s sum > 16 kB": three_seconds,
    "EWMA 6 sigma": ewma,
    "median + 10 MAD": mad,
}


def merged(events: Sequence[Event]) -> list[Event]:
    """Events no further apart than two seconds are one."""
    found: list[Event] = []
    for start, end in events:
        if found and start - found[-1][1] <= MERGE_MS / 1000:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _graded(sample: Sample, grades: Sequence[BurstClass]) -> list[Event]:
    bursts = [each for each in sample.bursts if each.grade in grades]
    return merged([(sample.seconds(each.start_ms), sample.seconds(each.end_ms)) for each in bursts])


def _second(sample: Sample, at_ms: int) -> int:
    return int(sample.seconds(at_ms) // 1)


def _time(item: tuple[tuple[str, str, int], int]) -> int:
    return item[0][2]


def _series(sample: Sample) -> list[list[int]]:
    """Bytes per second, of each device."""
    length = max(1, int(sample.seconds(sample.end_ms)) + 2)
    sums: dict[str, list[int]] = {}
    for window in sample.windows:
        series = sums.setdefault(window.device, [0] * length)
        at = min(max(_second(sample, window.start_ms), 0), length - 1)
        series[at] += window.up
    return list(sums.values())
