"""Watching live: tcpdump's packets into the store, whatever happens to tcpdump, the line, the interface or the clock.

Before anything was captured a failure is an error. Afterwards it is a gap: it is told, tried again, and never taken
for silence.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import DeviceError, EchoctlError, StoreError
from echoctl.model.traffic import Wake
from echoctl.services.traffic.capture_reader import Broken
from echoctl.services.traffic.importer import KEEP_SECONDS_MS, Fresh, ImportReport, Monitor, reader_for
from echoctl.store import traffic
from echoctl.store.database import db
from echoctl.text.format import length
from echoctl.traffic import sources
from echoctl.traffic.explain import Recent

READ_BYTES = 1 << 18
"""The most that is taken of a stream at a time."""

BEAT_S = 0.05

WAKES_S = 0.25

LAG_MS = 600
"""How late packets may come over a network."""

SAVE_S = 5.0
"""How often seconds are written. What was decided is written at once."""

FORGET_S = 3600.0

PATIENCE = 12
"""Saves in a row that may fail, because somebody else writes, before that is an error."""

RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""How long to wait before each new try."""

JUMP_MS = 2000
"""A packet that comes this long before its time shows that the capture's clock was set forward."""


@dataclass(frozen=True, slots=True)
class Where:
    """What to capture: an interface of this machine or of another one, and whose packets."""

    interface: str
    ssh: str = ""
    """Over ssh on this machine; empty: here."""
    only: str = ""
    """A MAC address; empty: everybody."""

    @property
    def source(self) -> str:
        """What the capture is stored under, for a person to recognise."""
        return f"ssh {self.ssh} {self.interface}" if self.ssh else f"interface {self.interface}"


class Audience(Protocol):
    """Is told what happens during a capture, in the capturing thread."""

    def notice(self, what: str, text: str) -> None:
        """The capture itself: `begun`, `lost`, `back`, `clock`, `store`."""

    def fresh(self, fresh: Fresh) -> None:
        """Seconds that are over and bursts that were decided; a burst comes again when its grade rises, and closed."""

    def wake(self, wake: Wake) -> None:
        """The listener heard a wake word."""

    def beat(self, at_ms: int) -> bool:
        """Time passes (the capture's own, Unix ms); at least ten times a second. Returns whether to go on."""


class LiveWatch:
    """One run of `traffic watch`."""

    def __init__(self, where: Where, audience: Audience) -> None:
        self._where, self._audience = where, audience
        self._live: sources.Live | None = None
        self._begun = self._ended = False
        self._lost_ms = 0
        self._tries = 0
        self._pace = Pace()
        self._failures = 0
        self._recent = Recent()
        self._last_wake = self._jumps = 0
        self.dropped = 0
        """Packets that the capturing side says it had no time for."""

    def run(self) -> ImportReport:
        """Watch until the audience has had enough. Raises DeviceError when it cannot begin, Broken, and StoreError."""
        with db.session(paths.database(), create=True) as connection:
            self._connection = connection
            self._last_wake = traffic.last_wake(connection)
            with reader_for(connection) as self._reader:
                self._monitor = Monitor(connection, self._where.source, SystemClock().now_ms(), self._reader, live=True)
                try:
                    while not self._ended:
                        self._attempt()
                finally:
                    with suppress(Broken):  # `finish` raises it once all is stored
                        self._pass(self._monitor.close())
                    report = self._monitor.finish()
        return report

    def _attempt(self) -> None:
        """Capture until the stream ends. Raises its problem when nothing ever came."""
        try:
            self._live = self._open()
            try:
                problem = self._follow(self._live)
            finally:
                self.dropped += self._live.close()
                self._live = None
        except Broken:
            raise
        except DeviceError as error:
            problem = error
        if self._ended or problem is None:
            return
        if not self._begun:
            raise problem
        self._lost(problem)

    def _open(self) -> sources.Live:
        where = self._where
        if not where.ssh:
            self._monitor.clock_offset_ms = 0
            return sources.tcpdump(where.interface, where.only, self._beat)
        live, offset = sources.over_ssh(where.ssh, where.interface, where.only, self._beat)
        self._monitor.clock_offset_ms = self._monitor.clock_offset_ms if offset is None else offset
        return live

    def _follow(self, live: sources.Live) -> EchoctlError | None:
        """Read one stream; returns why it ended, None when nobody wants more."""
        ended = False
        try:
            while not ended and (data := live.read1(READ_BYTES)):
                before = self._monitor.figures.packets
                answer = self._reader.feed(data)
                ended = answer.ended
                self._pass(self._monitor.take(answer))
                if self._monitor.figures.packets > before:
                    self._arrived()
                self._beat()
            if not ended:
                self._pass(self._monitor.take(self._reader.end()))
        except DeviceError as error:
            if live.begun or isinstance(error, Broken):  # it is something other than packets
                raise
        # Ctrl-C in a terminal ends tcpdump as well, and perhaps before the audience was asked again.
        self._ended = self._ended or not self._audience.beat(self._pace.now_ms() or SystemClock().now_ms())
        return None if self._ended else live.problem()

    def _lost(self, problem: EchoctlError) -> None:
        """Tell that nothing is seen any more, and wait before the next try."""
        if not self._lost_ms:
            # A dead line is noticed late: then nothing was seen since the last packet.
            last_ms = self._monitor.figures.now_ms if self._where.ssh else self._pace.now_ms()
            self._lost_ms = last_ms or SystemClock().now_ms()
            self._audience.notice("lost", f"{problem.message}; trying again")
        until = time.monotonic() + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1
        while self._beat() and time.monotonic() < until:
            time.sleep(sources.IDLE_S)

    def _came(self) -> None:
        """A stream has begun."""
        if self._begun and not self._lost_ms:
            return
        now_ms = SystemClock().now_ms() + (self._monitor.clock_offset_ms or 0)
        if not self._begun:
            self._begun = True
            self._audience.notice("begun", f"capturing on {self._where.source}")
        else:
            self._monitor.gap(self._lost_ms, max(now_ms, self._lost_ms))
            self._audience.notice("back", f"not watched for {length(max(now_ms - self._lost_ms, 0))}")
            self._lost_ms = self._tries = 0
        self._pace = Pace()
        if self._monitor.clock_offset_ms is not None:
            self._pace.arrived(now_ms)  # it watches from now on, whether packets pass or not

    def _arrived(self) -> None:
        """Packets came: compare the capture's clock with time as it passes here."""
        figures = self._monitor.figures
        ahead_from = self._pace.arrived(figures.now_ms)
        if ahead_from:
            self._monitor.gap(ahead_from, figures.now_ms)
            self._audience.notice("clock", f"the capture's clock was set forward {length(figures.now_ms - ahead_from)}")
        if figures.jumps != self._jumps:
            self._jumps = figures.jumps
            self._pace = Pace()
            self._pace.arrived(figures.now_ms)
            self._audience.notice("clock", "the capture's clock was set back")

    def _beat(self) -> bool:
        """Let time pass: tick, write, look for wakes, let the audience draw. Returns whether to go on."""
        if not self._pace.due("beat", BEAT_S):
            return not self._ended
        if self._live and self._live.begun:
            self._came()
        at_ms = self._pace.now_ms()
        if at_ms and not self._lost_ms:
            self._pass(self._monitor.tick(at_ms - (LAG_MS if self._where.ssh else 0)))
        if self._pace.due("wakes", WAKES_S):
            self._hear()
        if self._pace.due("save", SAVE_S):
            self._save()
        self._ended = not self._audience.beat(at_ms or SystemClock().now_ms())
        return not self._ended

    def _pass(self, fresh: Fresh) -> None:
        if fresh.bursts:
            offset = self._monitor.clock_offset_ms or 0
            fresh = replace(fresh, bursts=tuple(self._recent.explain(burst, offset) for burst in fresh.bursts))
            self._save()
        if fresh.seconds or fresh.bursts:
            self._audience.fresh(fresh)

    def _hear(self) -> None:
        for wake in traffic.wakes_after(self._connection, self._last_wake):
            self._last_wake = wake.id or self._last_wake
            self._recent.hear(wake)
            self._audience.wake(wake)

    def _save(self) -> None:
        """Write what is new. A store that is busy, or full, gets another chance, and the person is told."""
        try:
            self._monitor.save()
            if self._pace.due("forget", FORGET_S):
                with db.immediate(self._connection):
                    traffic.forget_seconds(self._connection, SystemClock().now_ms() - KEEP_SECONDS_MS)
            self._failures = 0
        except StoreError as error:
            self._failures += 1
            if self._failures > PATIENCE:
                raise
            if self._failures == 1:
                self._audience.notice("store", f"{error.message}; trying again")


class Pace:
    """The capture's time between packets, and what is due when."""

    def __init__(self) -> None:
        self._at: tuple[int, float] | None = None
        self._lead = 0.0
        self._last: dict[str, float] = {}

    def due(self, what: str, every_s: float) -> bool:
        """Whether `every_s` seconds have passed since `what` was last due."""
        now = time.monotonic()
        if now - self._last.get(what, -every_s) < every_s:
            return False
        self._last[what] = now
        return True

    def now_ms(self) -> int:
        """The capture's time: that of the newest packet and what has passed since it came; 0 before the first."""
        return self._at[0] + round((time.monotonic() - self._at[1]) * 1000) if self._at else 0

    def arrived(self, packet_ms: int) -> int:
        """A packet of that time came. Returns 0, or, if it came too early, what the time should have been."""
        now = time.monotonic()
        lead = packet_ms - now * 1000
        # A line may be slow, and packets late; early they are only when the clock was set.
        early = self._at is not None and lead - self._lead > JUMP_MS
        expected = self.now_ms() if early else 0
        self._lead = lead if early or self._at is None else max(self._lead, lead)
        self._at = (packet_ms, now)
        return expected
