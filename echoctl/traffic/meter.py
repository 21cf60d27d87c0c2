"""Counting packets: records in, windows of 200 ms per connection and seconds per (device, endpoint) out.

A byte counts once: what was sent again is known by its sequence number, a datagram that was captured twice by its
bytes. The time is the capture's own. Whatever is unusual about a packet is left to dissector.Dissector; what is usual
takes the short way through `Meter.feed`, whose speed is that of importing (bench/traffic/import_.py).
"""

import itertools
import struct
from typing import Protocol

from echoctl.model.traffic import WINDOW_MS, Second, Window
from echoctl.traffic.direction import Side, Sides
from echoctl.traffic.dissector import FRAGMENT, HEADER, TCP, UDP, Dissector, Layout, hardware
from echoctl.traffic.flows import MOD, SYN, Echoes, Flow, Pair, PayloadWatch
from echoctl.traffic.pcap import MICROSECONDS, Block

PER_SECOND = 1000 // WINDOW_MS

MOST_FLOWS = 1 << 16
MOST_GAPS = 1000

REORDERED = PER_SECOND
"""Windows by which a packet may be late: interfaces and processor cores hand over what they saw not quite in order."""

SILENT_S = 3600
"""After this long without any packet nothing was watching: even a house asleep has keepalives every few minutes."""


class NameSource(Protocol):
    """Decides which flows are looked into for a name."""

    def watch(self, proto: int, key: bytes, side: Side | None, begun: bool) -> PayloadWatch | None:
        """A watch for a new flow, or None. `begun`: its first packet was seen."""


class Meter:
    """Counts one capture. Feed blocks, take what is ready; `finish` closes what is open."""

    def __init__(self, names: NameSource, *, live: bool = False) -> None:
        """`live`: whoever feeds it knows when nothing is watching, so hours without a packet are silence."""
        self._names, self._live = names, live
        self._sides = Sides()
        self._dissector = Dissector()
        self._layouts: dict[int, Layout] = {}
        self._flows: dict[int, dict[bytes, Flow]] = {TCP: {}, UDP: {}}
        self._echoes = Echoes()
        self._window = 0
        self._active: list[Pair] = []
        self._seconds_open: list[Pair] = []
        self._windows: list[Window] = []
        self._seconds: list[Second] = []
        self._fraction = MICROSECONDS
        self._local = Pair("", "")
        self.local_bytes = 0
        """What moved within the house and to groups; it is counted here and nowhere else."""
        self.packets = 0
        self.first_ms = 0
        self.last_ms = 0
        self.now_ms = 0
        """Unix milliseconds of the newest packet, which is not the last when the clock was set back."""
        self.gaps: list[tuple[int, int]] = []
        """Unix milliseconds from and to: stretches in which nothing can have been seen."""
        self.jumps = 0
        """How often the capture's clock was set back."""

    @property
    def unread(self) -> int:
        """IP packets of which too little was kept."""
        return self._dissector.unread

    def feed(self, block: Block) -> None:
        """Count the records of a block as far as they are whole. Raises DeviceError for a link type unknown here."""
        layout = self._layouts.get(block.link)
        if layout is None:
            layout = self._layouts[block.link] = Layout(block.link)
        if block.fraction != self._fraction:
            self._close()
            self._fraction = self._echoes.fraction = block.fraction
        end = len(block.data)
        used = self._count(layout, block.data, end)
        if HEADER <= end - used < layout.size:  # a record may be shorter than what `unpack` looks at
            used += self._count(layout, block.data[used:] + bytes(layout.size), end - used)
        block.used = used

    def _count(self, layout: Layout, data: bytes, end: int) -> int:  # noqa: C901 - one call more per packet costs a tenth
        unpack, mark, kept, transport = layout.unpack, layout.mark, layout.kept, HEADER + layout.ip + 20
        flows, active, number, again, ip = self._flows, self._active, int.from_bytes, self._echoes.again, transport - 20
        window, per_window = self._window, self._fraction // PER_SECOND
        record = pos = packets = 0
        last = min(end - HEADER, len(data) - layout.size)
        while pos <= last:
            sec, sub, cap, _, is_ip, high, low, fragment, proto, key, raw, offset, flags = unpack(data, pos)
            if pos + HEADER + cap > end:
                break
            record, pos = pos, pos + HEADER + cap
            packets += 1
            if is_ip == mark and cap >= kept and proto in flows and not fragment & FRAGMENT and (high or low):
                at = transport + (offset >> 2 & 60 if proto == TCP else 8)
                size = (high << 8 | low) + ip - at
            else:
                proto, key, size, raw, flags, at = self._dissector.segment(layout, data[record:pos])
            if size <= 0 and not (proto == TCP and flags & SYN):
                continue  # a bare acknowledgement
            flow = flows[proto].get(key) or self._open(layout, data[record:pos], (proto, key, raw, flags))
            if proto == TCP:
                if (first := number(raw)) == flow.next:
                    flow.next = first + size & MOD
                elif (size := flow.out_of_order(first, size, flags)) <= 0:
                    continue
            elif flow.suspect and again(flow, data[record + at - 16 : pos], sec, sub):
                continue
            now = sec * PER_SECOND + sub // per_window
            if now != window:
                window = self._turn(now)
            pair = flow.pair
            if not pair.packets:
                active.append(pair)
            pair.packets += 1
            if flow.up:
                if not pair.up:
                    pair.first = sub
                pair.up += size
                pair.last = sub
            else:
                pair.down += size
            if flow.watch is not None and not flow.watch.see(data[record + at : pos][:size], size):
                flow.watch = None
        self._time(data, packets, record)
        return pos

    def tick(self, now_ms: int) -> None:
        """The capture's clock has come so far, whether packets came or not: close what is over."""
        if now_ms // WINDOW_MS > self._window + 1:
            self._close()
        if now_ms // 1000 > self._window // PER_SECOND + 1:
            self._close_second()

    def finish(self) -> None:
        """The capture is over."""
        self._close()
        self._close_second()

    def gap(self, from_ms: int, to_ms: int) -> None:
        """Note that nothing was seen in that time."""
        if len(self.gaps) < MOST_GAPS:
            self.gaps.append((from_ms, to_ms))

    def take(self) -> tuple[list[Window], list[Second]]:
        """What was closed since the last time, oldest first."""
        ready = self._windows, self._seconds
        self._windows, self._seconds = [], []
        return ready

    def _turn(self, now: int) -> int:
        """A packet of another window: close the open one. Returns the window in which the packet counts."""
        window = self._window
        if window - REORDERED <= now < window:
            return window
        self._close()
        if now < window:
            self.jumps += 1
            self._close_second()
        elif now // PER_SECOND != window // PER_SECOND:
            self._close_second()
            if window and not self._live and now - window > SILENT_S * PER_SECOND:
                self.gap(window * WINDOW_MS, now * WINDOW_MS)
        self._window = now
        return now

    def _close(self) -> None:
        window = self._window
        at_s, start = window // PER_SECOND, window * WINDOW_MS
        for pair in self._active:
            if pair is self._local:
                self.local_bytes += pair.up + pair.down
            else:
                first = last = 0.0
                if pair.up:
                    first, last = self._within(start, pair.first), self._within(start, pair.last)
                self._windows.append(
                    Window(pair.device, pair.remote, start, pair.up, pair.down, first, last, pair.port)
                )
                if pair.at_s != at_s:
                    pair.at_s = at_s
                    self._seconds_open.append(pair)
                pair.s_up += pair.up
                pair.s_down += pair.down
                pair.s_packets += pair.packets
            pair.up = pair.down = pair.packets = 0
        self._active.clear()

    def _within(self, start: int, sub: int) -> float:
        """The Unix time in ms of a packet of that window; a late one counts as the window's first."""
        at = start // 1000 * 1000 + sub * 1000 / self._fraction
        return at if start <= at < start + WINDOW_MS else float(start)

    def _close_second(self) -> None:
        rows: dict[tuple[str, str], Second] = {}
        for pair in self._seconds_open:
            row = Second(pair.device, pair.remote, pair.at_s, pair.s_up, pair.s_down, pair.s_packets)
            other = rows.get(row[:2])  # another connection of the two
            rows[row[:2]] = (
                Second(*row[:3], *(a + b for a, b in zip(row[3:], other[3:], strict=True))) if other else row
            )
            pair.at_s = pair.s_up = pair.s_down = pair.s_packets = 0
        self._seconds += rows.values()
        self._seconds_open.clear()

    def _time(self, data: bytes, packets: int, record: int) -> None:
        """Note how many packets there were, the first and the last of which lie in `data` at 0 and at `record`."""
        if packets:
            self.packets += packets
            self.first_ms = self.first_ms or self._moment(data, 0)
            self.now_ms = self._moment(data, record)
            self.last_ms = max(self.last_ms, self.now_ms)

    def _moment(self, data: bytes, record: int) -> int:
        sec, sub = struct.unpack_from("<II", data, record)
        return int(sec * 1000 + sub * 1000 // self._fraction)

    def _open(self, layout: Layout, record: bytes, packet: tuple[int, bytes, bytes, int]) -> Flow:
        """The first packet of a flow: find out whose it is and whether it can be named."""
        proto, key, raw, flags = packet
        flags = flags if proto == TCP else 0
        flows = self._flows[proto]
        if len(flows) >= MOST_FLOWS:
            for old in list(itertools.islice(flows, MOST_FLOWS // 2)):
                del flows[old]
        answers = flows.get(_reversed(key))
        known = Side(answers.pair.device, answers.pair.remote, answers.up) if answers else None
        side = self._sides.of(key, *hardware(layout, record), known, flags)
        pair = self._pair(key, side, answers)
        begun = bool(flags & SYN) or (answers is not None and answers.begun)
        up = side is not None and side.up
        watch = self._names.watch(proto, key, side, begun)
        flow = flows[key] = Flow(pair, up, begun, int.from_bytes(raw) + (flags & SYN) // SYN & MOD, watch)
        return flow

    def _pair(self, key: bytes, side: Side | None, answers: Flow | None) -> Pair:
        """That of the other direction, unless it was taken for another device's by then."""
        if side is None:
            return self._local
        if answers and (answers.pair.device, answers.pair.remote) == (side.device, side.remote):
            return answers.pair
        pair = Pair(side.device, side.remote, int.from_bytes(key[-4:-2] if side.up else key[-2:]))
        if answers and side.up:
            answers.pair = pair  # the answer may have come before the device's MAC address was known
        return pair


def _reversed(key: bytes) -> bytes:
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]
