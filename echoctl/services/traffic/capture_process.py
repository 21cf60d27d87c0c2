"""Taking packets apart, in a process that is shut in: `python -m ….capture_process [DESCRIPTOR]`.

Everything that reads a stranger's bytes is here: what unzips, the reader of captures, the meter, the readers of names.
It gets a capture by a descriptor, or the bytes of live streams one after the other in its orders (on stdin), and
answers each order on stdout (capture_protocol.py). It has no clock but the capture's, no store, and no file.
"""

import io
import json
import os
import select
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NoReturn

from echoctl.errors import DeviceError
from echoctl.model.listener import SandboxPolicy
from echoctl.model.traffic import Burst, Endpoint
from echoctl.services.sandbox import enter, limits, roles
from echoctl.services.traffic import capture_protocol as protocol
from echoctl.services.traffic.capture_protocol import Answer, BurstRow, Figures, NameRow, SecondRow
from echoctl.traffic import tables
from echoctl.traffic.bursts import Segmenter
from echoctl.traffic.endpoint_names import EndpointNames
from echoctl.traffic.meter import Meter
from echoctl.traffic.pcap import PcapReader, Stream, unzipped
from echoctl.traffic.protocols.quic import Initials
from echoctl.traffic.thresholds import Rules

MEMORY_BYTES = 512 << 20
"""What it may use beyond what is loaded. The tables of flows and names have their own limits; endpoints have not."""

TURN_S = 0.2
MOST_ROWS = 8192
"""A file is read for so long, or until there is so much to tell, before it answers."""

WAIT_MS = 1000
"""How long it waits for a file that is a pipe before it answers that nothing came."""

_INITIAL = b"\xc0\0\0\0\1\0\0\0\x40\x40" + bytes(64)
"""A QUIC packet of nothing."""


class _Work:
    """One capture: a file, or streams that follow each other."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO, capture: int | None) -> None:
        self._orders, self._answers, self._capture = orders, answers, capture
        self._pairs: dict[tuple[str, str], int] = {}
        self._told: list[tuple[str, str, Endpoint | None]] = []
        """By number: device, address, and what it was said to be called."""
        self._asked_for: set[int] = set()
        """Told of since all names were asked for."""
        self._seconds: list[SecondRow] = []
        self._bursts: list[BurstRow] = []
        self._new = self._gaps = 0
        """How many pairs and gaps have been told."""
        self._touched: set[int] = set()
        """To be told of."""
        self._began = 0.0
        self._reserve = bytes(MEMORY_BYTES // 8)
        """Given up when there is no more memory: what was read is still to be told."""
        self._ended, self._damage = False, ""
        self._error: tuple[str, str] | None = None
        known = json.loads(self._order()[1])
        self._names = EndpointNames(known["names"])
        self._meter = Meter(self._names, live=capture is None)
        self._segmenter = Segmenter({mac: Rules(**rules) for mac, rules in known["rules"].items()})

    def run(self) -> NoReturn:
        """Read what is ordered, until nobody orders any more."""
        while True:
            kind, data = self.wait(protocol.READ, protocol.FEED, protocol.END)
            self._walk(None if kind == protocol.READ else data)

    def wait(self, *kinds: bytes) -> tuple[bytes, bytes]:
        """Answer, and carry out orders until one of these kinds comes; returns that one."""
        while True:
            self._answer()
            kind, data = self._order()
            self._began = time.monotonic()
            if kind in kinds:
                return kind, data
            self._obey(kind, data)

    def _walk(self, first: bytes | None) -> None:
        """Read a stream that begins with these bytes (none when it ended at once), or else the file, to its end."""
        try:
            reader = PcapReader(self._opened() if first is None else _Fed(self, first))
            for block in reader.blocks():
                self._meter.feed(block)
                self._take(())
                if first is None and self._full():
                    self.wait(protocol.READ)
            self._damage = reader.damage
        except DeviceError as error:
            self._error = error.message, error.hint
        except MemoryError:
            self._reserve = b""
            self._damage = "its connections do not fit into memory"
        except OSError as error:
            self._damage = f"it cannot be read on: {error.strerror}"
        self._ended = True

    def _opened(self) -> Stream:
        assert self._capture is not None  # who gives no file orders no reading
        plain = stat.S_ISREG(os.fstat(self._capture).st_mode)
        return unzipped(open(self._capture, "rb") if plain else io.BufferedReader(_Patient(self._capture, self)))

    def _full(self) -> bool:
        """Whether it is time to answer."""
        return len(self._seconds) + len(self._bursts) >= MOST_ROWS or time.monotonic() - self._began >= TURN_S

    def _obey(self, kind: bytes, data: bytes) -> None:
        if kind == protocol.TICK:
            (at_ms,) = protocol.TIME.unpack(data)
            self._meter.tick(at_ms)
            self._take(self._segmenter.tick(at_ms))
        elif kind == protocol.NAMES:
            self._touched |= self._asked_for
            self._asked_for = set()
        elif kind == protocol.FINISH:
            self._meter.finish()
            self._take(())
            self._note(self._segmenter.flush())

    def _take(self, decided: Iterable[Burst]) -> None:
        windows, seconds = self._meter.take()
        feed = self._segmenter.feed
        for window in windows:
            self._note(feed(window))
        self._note(decided)
        for device, remote, at_s, up, down, packets in seconds:
            self._seconds.append((self._pair(device, remote), at_s, up, down, packets))

    def _note(self, decided: Iterable[Burst]) -> None:
        for each in decided:
            pair = self._pair(each.device, each.remote)
            times = each.start_ms, each.end_ms
            self._bursts.append(BurstRow(pair, *times, each.bytes_up, each.windows, each.span_ms, each.grade))

    def _pair(self, device: str, remote: str) -> int:
        pair = self._pairs.get((device, remote))
        if pair is None:
            pair = self._pairs[device, remote] = len(self._told)
            self._told.append((device, remote, None))
        self._touched.add(pair)
        return pair

    def _answer(self) -> None:
        meter = self._meter
        said = Answer(
            figures=Figures(
                *(meter.packets, meter.first_ms, meter.last_ms, meter.now_ms, meter.jumps, meter.unread),
                meter.local_bytes,
            ),
            pairs=tuple((device, remote) for device, remote, _ in self._told[self._new :]),
            names=tuple(self._renamed()),
            seconds=tuple(self._seconds),
            bursts=tuple(self._bursts),
            gaps=tuple(meter.gaps[self._gaps :]),
            ended=self._ended,
            damage=self._damage,
            error=self._error,
        )
        try:
            self._answers.write(protocol.packed(said))
            self._answers.flush()
        except BrokenPipeError:
            os._exit(0)
        self._new, self._gaps = len(self._told), len(meter.gaps)
        self._seconds, self._bursts = [], []
        self._ended, self._damage, self._error = False, "", None

    def _renamed(self) -> Iterator[NameRow]:
        """What those are called that are told of, where it is new."""
        for pair in sorted(self._touched):
            device, remote, before = self._told[pair]
            now = self._names.endpoint(device, remote)
            if now != before:
                self._told[pair] = device, remote, now
                yield NameRow(pair, now.name, now.how, now.older)
        self._asked_for |= self._touched
        self._touched = set()

    def _order(self) -> tuple[bytes, bytes]:
        # Where nobody is interested any more it ends at once: large tables take long to be taken down.
        head = self._orders.read(protocol.ORDER.size)
        if len(head) < protocol.ORDER.size:
            os._exit(0)
        kind, size = protocol.ORDER.unpack(head)
        return kind, self._orders.read(size)


class _Fed:
    """A live stream, whose bytes come with orders. `first`: what the first one brought."""

    def __init__(self, work: _Work, first: bytes) -> None:
        self._work = work
        self._ahead: bytes | None = first

    def read1(self, size: int, /) -> bytes:
        """What the next order brings; nothing at the stream's end."""
        ahead, self._ahead = self._ahead, None
        return self._work.wait(protocol.FEED, protocol.END)[1] if ahead is None else ahead


class _Patient(io.RawIOBase):
    """A pipe that may have nothing to give for hours."""

    def __init__(self, descriptor: int, work: _Work) -> None:
        self._descriptor, self._work = descriptor, work
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill a buffer with what there is, once there is something."""
        while not self._poll.poll(WAIT_MS):
            self._work.wait(protocol.READ)
        return os.readv(self._descriptor, [buffer])


def _warm() -> None:
    """Do what loads something the first time: nothing can be loaded later."""
    tables.owner("192.0.2.1")
    Initials().see(_INITIAL, len(_INITIAL))


def main(argv: list[str]) -> None:
    """The child: shut in, load everything, give up what is not needed, and read until stdin ends."""
    sandbox = enter.enter(SandboxPolicy.TRY, roles.decoder())
    _warm()
    limits.confine(MEMORY_BYTES)
    sandbox.lock()
    _Work(sys.stdin.buffer, sys.stdout.buffer, int(argv[0]) if argv else None).run()


if __name__ == "__main__":
    main(sys.argv[1:])
