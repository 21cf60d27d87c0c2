"""Joining uploads with wakes: who called what, when the two were timed by different clocks.

An upload is explained when it begins between 1.5 s before and 4 s after a wake. The clock of a router may be off by
half a minute; by how much is read from the pattern itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from echoctl.model.traffic import Burst, BurstClass, ClockBasis, ClockFit, Upload, Wake

BEFORE_MS, AFTER_MS = 1500, 4000
"""An upload begins at most this long before its wake (a listener decides late), and at most this long after it."""

LATE_MS = 1000
"""How long after the wake word an upload usually begins."""

MERGE_MS = 2000
"""Bursts no further apart than this are one upload: a request goes to several endpoints."""

ANSWER_MS = 10_000
"""What may be speech, but begins while an upload lasts or this soon after it, belongs to the answer."""

SEARCH_MS = 30_000
"""Clocks further apart than this are not guessed at."""

_SPREAD_MS = 600
"""By how much the delay of single uploads scatters around the usual one."""

_ENOUGH = 3
"""How many wakes must meet an upload before an estimate is believed."""

_BETTER = 1.5
"""By this factor more wakes must fit than with clocks taken as right."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Uploads with their wakes, and wakes without an upload."""

    explained: tuple[Upload, ...]
    unexplained: tuple[Upload, ...]
    silent: tuple[Wake, ...]


def uploads(bursts: Iterable[Burst], grade: BurstClass) -> list[Upload]:
    """The bursts of one device and grade as uploads, in order of time."""
    merged: list[Upload] = []
    for burst in sorted(bursts, key=lambda each: each.start_ms):
        if burst.grade is not grade:
            continue
        if merged and burst.start_ms - merged[-1].end_ms <= MERGE_MS:
            last = merged[-1]
            end = max(last.end_ms, burst.end_ms)
            merged[-1] = replace(last, end_ms=end, bytes_up=last.bytes_up + burst.bytes_up)
        else:
            size = burst.bytes_up
            merged.append(Upload(burst.remote, burst.name, burst.start_ms, burst.end_ms, size, grade))
    return merged


def apart(possible: Iterable[Upload], voice: Sequence[Upload]) -> list[Upload]:
    """Possible speech that is no part of the answer to a request."""
    return [
        each
        for each in possible
        if not any(sure.start_ms <= each.start_ms <= sure.end_ms + ANSWER_MS for sure in voice)
    ]


def join(found: Sequence[Upload], wakes: Sequence[Wake], offset_ms: int = 0) -> Joined:
    """Give each upload at most one wake and each wake at most one upload, the likeliest pairs first.

    `offset_ms` is added to the wakes' times.
    """
    pairs = sorted(
        (abs(late - LATE_MS), u, w)
        for u, upload in enumerate(found)
        for w, wake in enumerate(wakes)
        if -BEFORE_MS <= (late := upload.start_ms - wake.at_ms - offset_ms) <= AFTER_MS
    )
    wake_of: dict[int, int] = {}
    for _, u, w in pairs:
        if u not in wake_of and w not in wake_of.values():
            wake_of[u] = w
    explained = tuple(
        replace(found[u], wake=wakes[w], late_ms=found[u].start_ms - wakes[w].at_ms - offset_ms)
        for u, w in sorted(wake_of.items())
    )
    taken = set(wake_of.values())
    return Joined(
        explained,
        tuple(upload for u, upload in enumerate(found) if u not in wake_of),
        tuple(wake for w, wake in enumerate(wakes) if w not in taken),
    )


def settle(starts: Sequence[int], wakes: Sequence[int], known_ms: int | None) -> ClockFit:
    """Bring the clocks together: by what is known, else by the shift with which most wakes meet an upload.

    `starts` and `wakes` are Unix milliseconds; `known_ms` is the capture's clock less the listener's.
    """
    if known_ms is not None:
        return ClockFit(known_ms, ClockBasis.KNOWN, _meet(starts, wakes, known_ms))
    if not starts or not wakes:
        return ClockFit(0, ClockBasis.ASSUMED)
    best = max(_candidates(starts, wakes), key=lambda offset: (_fit(starts, wakes, offset), -abs(offset)), default=0)
    best = _refined(starts, wakes, best)
    matched, as_is = _meet(starts, wakes, best), _meet(starts, wakes, 0)
    if matched >= max(_ENOUGH, as_is + 1) and _fit(starts, wakes, best) >= _fit(starts, wakes, 0) + _BETTER:
        return ClockFit(best, ClockBasis.ESTIMATED, matched)
    return ClockFit(0, ClockBasis.ASSUMED if as_is else ClockBasis.UNKNOWN, as_is)


def align(
    captures: Iterable[tuple[int, int, int | None]], starts: Sequence[int], wakes: Sequence[Wake]
) -> tuple[list[Wake], ClockFit]:
    """The wakes in the captures' time, each capture (from, to, known clock) settled for itself.

    Returns those that were watched, and the fit that the most rests on; where one is unknown, that one.
    """
    placed: dict[int, Wake] = {}
    fits = []
    for begin, end, known_ms in captures:
        reach = abs(known_ms) if known_ms is not None else SEARCH_MS
        near = [n for n, wake in enumerate(wakes) if begin - reach <= wake.at_ms <= end + reach]
        inside = [start for start in starts if begin <= start <= end]
        fit = settle(inside, [wakes[n].at_ms for n in near], known_ms)
        fits.append(fit)
        for n in near:
            if begin <= (at_ms := wakes[n].at_ms + fit.offset_ms) <= end:
                placed.setdefault(n, replace(wakes[n], at_ms=at_ms))
    weight = {ClockBasis.UNKNOWN: 2, ClockBasis.ESTIMATED: 1}
    best = max(fits, key=lambda fit: (weight.get(fit.basis, 0), fit.matched), default=ClockFit(0, ClockBasis.ASSUMED))
    return sorted(placed.values(), key=lambda wake: wake.at_ms), best


def _candidates(starts: Sequence[int], wakes: Sequence[int]) -> set[int]:
    """Each shift that makes some wake meet some upload."""
    shifts = (start - wake - LATE_MS for start in starts for wake in wakes)
    return {shift for shift in shifts if abs(shift) <= SEARCH_MS}


def _fit(starts: Sequence[int], wakes: Sequence[int], offset: int) -> float:
    """How many wakes meet an upload, the exact ones counting more than the vague."""
    total = 0.0
    for wake in wakes:
        away = min(abs(start - wake - offset - LATE_MS) for start in starts)
        total += max(0.0, 1 - (away / (3 * _SPREAD_MS)) ** 2)
    return total


def _refined(starts: Sequence[int], wakes: Sequence[int], offset: int) -> int:
    """The median shift of the pairs that match within 3 _SPREAD_MS; `offset` where none does."""
    nearest = (min((start - wake - LATE_MS for start in starts), key=lambda s: abs(s - offset)) for wake in wakes)
    close = [shift for shift in nearest if abs(shift - offset) <= 3 * _SPREAD_MS]
    return round(median(close)) if close else offset


def _meet(starts: Sequence[int], wakes: Sequence[int], offset: int) -> int:
    """How many wakes have an upload within the time in which one is explained."""
    return sum(any(-BEFORE_MS <= start - wake - offset <= AFTER_MS for start in starts) for wake in wakes)
