"""What the numbers can carry: do uploads follow wakes, how many could have been missed, what could still hide.

The time axis is what was watched, second by second, gaps left out: a gap is not silence.
"""

import math
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate
from statistics import median

from echoctl.model.traffic import Second

AFTER_S = 6
"""The upload of a request lies in this time after its wake."""

SHIFTS = 999
"""How many shifts are tried: the smallest p that can be found is 0.001."""

CONFIDENCE = 0.95

CODECS: Mapping[str, int] = {"6 kbit/s": 6000, "16 kbit/s": 16_000, "24 kbit/s": 24_000, "PCM": 256_000}
"""Bits per second: the slowest usual Opus, two that speakers use, and 16 kHz PCM."""

SPEECH_RATE = 750
"""Bytes per second of speech at 6 kbit/s: what goes on below this rate cannot be live speech of a usual codec."""

STREAM_S = 60
"""Upload that goes on for this long is not a request."""

_PAUSE_S = 2
"""How long a stream may pause: lost packets, a breath."""

_FLAT_SHARE = 0.9
_FLAT_WITHIN = 0.25
_ALWAYS = 0.95
_DOWN_MOST = 20


class Watched:
    """The seconds that were watched, numbered through from 0."""

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        """`stretches`: Unix milliseconds from and to, apart from each other, in order."""
        self._starts: list[int] = []
        self._offsets: list[int] = []
        self.seconds = 0
        self.ms = 0
        for begin, end in stretches:
            first, last = begin // 1000, -(-end // 1000)
            self._starts.append(first)
            self._offsets.append(self.seconds)
            self.seconds += last - first
            self.ms += end - begin

    def place(self, at_ms: int) -> int | None:
        """Which second a time is; None when it was not watched."""
        which = bisect_right(self._starts, at_ms // 1000) - 1
        if which < 0:
            return None
        end = self._offsets[which + 1] if which + 1 < len(self._offsets) else self.seconds
        place = self._offsets[which] + at_ms // 1000 - self._starts[which]
        return place if place < end else None

    def series(self, rows: Iterable[tuple[int, int]]) -> dict[int, int]:
        """(Unix second, bytes) as bytes per watched second, seconds without any left out."""
        series: Counter[int] = Counter()
        for at_s, size in rows:
            place = self.place(at_s * 1000)
            if place is not None and size:
                series[place] += size
        return series


def permutation_p(
    series: Mapping[int, int], length: int, wakes: Iterable[int], shifts: int = SHIFTS, seed: int = 1
) -> float | None:
    """The chance of as many bytes in the seconds after the wakes, had wakes and uploads nothing to do with each other.

    The train of wakes is shifted round the time axis, so that its own rhythm and that of the uploads stay as they
    are. `wakes` are places in `series`, which has `length` of them. None without wakes or without time.
    """
    wakes = list(wakes)
    if not wakes or length <= AFTER_S:
        return None
    places = sorted(series)
    places += [place + length for place in places if place < AFTER_S]
    sums = [0, *accumulate(series[place % length] for place in places)]

    def after(shift: int) -> int:
        begins = ((place + shift) % length for place in wakes)
        return sum(sums[bisect_left(places, at + AFTER_S)] - sums[bisect_left(places, at)] for at in begins)

    seen, rng = after(0), random.Random(seed)
    as_much = sum(after(rng.randrange(length)) >= seen for _ in range(shifts))
    return (1 + as_much) / (1 + shifts)


def poisson_upper(count: int, hours: float, confidence: float = CONFIDENCE) -> float:
    """The exact upper bound of a rate per hour after `count` events: with none in T hours it is 3.0 / T."""
    low, high = 0.0, 50.0 + 5 * count
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(count, middle) > 1 - confidence else (low, middle)
    return high / hours


def at_most(count: int, mean: float) -> float:
    """The chance of `count` events or fewer, when `mean` are expected (Poisson)."""
    if mean <= 0:
        return 1.0
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


def hidden_speech(background: int, hours: float) -> dict[str, float]:
    """Codec -> seconds of speech per hour that `background` bytes of upload could hold, were all of it speech."""
    return {codec: background * 8 / rate / hours for codec, rate in CODECS.items()}


def padded(series: Mapping[int, int], length: int) -> bool:
    """Whether the upload is even and without pause, at a rate that could hold speech: then nothing can be told."""
    if not length or len(series) < _ALWAYS * length:
        return False
    middle = median(series.values())
    flat = sum(abs(size - middle) <= _FLAT_WITHIN * middle for size in series.values())
    return middle >= SPEECH_RATE and flat >= _FLAT_SHARE * length


def streams(seconds: Iterable[Second]) -> list[tuple[int, int, int]]:
    """Upload to one endpoint at speech's rate for a minute or more: (first second, one after the last, bytes).

    Acknowledging a download is no stream: where far more comes down than goes up, it is left out.
    """
    runs: list[list[Second]] = []
    for second in seconds:
        if second.up < SPEECH_RATE:
            continue
        if runs and second.at_s - runs[-1][-1].at_s <= _PAUSE_S + 1:
            runs[-1].append(second)
        else:
            runs.append([second])
    found = []
    for run in runs:
        up, down = sum(second.up for second in run), sum(second.down for second in run)
        if run[-1].at_s + 1 - run[0].at_s >= STREAM_S and down <= _DOWN_MOST * up:
            found.append((run[0].at_s, run[-1].at_s + 1, up))
    return found
