"""Does the width rule carry over to speakers that it was not tuned on? Each family of captures is left out once."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from statistics import mean
from typing import Any

from bench.traffic.data import LATE_S, SPOKEN, Sample, segmented
from bench.traffic.peers import merged
from echoctl.model.traffic import BurstClass
from echoctl.traffic.thresholds import DEFAULT, Rules

WINDOWS, SPANS_MS, BYTES = (5, 7, 9), (900, 1300, 1700), (4000, 8000, 12_000, 16_000, 20_000, 24_000)

GRID = list(itertools.product(WINDOWS, SPANS_MS, BYTES))

Errors = tuple[int, int, int]
"""Requests, those that were missed, events that were none."""


def crossed(found: Sequence[Sample]) -> list[dict[str, Any]]:
    """Per family: thresholds chosen on all the others, and the errors with them here; and with the usual ones."""
    families: dict[str, list[Sample]] = defaultdict(list)
    for sample in found:
        if sample.labels or f"_{SPOKEN}" in sample.name:
            families["/".join(sample.name.split("/")[:2]) if "/" in sample.name else sample.name].append(sample)
    table = {family: [_errors(some, each) for each in GRID] for family, some in families.items()}
    usual = GRID.index((DEFAULT.windows, DEFAULT.span_ms, DEFAULT.bytes))
    rows = []
    for family, errors in table.items():
        sums = [sum(sum(each[n][1:]) for name, each in table.items() if name != family) for n in range(len(GRID))]
        chosen = _middle([n for n, total in enumerate(sums) if total == min(sums)])
        rows.append({"family": family, "chosen": GRID[chosen], "errors": errors[chosen], "usual": errors[usual]})
    return rows


def _middle(tied: Sequence[int]) -> int:
    """The one of those that err least which lies in their middle."""
    places = {n: (n // (len(BYTES) * len(SPANS_MS)), n // len(BYTES) % len(SPANS_MS), n % len(BYTES)) for n in tied}
    centre = [mean(axis) for axis in zip(*places.values(), strict=True)]
    return min(tied, key=lambda n: sum((a - b) ** 2 for a, b in zip(places[n], centre, strict=True)))


def _errors(some: Sequence[Sample], thresholds: tuple[int, int, int]) -> Errors:
    rules = Rules(*thresholds)
    each = [_of_sample(sample, rules) for sample in some]
    return sum(row[0] for row in each), sum(row[1] for row in each), sum(row[2] for row in each)


def _of_sample(sample: Sample, rules: Rules) -> Errors:
    bursts = [burst for burst in segmented(sample.windows, rules) if burst.grade is BurstClass.VOICE]
    events = merged([(sample.seconds(burst.start_ms), sample.seconds(burst.end_ms)) for burst in bursts])
    starts = [start for start, _ in events]
    if sample.requests:
        spans = [(start - sample.early_s, end + LATE_S) for start, end in sample.requests]
        missed = sum(not any(a <= at <= b for at in starts) for a, b in spans)
        return len(spans), missed, sum(not any(a <= at <= b for a, b in spans) for at in starts)
    if sample.csv:
        spoken = sample.labels[0].word == "voice"
        return int(spoken), int(spoken and not events), int(bool(events) and not spoken)
    return SPOKEN, max(0, SPOKEN - len(events)), max(0, len(events) - SPOKEN)
