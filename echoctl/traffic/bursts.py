"""Bursts: windows of upload in, what they look like out, decided while it happens.

A burst is upload without a pause of more than 1.5 s by one device to one endpoint. Its grade is in its width, not in
its height: rules.py has the numbers, docs/traffic-method.md the reasons.
"""

from collections.abc import Mapping

from echoctl.nouns_traffic import WINDOW_MS, Burst, BurstClass, Window
from echoctl.traffic import rules as r
from echoctl.traffic.rules import Rules

_LATE_MS = 1000
"""So late a window may be handed over after those of other devices."""


class Segmenter:
    """Cuts the windows of a capture into bursts and grades them.

    A burst comes out as soon as it is `possible`, `voice` or `bulk`, again when its grade rises, and a last time when
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
                burst.down += window.down
            return decided
        if burst is not None and burst.over(window.first_ms):
            decided.append(burst.noun())
            burst = None
        if burst is None:
            burst = self._open[key] = _Open(window, self._rules.get(window.device, r.DEFAULT))
        if burst.add(window):
            decided.append(burst.noun())
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
    """A burst that goes on."""

    __slots__ = ("_even", "_fine", "_grade", "_rules", "_start", "_wide", "device", "down", "end_ms", "remote", "up")

    def __init__(self, window: Window, rules: Rules) -> None:
        self.device, self.remote = window.device, window.remote
        self._start = window.first_ms
        self.end_ms = window.last_ms
        self.up = 0
        self.down = 0
        self._rules = rules
        self._wide = _Run(r.HOP)
        self._fine = _Run(r.FINE_HOP)
        self._even = 0
        self._grade = BurstClass.KEEPALIVE

    def over(self, at_ms: float) -> bool:
        """Whether what goes up at `at_ms` is another burst."""
        return at_ms - self.end_ms > r.GAP_MS or at_ms - self._start > r.LONGEST_MS

    def add(self, window: Window) -> bool:
        """Take a window; returns whether the burst has become something that one should know at once."""
        self.up += window.up
        self.down += window.down
        self.end_ms = max(self.end_ms, window.last_ms)
        place = window.start_ms // WINDOW_MS
        if window.up >= r.ACTIVE_BYTES:
            self._wide.add(place, window.up)
        if window.up >= r.FINE_BYTES:
            self._fine.add(place, window.up)
            stretch = self._fine.even()
            self._even = self._even + stretch[-1] if stretch and self._even else sum(stretch)
        before, self._grade = self._grade, self._graded()
        return self._grade is not before and self._grade in (BurstClass.POSSIBLE, BurstClass.VOICE, BurstClass.BULK)

    def noun(self) -> Burst:
        """As it is now."""
        return Burst(
            id=0,
            device=self.device,
            remote=self.remote,
            name="",
            start_ms=int(self._start),
            end_ms=int(self.end_ms),
            bytes_up=self.up,
            windows=self._wide.most,
            span_ms=self._wide.longest * WINDOW_MS,
            grade=self._grade,
        )

    def _graded(self) -> BurstClass:
        """The grade so far. What was speech stays speech whatever follows, unless the whole is too fast for sound."""
        if self.up >= r.BULK_BYTES and self.up * 1000 >= r.BULK_RATE * max(self.end_ms - self._start, 1000):
            return BurstClass.BULK
        acknowledges = self.down > r.DOWN_MOST * self.up
        if self._grade is BurstClass.VOICE or (self._speaks() and not acknowledges):
            return BurstClass.VOICE
        if self._grade is BurstClass.POSSIBLE or (self._may_speak() and not acknowledges):
            return BurstClass.POSSIBLE
        return BurstClass.STATUS if self.up >= r.STATUS_BYTES else BurstClass.KEEPALIVE

    def _speaks(self) -> bool:
        run = self._wide
        return (
            len(run.sizes) >= self._rules.windows
            and run.span * WINDOW_MS >= self._rules.span_ms
            and run.levelled(r.STANDS_OUT) >= self._rules.bytes
        )

    def _may_speak(self) -> bool:
        run = self._fine
        if len(run.sizes) >= r.LONG_WINDOWS and run.levelled(r.STANDS_OUT) >= self._rules.possible_bytes:
            return True
        return self._even >= self._rules.possible_bytes


class _Run:
    """Active windows that lie close together; begins anew after a longer pause."""

    __slots__ = ("_hop", "_places", "longest", "most", "sizes")

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self._places: list[int] = []
        self.sizes: list[int] = []
        self.most = 0
        """The most active windows of any run so far, and …"""
        self.longest = 0
        """… the longest span, in windows."""

    @property
    def span(self) -> int:
        """Windows from the first to the last, both counted."""
        return self._places[-1] - self._places[0] + 1 if self._places else 0

    def add(self, place: int, size: int) -> None:
        """Take one active window."""
        if self._places and place - self._places[-1] > self._hop:
            self._places.clear()
            self.sizes.clear()
        self._places.append(place)
        self.sizes.append(size)
        self.most = max(self.most, len(self.sizes))
        self.longest = max(self.longest, self.span)

    def levelled(self, most: int) -> int:
        """The bytes of the run, each window cut down to `most` times the median one."""
        limit = most * sorted(self.sizes)[len(self.sizes) // 2]
        return sum(min(size, limit) for size in self.sizes)

    def even(self) -> list[int]:
        """The newest windows when they are close together and alike, each cut down to twice the median; else none."""
        last = self.sizes[-r.EVEN_WINDOWS :]
        if len(last) < r.EVEN_WINDOWS or self._places[-1] - self._places[-r.EVEN_WINDOWS] >= r.EVEN_WITHIN:
            return []
        ranked = sorted(last)
        if ranked[-2] > r.EVEN_RATIO * ranked[1]:
            return []
        return [min(size, 2 * ranked[len(ranked) // 2]) for size in last]
