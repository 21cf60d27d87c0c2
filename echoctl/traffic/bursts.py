"""Bursts: windows of upload in, what they look like out, decided while it happens.

A burst is upload without a pause of more than 1.5 s by one device to one endpoint. Its grade is in its width, not in
its height, and in one connection at a time: two reports side by side are no speech. thresholds.py has the numbers,
docs/traffic-method.md the reasons.
"""

from collections.abc import Mapping, Sequence

from echoctl.model.traffic import WINDOW_MS, Burst, BurstClass, Window
from echoctl.traffic import thresholds as r
from echoctl.traffic.thresholds import Rules

_LATE_MS = 1000
"""How late a window may be handed over after those of other devices."""

MOST_LINES = 1024
"""The most connections of one burst that are looked at one by one."""

_THE_REST = -1

_TOLD = (BurstClass.POSSIBLE, BurstClass.VOICE, BurstClass.BULK)


class Segmenter:
    """Cuts the windows of a capture into bursts and grades them.

    A burst comes out as soon as it is `possible`, `voice` or `bulk`, again when its grade changes, and a last time when
    it is over: same device, endpoint and start, so that the later one replaces the earlier.
    """

    def __init__(self, rules: Mapping[str, Rules] | None = None) -> None:
        self._rules = rules or {}
        self._open: dict[tuple[str, str], _Open] = {}
        self._swept = 0

    def feed(self, window: Window) -> list[Burst]:
        """Add one window; those of one device and endpoint must come in order. Returns what it decides."""
        decided = []
        if window.start_ms - self._swept >= _LATE_MS:
            self._swept = window.start_ms
            decided = self.tick(window.start_ms - _LATE_MS)
        key = (window.device, window.remote)
        burst = self._open.get(key)
        if window.up <= 0:
            if burst is not None:
                burst.add(window)
            return decided
        if burst is not None and burst.over(window.first_ms):
            decided.append(burst.noun())
            burst = None
        if burst is None:
            burst = self._open[key] = _Open(window, self._rules.get(window.device, r.DEFAULT))
        if burst.add(window):
            before, self._open[key] = burst.parted()
            decided += [each.noun() for each in (before, self._open[key]) if each]
        return decided

    def tick(self, now_ms: int) -> list[Burst]:
        """Close what has been silent for long enough at `now_ms`, in the time of the capture."""
        ended = [key for key, burst in self._open.items() if now_ms - burst.end_ms > r.GAP_MS]
        return [self._open.pop(key).noun() for key in ended]

    def flush(self) -> list[Burst]:
        """Close everything: the capture is over."""
        ended = [burst.noun() for burst in self._open.values()]
        self._open.clear()
        return ended


class _Open:
    """A burst that goes on. `first`: its first window, which is still to be added."""

    def __init__(self, first: Window, rules: Rules) -> None:
        self._first, self._rules = first, rules
        self._lines: dict[int, _Line] = {}
        self._held: list[Window] = []  # until it is known where speech begins
        self._speaks: _Line | None = None
        self._reached: BurstClass | None = None
        self._grade = BurstClass.KEEPALIVE
        self._loud = 1
        self._up = 0
        self.end_ms = first.last_ms

    def over(self, at_ms: float) -> bool:
        """Whether what goes up at `at_ms` is another burst."""
        return at_ms - self.end_ms > r.GAP_MS or at_ms - self._first.first_ms > r.LONGEST_MS

    def add(self, window: Window) -> bool:
        """Take a window; returns whether the burst has become something that one should know at once."""
        line = self._line(window.port)
        line.add(window)
        if self._speaks is None:
            self._held.append(window)
        if window.up <= 0:
            return False
        self._up += window.up
        if window.up >= self._loud:
            self.end_ms = max(self.end_ms, window.last_ms)
        if self._reached is not BurstClass.VOICE:
            heard = line.speech(self._rules)
            if heard is BurstClass.VOICE or (heard and self._reached is None):
                self._speaks, self._reached = line, heard
        before, self._grade = self._grade, self._graded()
        return self._grade is not before and self._grade in _TOLD

    def parted(self) -> "tuple[_Open | None, _Open]":
        """What came well before the speech, if anything did, and the burst that begins with the speech.

        Beats that follow each other closely are no part of the request that follows them, nor do they prolong it.
        """
        line = self._speaks
        if line is None or not self._held:
            return None, self
        held, self._held = self._held, []
        begin_ms, self._loud = line.begun(self._reached)
        at = next(n for n, window in enumerate(held) if window.up > 0 and window.start_ms >= begin_ms)
        if held[at].first_ms - self._first.first_ms <= r.LEAD_MS:
            return None, self
        before, after = (_replayed(part, self._rules) for part in (held[:at], held[at:]))
        after._held, after._loud = [], self._loud
        after._speaks, after._reached, after._grade = after._line(line.port), self._reached, self._grade
        return before, after

    def noun(self) -> Burst:
        """The burst as it is now."""
        runs = [line.wide for line in self._lines.values()]
        return Burst(
            id=0,
            device=self._first.device,
            remote=self._first.remote,
            name="",
            start_ms=int(self._first.first_ms),
            end_ms=int(self.end_ms),
            bytes_up=self._up,
            windows=max(run.most for run in runs),
            span_ms=max(run.longest for run in runs) * WINDOW_MS,
            grade=self._grade,
        )

    def _line(self, port: int) -> "_Line":
        """The connection with that port; those beyond `MOST_LINES`, which only a scan has, are taken as one."""
        line = self._lines.get(port)
        if line is None:
            port = port if len(self._lines) < MOST_LINES else _THE_REST
            line = self._lines.setdefault(port, _Line(port))
        return line

    def _graded(self) -> BurstClass:
        """The grade so far. What was speech stays speech whatever follows, unless the whole is too fast for sound."""
        lasted = max(self.end_ms - self._first.first_ms, 1000)
        if self._up >= r.BULK_BYTES and self._up * 1000 >= r.BULK_RATE * lasted:
            return BurstClass.BULK
        if self._speaks is not None and self._speaks.too_fast():
            return BurstClass.BULK
        return self._reached or (BurstClass.STATUS if self._up >= r.STATUS_BYTES else BurstClass.KEEPALIVE)


def _replayed(windows: Sequence[Window], rules: Rules) -> _Open:
    burst = _Open(windows[0], rules)
    for window in windows:
        burst.add(window)
    return burst


class _Line:
    """One connection within a burst."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.wide = _Activity(r.HOP, r.WITHIN)
        self._fine = _Activity(r.FINE_HOP, r.FINE_WITHIN)
        self._even: list[tuple[int, int]] = []  # (place, bytes) of a stretch that is even
        self._sizes: list[int] = []
        self._up = self._down = 0  # since the run began

    def add(self, window: Window) -> None:
        """Count one window of 200 ms; those of the connection must come in order."""
        place = window.start_ms // WINDOW_MS
        if window.up >= r.ACTIVE_BYTES:
            self._sizes.append(window.up)
            if self.wide.add(place, window.up):
                self._up = self._down = 0
        self._up += window.up
        self._down += window.down
        if window.up >= r.FINE_BYTES:
            self._fine.add(place, window.up)
            stretch = self._fine.even()
            newest = [(place, stretch[-1][1])] if stretch and self._even else stretch
            kept = [each for each in self._even if place - each[0] < r.FINE_WITHIN] if stretch else []
            self._even = kept + newest

    def speech(self, rules: Rules) -> BurstClass | None:
        """Whether what goes up at the moment has the shape of speech, and how surely."""
        if self._down > r.DOWN_MOST * self._up:
            return None
        wide, fine = self.wide, self._fine
        if (
            len(wide.sizes) >= rules.windows
            and wide.span * WINDOW_MS >= rules.span_ms
            and wide.levelled() >= rules.bytes
        ):
            return BurstClass.VOICE
        if len(fine.sizes) >= r.LONG_WINDOWS and fine.levelled() >= rules.possible_bytes:
            return BurstClass.POSSIBLE
        return BurstClass.POSSIBLE if sum(size for _, size in self._even) >= rules.possible_bytes else None

    def begun(self, grade: BurstClass | None) -> tuple[int, int]:
        """When what has the shape of speech began (Unix ms), and below how many bytes a window is no part of it."""
        run = self.wide if grade is BurstClass.VOICE else self._fine
        least = _middle(run.sizes[-r.EVEN_WINDOWS :]) // r.QUIETER
        return next(
            place for place, size in zip(run.places, run.sizes, strict=True) if size >= least
        ) * WINDOW_MS, least

    def too_fast(self) -> bool:
        """Whether most of it is faster than any sound."""
        return _middle(self._sizes) * 1000 > r.FAST_RATE * WINDOW_MS


class _Activity:
    """Active windows that lie close together, the newest of them; begins anew after a longer pause."""

    __slots__ = ("_begin", "_hop", "_number", "_within", "longest", "most", "places", "sizes")

    def __init__(self, hop: int, within: int) -> None:
        self._hop, self._within = hop, within
        self.places: list[int] = []
        self.sizes: list[int] = []
        self._begin = self._number = 0
        self.most = 0
        """The most active windows of any run so far, and …"""
        self.longest = 0
        """… the longest span, in windows."""

    @property
    def span(self) -> int:
        """Windows from the first to the last, both counted."""
        return self.places[-1] - self.places[0] + 1 if self.places else 0

    def add(self, place: int, size: int) -> bool:
        """Take one active window; returns whether the run begins with it."""
        anew = not self.places or place - self.places[-1] > self._hop
        if anew:
            self.places.clear()
            self.sizes.clear()
            self._begin, self._number = place, 0
        self.places.append(place)
        self.sizes.append(size)
        while place - self.places[0] >= self._within:
            del self.places[0], self.sizes[0]
        self._number += 1
        self.most = max(self.most, self._number)
        self.longest = max(self.longest, place - self._begin + 1)
        return anew

    def levelled(self) -> int:
        """The bytes of the run, each window cut down to `STANDS_OUT` times the median one."""
        limit = r.STANDS_OUT * _middle(self.sizes)
        return sum(min(size, limit) for size in self.sizes)

    def even(self) -> list[tuple[int, int]]:
        """The newest windows when they are close together and alike, each cut down to twice the median; else none."""
        last = self.sizes[-r.EVEN_WINDOWS :]
        if len(last) < r.EVEN_WINDOWS or self.places[-1] - self.places[-r.EVEN_WINDOWS] >= r.EVEN_WITHIN:
            return []
        ranked = sorted(last)
        if ranked[-2] > r.EVEN_RATIO * ranked[1]:
            return []
        most = 2 * _middle(last)
        return [(place, min(size, most)) for place, size in zip(self.places[-len(last) :], last, strict=True)]


def _middle(sizes: Sequence[int]) -> int:
    """The upper median; 0 of nothing."""
    return sorted(sizes)[len(sizes) // 2] if sizes else 0
