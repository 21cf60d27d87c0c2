"""From packets to the store: what another process finds in a capture (capture_process.py) is kept."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from echoctl import paths
from echoctl.errors import DeviceError
from echoctl.model.traffic import WINDOW_MS, Burst, BurstClass, Capture, Endpoint, Second
from echoctl.services.traffic.capture_protocol import MOST_GAPS, Answer, BurstRow, Figures, SecondRow
from echoctl.services.traffic.capture_reader import Broken, CaptureReader
from echoctl.store import traffic
from echoctl.store.database import db
from echoctl.traffic import sources, tables, thresholds

KEEP_SECONDS_MS = 30 * 86_400_000
"""How long single seconds are kept. Bursts and verdicts stay."""

OVER_MS = 2 * thresholds.GAP_MS
"""So long after the last packet no window, second or burst is open any more."""

_BATCH = 50_000
"""Seconds written at a time: a listener on the same store must not wait long for its turn."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What has been decided since the last time."""

    seconds: tuple[Second, ...] = ()
    bursts: tuple[Burst, ...] = ()
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """(device, endpoint) -> its name, for those in `seconds`."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a capture had."""

    capture: Capture
    again: bool
    """It was here before: nothing was counted twice."""
    damage: str
    """What ended the reading too early; empty when nothing did."""
    devices: tuple[str, ...]
    endpoints: int
    older: int
    """Endpoints without a seen name, since their connections were open before the capture began."""
    bursts: dict[BurstClass, int]
    unread: int
    """IP packets of which too little was kept."""
    local_bytes: int
    """Bytes that stayed in the house: not counted anywhere else."""
    jumps: int
    """How often the capture's clock was set back."""


class Monitor:
    """One capture on its way into the store. `live`: names are wanted at once."""

    def __init__(
        self, connection: db.Connection, source: str, now_ms: int, reader: CaptureReader, *, live: bool = False
    ) -> None:
        self._connection, self._reader = connection, reader
        self._live, self._alive_ms = live, 0
        self._source, self._now_ms = source, now_ms
        self.clock_offset_ms: int | None = None
        """The capturing machine's clock less ours, where it is known."""
        self._ticked = (0, 0)
        """At the last tick: how many packets there were, and the number of its window."""
        self._gaps: list[tuple[int, int]] = []
        self._number = 0
        self._ids: dict[int, tuple[int, Endpoint]] = {}
        self._seconds: list[SecondRow] = []
        self._bursts: dict[tuple[int, int], Burst] = {}
        self._grades: dict[tuple[int, int], BurstClass] = {}

    @property
    def figures(self) -> Figures:
        """How far it is."""
        return self._reader.figures

    def take(self, answer: Answer) -> Fresh:
        """Keep what the process that reads the capture has told."""
        fresh = Fresh(bursts=tuple(self._note(answer.bursts)))
        if self._live:
            pairs, seconds = self._reader.pairs, answer.seconds
            names = {pairs[pair]: self._reader.endpoints[pair].name for pair, *_ in seconds}
            fresh = replace(fresh, seconds=tuple(Second(*pairs[pair], *row) for pair, *row in seconds), names=names)
        self._seconds += answer.seconds
        if len(self._seconds) >= _BATCH:
            self.save()
        return fresh

    def tick(self, at_ms: int) -> Fresh:
        """The capture's clock has come to `at_ms`, and the capture is known to run. Raises Broken."""
        self._alive_ms = at_ms
        packets, window = self._ticked
        over = window * WINDOW_MS - self.figures.last_ms > OVER_MS and packets == self.figures.packets
        if over or window == at_ms // WINDOW_MS:  # nothing can have changed, and asking wakes another process
            return Fresh()
        self._ticked = self.figures.packets, at_ms // WINDOW_MS
        return self.take(self._reader.tick(at_ms))

    def gap(self, from_ms: int, to_ms: int) -> None:
        """Note that nothing was seen in that time."""
        if len(self._gaps) < MOST_GAPS:
            self._gaps.append((from_ms, to_ms))

    def save(self) -> None:
        """Write what has been gathered, in one transaction. Raises StoreError."""
        if not self.figures.packets:
            return
        with suppress(Broken):  # then they are called what they were called before
            self._reader.ask_names()
        with db.immediate(self._connection):
            if not self._number:
                start = self.figures.first_ms
                self._number = traffic.begin_capture(self._connection, self._source, start, self._now_ms)
            self._see()
            traffic.add_seconds(self._connection, [(row[1], self._ids[row[0]][0], *row[2:]) for row in self._seconds])
            for (pair, _), burst in self._bursts.items():
                traffic.add_burst(self._connection, burst, self._ids[pair][0], self._number)
            traffic.update_capture(self._connection, self._capture())
        self._seconds.clear()
        self._bursts.clear()

    def close(self) -> Fresh:
        """Nothing more comes: have what was still open decided, and return it. Raises Broken."""
        return self.take(self._reader.finish())

    def finish(self, damage: str = "") -> ImportReport:
        """The capture is over: write the rest. Raises StoreError, and once that is done Broken."""
        broken = None
        try:
            self.close()
        except Broken as error:
            broken = error
        self.save()
        capture = replace(self._capture(), truncated=bool(damage or broken))
        again = False
        if self._number:
            with db.immediate(self._connection):
                traffic.update_capture(self._connection, capture)
                again = traffic.drop_repeated(self._connection, capture)
        if broken:
            raise broken
        known = [endpoint for _, endpoint in self._ids.values()]
        return ImportReport(
            capture=capture,
            again=again,
            damage=damage,
            devices=tuple(sorted({self._reader.pairs[pair][0] for pair in self._ids})),
            endpoints=len(known),
            older=sum(endpoint.older for endpoint in known),
            bursts=dict(Counter(self._grades.values())),
            unread=self.figures.unread,
            local_bytes=self.figures.local_bytes,
            jumps=self.figures.jumps,
        )

    def _note(self, decided: Iterable[BurstRow]) -> Iterator[Burst]:
        """Name what was decided, and keep the newest of each for the next save."""
        for row in decided:
            device, remote = self._reader.pairs[row.pair]
            name = self._reader.endpoints[row.pair].name
            times = row.start_ms, row.end_ms
            burst = Burst(0, device, remote, name, *times, row.bytes_up, row.windows, row.span_ms, row.grade)
            self._bursts[row.pair, row.start_ms] = burst
            self._grades[row.pair, row.start_ms] = burst.grade
            yield burst

    def _see(self) -> None:
        """Store the devices and endpoints of what is about to be written, each with the time of it."""
        times: dict[int, tuple[int, int]] = {}
        for pair, at_s, *_ in self._seconds:
            at = at_s * 1000
            first, last = times.get(pair, (at, at))
            times[pair] = min(first, at), max(last, at + 999)
        for (pair, _), burst in self._bursts.items():
            times.setdefault(pair, (burst.start_ms, burst.end_ms))
        spans: dict[str, tuple[int, int]] = {}
        for pair, (first, last) in times.items():
            device = self._reader.pairs[pair][0]
            begin, end = spans.get(device, (first, last))
            spans[device] = min(begin, first), max(end, last)
        for device, (first, last) in spans.items():
            traffic.see_device(self._connection, device, tables.vendor(device), first, last)
        for pair, (first, last) in times.items():
            device, endpoint = self._reader.pairs[pair][0], self._reader.endpoints[pair]
            self._ids[pair] = traffic.see_endpoint(self._connection, device, endpoint, first, last), endpoint

    def _capture(self) -> Capture:
        figures, gaps = self.figures, (*self._reader.gaps, *self._gaps)
        # Silence that was watched counts as watched, so a live capture does not end with its last packet.
        end_ms = max(figures.last_ms, self._alive_ms)
        return Capture(
            self._number, self._source, figures.first_ms, end_ms, figures.packets, gaps, self.clock_offset_ms
        )


def reader_for(connection: db.Connection | None, capture: int | None = None) -> CaptureReader:
    """A process that knows what the store does. `capture`: the descriptor of a file; without it streams are fed."""
    if connection is None:
        return CaptureReader({}, {}, capture)
    rules = {each.mac: thresholds.of_device(each) for each in traffic.devices(connection)}
    return CaptureReader(traffic.names(connection), rules, capture)


def import_file(path: str, now_ms: int, progress: Callable[[int], None] = lambda packets: None) -> ImportReport:
    """Import one capture file, or stdin for `-`. What can be read of a damaged one counts.

    Raises NotFound, StoreError, and DeviceError when it is no capture, or has nothing in it; then nothing is stored.
    When the process that reads it breaks, what came before is stored, and Broken is raised.
    """
    with _begun(path) as reader:
        answer = reader.read()
        while not (answer.ended or reader.figures.packets):
            answer = reader.read()
        if not reader.figures.packets:
            why = f": {reader.damage}" if reader.damage else ""
            raise DeviceError(f"the capture has no packets{why}", _EMPTY_HINT)
        with db.session(paths.database(), create=True) as connection:
            monitor = Monitor(connection, path, now_ms, reader)
            monitor.take(answer)
            with suppress(Broken):  # `finish` raises it once all is stored
                while not answer.ended:
                    progress(monitor.figures.packets)
                    answer = reader.read()
                    monitor.take(answer)
            return monitor.finish(reader.damage)


@contextmanager
def _begun(path: str) -> Iterator[CaptureReader]:
    """A process that reads a file, which this one opens and looks at no byte of."""
    capture = sources.open_capture(path)
    try:
        if db.exists(paths.database()):
            with db.session(paths.database()) as connection:
                reader = reader_for(connection, capture)
        else:
            reader = reader_for(None, capture)
    finally:
        os.close(capture)
    with reader:
        yield reader


def forget_old(now_ms: int) -> int:
    """Drop single seconds older than KEEP_SECONDS_MS; returns how many went. Raises StoreError."""
    if not db.exists(paths.database()):
        return 0
    with db.session(paths.database()) as connection, db.immediate(connection):
        return traffic.forget_seconds(connection, now_ms - KEEP_SECONDS_MS)


_EMPTY_HINT = "capture for longer, and on the interface that the device's packets pass: tcpdump -w FILE -i br-lan"
