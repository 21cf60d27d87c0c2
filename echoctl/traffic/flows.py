"""What is remembered of connections: whose they are, and how far their bytes have been counted."""

from typing import Protocol

SYN = 2
"""The flag of TCP's first packet."""

MOD = 0xFFFFFFFF
"""Sequence numbers begin anew after it."""

_HALF = 1 << 31
_MOST_HOLES = 64

TWICE_MS = 2
"""A datagram that is the same again this soon was captured twice: an encoder's packets are further apart."""

_MOST_ECHOES = 1024
_SUSPECT, _ALWAYS = 64, 1 << 60
_PORTS, _BEGINNING = 16, 64


class PayloadWatch(Protocol):
    """Reads the first payload of a flow, to learn a name from it."""

    def see(self, payload: bytes, size: int) -> bool:
        """Look at what was kept of one packet's payload, `size` bytes on the wire; returns whether to go on."""


class Pair:
    """The two ends of a connection, and what moved between them in the window and the second that are open."""

    __slots__ = (
        *("at_s", "device", "down", "first", "last", "packets", "port", "remote", "s_down", "s_packets", "s_up", "up"),
    )

    def __init__(self, device: str, remote: str, port: int = 0) -> None:
        self.device, self.remote, self.port = device, remote, port
        self.up = self.down = self.packets = 0
        self.first = self.last = 0
        self.at_s = self.s_up = self.s_down = self.s_packets = 0


class Echoes:
    """Tells a datagram that was just seen: a capture on all interfaces sees it on each that it passes.

    TCP has sequence numbers for that; UDP has nothing but its bytes, and how soon they come again.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}
        self.fraction = 1_000_000
        """Units of the capture's fractional timestamps in a second."""

    def again(self, flow: "Flow", packet: bytes, sec: int, sub: int) -> bool:
        """Whether this packet (from its last addresses and ports on) passed just before.

        A flow whose first datagrams all came once is asked about no more: it costs as much as all other counting.
        """
        if len(packet) <= _PORTS:  # nothing of the payload was kept
            return False
        beginning = packet[:_BEGINNING]
        seen, ticks, within = self._seen, sec * self.fraction + sub, self.fraction // 1000 * TWICE_MS
        if 0 <= ticks - seen.get(beginning, -1 - within) <= within:
            flow.suspect = _ALWAYS
            return True
        if len(seen) >= _MOST_ECHOES:
            seen.clear()
        seen[beginning] = ticks
        flow.suspect -= 1
        return False


class Flow:
    """One direction between two ports."""

    __slots__ = ("begun", "holes", "next", "pair", "suspect", "up", "watch")

    def __init__(self, pair: Pair, up: bool, begun: bool, following: int, watch: PayloadWatch | None) -> None:
        self.pair, self.up, self.begun, self.watch = pair, up, begun, watch
        self.next = following
        """The sequence number after the last byte that was seen."""
        self.holes: list[tuple[int, int]] = []
        """(first, length) of stretches before `next` that were not seen: late, or lost by the capture."""
        self.suspect = _SUSPECT
        """How many more datagrams are compared with those just before: Echoes."""

    def out_of_order(self, seq: int, size: int, flags: int) -> int:
        """A packet that is not the expected one: how many of its bytes are new."""
        if flags & SYN:  # takes up one sequence number itself
            self.next = seq + 1 + size & MOD
            self.holes = []
            return size
        ahead = seq - self.next & MOD
        if ahead < _HALF:
            if len(self.holes) < _MOST_HOLES:
                self.holes.append((self.next, ahead))
            self.next = seq + size & MOD
            return size
        beyond = size - (MOD + 1 - ahead)
        new = self._fill(seq, size) if self.holes else 0
        if beyond > 0:
            self.next = seq + size & MOD
            new += beyond
        return new

    def _fill(self, seq: int, size: int) -> int:
        """How much of the holes these bytes fill."""
        filled, left = 0, []
        for first, length in self.holes:
            start = (seq - first + _HALF & MOD) - _HALF
            begin, end = max(start, 0), min(start + size, length)
            if begin >= end:
                left.append((first, length))
                continue
            filled += end - begin
            if begin:
                left.append((first, begin))
            if end < length:
                left.append((first + end & MOD, length - end))
        self.holes = left[:_MOST_HOLES]
        return filled
