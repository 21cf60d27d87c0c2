"""From packets to the store: a capture is metered, named, cut into bursts, and kept."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace

from echoctl import paths
from echoctl.errors import DeviceError
from echoctl.model.traffic import Burst, BurstClass, Capture, Endpoint, Second, Window
from echoctl.store import traffic
from echoctl.store.database import db
from echoctl.traffic import sources, tables, thresholds
from echoctl.traffic.bursts import Segmenter
from echoctl.traffic.endpoint_names import OLDER_HINT as OLDER_HINT
from echoctl.traffic.endpoint_names import EndpointNames
from echoctl.traffic.meter import Meter
from echoctl.traffic.pcap import Block, PcapReader

KEEP_SECONDS_MS = 30 * 86_400_000
"""How long single seconds are kept. Bursts and verdicts stay."""

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
    """One capture on its way into the store."""

    def __init__(self, connection: db.Connection, source: str, now_ms: int, *, live: bool = False) -> None:
        self._connection = connection
        self._names = EndpointNames(traffic.names(connection))
        self.meter = Meter(self._names, live=live)
        self._live, self._alive_ms = live, 0
        self._segmenter = Segmenter({each.mac: thresholds.of_device(each) for each in traffic.devices(connection)})
        self._source, self._now_ms = source, now_ms
        self.clock_offset_ms: int | None = None
        """The capturing machine's clock less ours, where it is known."""
        self._number = 0
        self._ids: dict[tuple[str, str], tuple[int, Endpoint]] = {}
        self._seconds: list[Second] = []
        self._bursts: dict[tuple[str, str, int], Burst] = {}
        self._grades: dict[tuple[str, str, int], BurstClass] = {}

    def feed(self, block: Block) -> Fresh:
        """Count a block. Raises DeviceError for a link type that is unknown here."""
        self.meter.feed(block)
        return self._take(())

    def tick(self, at_ms: int) -> Fresh:
        """The capture's clock has come to `at_ms`, and the capture is known to run."""
        self._alive_ms = at_ms
        self.meter.tick(at_ms)
        return self._take(self._segmenter.tick(at_ms))

    def endpoint(self, device: str, remote: str) -> Endpoint:
        """What an endpoint is called by now."""
        return self._names.endpoint(device, remote)

    def save(self) -> None:
        """Write what has been gathered, in one transaction. Raises StoreError."""
        if not self.meter.packets:
            return
        with db.immediate(self._connection):
            if not self._number:
                start = self.meter.first_ms
                self._number = traffic.begin_capture(self._connection, self._source, start, self._now_ms)
            self._see()
            traffic.add_seconds(
                self._connection,
                [(s.at_s, self._ids[s.device, s.remote][0], s.up, s.down, s.packets) for s in self._seconds],
            )
            for burst in self._bursts.values():
                endpoint = self._ids[burst.device, burst.remote][0]
                traffic.add_burst(self._connection, burst, endpoint, self._number)
            traffic.update_capture(self._connection, self._capture())
        self._seconds.clear()
        self._bursts.clear()

    def close(self) -> Fresh:
        """Nothing more comes: decide on what was still open, and return it."""
        self.meter.finish()
        fresh = self._take(())
        return replace(fresh, bursts=(*fresh.bursts, *self._note(self._segmenter.flush())))

    def finish(self, damage: str = "") -> ImportReport:
        """The capture is over: write the rest. Raises StoreError."""
        self.close()
        self.save()
        capture = replace(self._capture(), truncated=bool(damage))
        again = False
        if self._number:
            with db.immediate(self._connection):
                traffic.update_capture(self._connection, capture)
                again = traffic.drop_repeated(self._connection, capture)
        known = [endpoint for _, endpoint in self._ids.values()]
        return ImportReport(
            capture=capture,
            again=again,
            damage=damage,
            devices=tuple(sorted({device for device, _ in self._ids})),
            endpoints=len(known),
            older=sum(endpoint.older for endpoint in known),
            bursts=dict(Counter(self._grades.values())),
            unread=self.meter.unread,
            local_bytes=self.meter.local_bytes,
            jumps=self.meter.jumps,
        )

    def _take(self, decided: Iterable[Burst]) -> Fresh:
        windows, seconds = self.meter.take()
        bursts = [*self._segment(windows), *decided]
        named = {(s.device, s.remote): self.endpoint(s.device, s.remote).name for s in seconds} if self._live else {}
        fresh = Fresh(tuple(seconds), tuple(self._note(bursts)), named)
        self._seconds += seconds
        if len(self._seconds) >= _BATCH:
            self.save()
        return fresh

    def _segment(self, windows: Iterable[Window]) -> list[Burst]:
        feed = self._segmenter.feed
        return [burst for window in windows for burst in feed(window)]

    def _note(self, decided: Iterable[Burst]) -> list[Burst]:
        """Name what was decided, and keep the newest of each for the next save."""
        named = []
        for burst in decided:
            key = (burst.device, burst.remote, burst.start_ms)
            burst = replace(burst, name=self.endpoint(burst.device, burst.remote).name)
            self._bursts[key] = burst
            self._grades[key] = burst.grade
            named.append(burst)
        return named

    def _see(self) -> None:
        """Store the devices and endpoints of what is about to be written, each with the time of it."""
        times: dict[tuple[str, str], tuple[int, int]] = {}
        for second in self._seconds:
            pair, at = (second.device, second.remote), second.at_s * 1000
            first, last = times.get(pair, (at, at))
            times[pair] = min(first, at), max(last, at + 999)
        for burst in self._bursts.values():
            times.setdefault((burst.device, burst.remote), (burst.start_ms, burst.end_ms))
        devices = dict.fromkeys(device for device, _ in times)
        for device in devices:
            spans = [span for pair, span in times.items() if pair[0] == device]
            first, last = min(first for first, _ in spans), max(last for _, last in spans)
            traffic.see_device(self._connection, device, tables.vendor(device), first, last)
        for (device, remote), (first, last) in times.items():
            endpoint = self.endpoint(device, remote)
            self._ids[device, remote] = traffic.see_endpoint(self._connection, device, endpoint, first, last), endpoint

    def _capture(self) -> Capture:
        meter = self.meter
        gaps = tuple(meter.gaps)
        # Silence that was watched counts as watched, so a live capture does not end with its last packet.
        end_ms = max(meter.last_ms, self._alive_ms)
        return Capture(self._number, self._source, meter.first_ms, end_ms, meter.packets, gaps, self.clock_offset_ms)


def import_file(path: str, now_ms: int, progress: Callable[[int], None] = lambda packets: None) -> ImportReport:
    """Import one capture file, or stdin for `-`. What can be read of a damaged one counts.

    Raises NotFound, StoreError, and DeviceError when it is no capture, or has nothing in it; then nothing is stored.
    """
    with closing(sources.open_capture(path)) as stream:
        reader = PcapReader(stream)
        blocks = reader.blocks()
        first = next(blocks, None)
        if first is None:
            why = f": {reader.damage}" if reader.damage else ""
            raise DeviceError(f"the capture has no packets{why}", _EMPTY_HINT)
        with db.session(paths.database(), create=True) as connection:
            monitor = Monitor(connection, path, now_ms)
            for block in itertools.chain([first], blocks):
                monitor.feed(block)
                progress(monitor.meter.packets)
            if not monitor.meter.packets:
                raise DeviceError(f"the capture has no whole packet: {reader.damage}", _EMPTY_HINT)
            return monitor.finish(reader.damage)


def forget_old(now_ms: int) -> int:
    """Drop single seconds older than KEEP_SECONDS_MS; returns how many went. Raises StoreError."""
    if not db.exists(paths.database()):
        return 0
    with db.session(paths.database()) as connection, db.immediate(connection):
        return traffic.forget_seconds(connection, now_ms - KEEP_SECONDS_MS)


_EMPTY_HINT = "capture for longer, and on the interface that the device's packets pass: tcpdump -w FILE -i br-lan"
