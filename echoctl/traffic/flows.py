"""What is remembered of connections: whose they are, and how far their bytes have been counted."""

from typing import Protocol

SYN = 2
"""The flag of TCP's first packet."""

MOD = 0xFFFFFFFF
"""Sequence numbers begin anew after it."""

_HALF = 1 << 31
_MOST_HOLES = 64


class Watch(Protocol):
    """Somebody who wants the first payload of a flow, to learn a name from it."""

    def see(self, payload: bytes, size: int) -> bool:
        """Look at what was kept of one packet's payload, `size` bytes on the wire; returns whether to go on."""


class Pair:
    """A device and an endpoint, and what moved between them in the window and the second that are open."""

    __slots__ = ("at_s", "device", "down", "first", "last", "packets", "remote", "s_down", "s_packets", "s_up", "up")

    def __init__(self, device: str, remote: str) -> None:
        self.device, self.remote = device, remote
        self.up = self.down = self.packets = 0
        self.first = self.last = 0
        self.at_s = self.s_up = self.s_down = self.s_packets = 0


class Flow:
    """One direction between two ports."""

    __slots__ = ("begun", "holes", "next", "pair", "up", "watch")

    def __init__(self, pair: Pair, up: bool, begun: bool, following: int, watch: Watch | None) -> None:
        self.pair, self.up, self.begun, self.watch = pair, up, begun, watch
        self.next = following
        """The sequence number after the last byte that was seen."""
        self.holes: list[tuple[int, int]] = []
        """(first, length) of stretches before `next` that were not seen: late, or lost by the capture."""

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
