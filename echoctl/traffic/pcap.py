"""Reading captures: pcap in either byte order, in micro- or nanoseconds, and pcapng with several interfaces.

Whatever comes in goes out as blocks of classic little-endian records (header: seconds, fraction, bytes kept, bytes on
the wire), so that the loop over packets, which is what takes time, is written once: meter.py. A usual capture passes
through untouched.

Formats: IETF draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Damage ends the reading, never the program: what
came before it counts, and `damage` says what was found.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from io import BufferedReader
from typing import Protocol

from echoctl.errors import DeviceError

READ_BYTES = 1 << 18
"""The most that is asked of the stream at a time, which fits a processor's cache; a pipe gives what it has."""

MOST_BYTES = 1 << 20
"""A packet that claims to be longer is damage. The longest that an interface hands over have half of it."""

MICROSECONDS = 1_000_000
NANOSECONDS = 1_000_000_000
"""Per second: the two fractions that a classic capture may count in."""

_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", MICROSECONDS),
    b"\x4d\x3c\xb2\xa1": ("<", NANOSECONDS),
    b"\xa1\xb2\xc3\xd4": (">", MICROSECONDS),
    b"\xa1\xb2\x3c\x4d": (">", NANOSECONDS),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_LITTLE = b"\x4d\x3c\x2b\x1a"
_BIG = b"\x1a\x2b\x3c\x4d"
_INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_PACKETS = (_ENHANCED, _OBSOLETE)
_TICKS, _OFFSET = 9, 14
"""Options of an interface: how fine its clock is, and what to add to its times."""
_MOST_BLOCK = MOST_BYTES + 4096
_MOST_INTERFACES = 4096

_header = struct.Struct("<IIII")


class Stream(Protocol):
    """Where the bytes come from: a file, a pipe, something unzipped."""

    def read1(self, size: int, /) -> bytes:
        """Some bytes, at most `size`; none at the end."""


def unzipped(stream: BufferedReader) -> Stream:
    """A capture's bytes, whether it is gzip or not; no more of them at a time than is asked for."""
    return gzip.GzipFile(fileobj=stream) if stream.peek(2)[:2] == b"\x1f\x8b" else stream


class Block:
    """Records in memory. Whoever reads them says in `used` how far they were whole."""

    __slots__ = ("data", "fraction", "link", "used")

    def __init__(self, data: bytes, link: int, fraction: int) -> None:
        self.data = data
        self.link = link
        """The link type: tcpdump.org/linktypes.html."""
        self.fraction = fraction
        """Units of a record's fraction in a second: a million, or a thousand million."""
        self.used = 0


class PcapReader:
    """One capture. `blocks()` may be walked once."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.damage = ""
        """What ended the reading before the capture's end; empty when nothing did."""

    def blocks(self) -> Iterator[Block]:
        """The records. Raises DeviceError when the stream is empty or is no capture."""
        first = self._at_least(b"", 4)
        if not first:
            raise DeviceError(
                "the capture is empty", self.damage or "nothing was written to it: look at what tcpdump said"
            )
        if first[:4] == _SECTION:
            yield from self._pcapng(first)
            return
        if first[:4] not in _MAGIC:
            raise DeviceError("not a capture: neither pcap nor pcapng", "tcpdump -w FILE and Wireshark make such files")
        first = self._at_least(first, 24)
        if len(first) < 24:
            self.damage = "it ends within its header"
            return
        order, fraction = _MAGIC[first[:4]]
        # The upper bits of the field may say how long the frame check sequence is.
        link = struct.unpack_from(order + "I", first, 20)[0] & 0xFFFF
        yield from self._classic(first[24:], link, fraction, swap=order == ">")

    def _more(self) -> bytes:
        """The next bytes; none at the end, and none after damage to what wraps the capture."""
        try:
            return self._stream.read1(READ_BYTES)
        except (EOFError, zlib.error) as error:
            self.damage = f"its compressed data are cut off or damaged ({error})"
        except OSError as error:
            # gzip.BadGzipFile has no errno; an error of the system has one and is not the capture's.
            if error.errno is not None:
                raise
            self.damage = f"its compressed data are damaged ({error})"
        return b""

    def _at_least(self, data: bytes, size: int) -> bytes:
        while len(data) < size and (more := self._more()):
            data += more
        return data

    def _classic(self, data: bytes, link: int, fraction: int, *, swap: bool) -> Iterator[Block]:
        while True:
            if data:
                block = Block(_swapped(data) if swap else data, link, fraction)
                yield block
                data = data[block.used :]
            if len(data) >= 16 and struct.unpack_from(">I" if swap else "<I", data, 8)[0] > MOST_BYTES:
                self.damage = self.damage or "a packet's length is impossible"
                return
            more = self._more()
            if not more:
                break
            data += more
        if data:
            self.damage = self.damage or "it ends within a packet"

    def _pcapng(self, data: bytes) -> Iterator[Block]:
        section = _Section()
        while True:
            runs, used = section.records(data)
            for link, records in runs:
                yield Block(records, link, MICROSECONDS)
            if section.damage:
                self.damage = self.damage or section.damage
                return
            data = data[used:]
            more = self._more()
            if not more:
                break
            data += more
        if data:
            self.damage = self.damage or "it ends within a block"


class _Section:
    """A section of a pcapng: its byte order and its interfaces."""

    def __init__(self) -> None:
        self._order = "<"
        self._interfaces: list[tuple[int, int, int]] = []  # link type, ticks per second, seconds to add
        self.damage = ""

    def records(self, data: bytes) -> tuple[list[tuple[int, bytes]], int]:
        """The packets of the blocks that lie whole in `data`, in runs of one link type; and how far those go."""
        runs: list[tuple[int, list[bytes]]] = []
        pos, end = 0, len(data)
        while pos + 12 <= end:
            if data[pos : pos + 4] == _SECTION and not self._begin(data[pos + 8 : pos + 12]):
                break
            kind, size = struct.unpack_from(self._order + "II", data, pos)
            if not 12 <= size <= _MOST_BLOCK or size & 3:
                self.damage = "a block's length is impossible"
                break
            if pos + size > end:
                break
            if kind == _SIMPLE:
                self.damage = "its packets have no times"
                break
            if kind in _PACKETS and size >= 32:
                self._packet(runs, kind, data, pos, size)
            elif kind == _INTERFACE and size >= 20 and len(self._interfaces) < _MOST_INTERFACES:
                self._interfaces.append(self._interface(data, pos, size))
            pos += size
        return [(link, b"".join(pieces)) for link, pieces in runs], pos

    def _begin(self, magic: bytes) -> bool:
        if magic not in (_LITTLE, _BIG):
            self.damage = "a section says no byte order"
            return False
        self._order = "<" if magic == _LITTLE else ">"
        self._interfaces = []
        return True

    def _interface(self, data: bytes, pos: int, size: int) -> tuple[int, int, int]:
        link = struct.unpack_from(self._order + "H", data, pos + 8)[0]
        ticks, offset, at, end = MICROSECONDS, 0, pos + 16, pos + size - 4
        while at + 4 <= end:
            code, length = struct.unpack_from(self._order + "HH", data, at)
            if code == _TICKS and at + 5 <= end:
                power = data[at + 4]
                ticks = 1 << (power & 63) if power & 128 else 10 ** (power & 31)
            elif code == _OFFSET and at + 12 <= end:
                offset = struct.unpack_from(self._order + "q", data, at + 4)[0]
            at += 4 + (length + 3 & ~3)
        return link, ticks, offset

    def _packet(self, runs: list[tuple[int, list[bytes]]], kind: int, data: bytes, pos: int, size: int) -> None:
        number, high, low, kept, wire = struct.unpack_from(self._order + "5I", data, pos + 8)
        if kind == _OBSOLETE:  # its first field is the interface and a count of drops, 16 bits each
            number = number & 0xFFFF if self._order == "<" else number >> 16
        if number >= len(self._interfaces) or kept > size - 32:
            return
        link, ticks, offset = self._interfaces[number]
        at = high << 32 | low
        seconds, fraction = divmod(at if ticks == MICROSECONDS else at * MICROSECONDS // ticks, MICROSECONDS)
        if not runs or runs[-1][0] != link:
            runs.append((link, []))
        pieces = runs[-1][1]
        pieces.append(_header.pack(seconds + offset & 0xFFFFFFFF, fraction, kept, wire))
        pieces.append(data[pos + 28 : pos + 28 + kept])


def _swapped(data: bytes) -> bytes:
    """The whole records of a big-endian capture, with little-endian headers."""
    pieces = []
    pos, end = 0, len(data)
    while pos + 16 <= end:
        fields = struct.unpack_from(">IIII", data, pos)
        following = pos + 16 + fields[2]
        if following > end:
            break
        pieces += [_header.pack(*fields), data[pos + 16 : following]]
        pos = following
    return b"".join(pieces)
