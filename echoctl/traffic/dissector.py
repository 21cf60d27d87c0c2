"""From a frame to the transport header in it: Ethernet, VLAN, PPPoE, PPP, Linux cooked v1 and v2, raw IP; IPv4, IPv6,
fragments.

The usual packet (IPv4 without options, TCP or UDP, not a fragment) is taken apart by one `struct` call of `Layout`,
for all link types alike. Everything else goes through `Dissector.segment`, which says the same of it.
"""

import struct
from typing import NamedTuple

from echoctl.errors import DeviceError

TCP, UDP = 6, 17

HEADER = 16
"""Bytes of the record header before a frame: pcap.py."""

FRAGMENT = 0xFF3F
"""IPv4's "more fragments" and offset bits, as a little-endian number reads them."""

_ETHERNET, _PPP, _PPP_SERIAL, _PPPOE, _COOKED, _COOKED2 = 1, 9, 50, 51, 113, 276

_OFFSETS = {
    _ETHERNET: 14,
    _COOKED: 16,
    _COOKED2: 20,
    _PPP: 4,
    _PPP_SERIAL: 4,
    _PPPOE: 8,
    **dict.fromkeys((0, 108), 4),
    **dict.fromkeys((12, 14, 101, 228, 229), 0),
}
"""Link type -> bytes before the IP header. 0 and 108 are loopback, the last five raw IP."""

_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS, _SESSION = (0x8100, 0x88A8, 0x9100), 0x8864
_OVER_PPP = {0x0021: _IPV4, 0x0057: _IPV6}
_EXTENSIONS = (0, 43, 60, 135)
"""IPv6 headers that may stand before the transport: hop-by-hop, routing, destination, mobility."""
_FRAGMENT = 44
_POINT_TO_POINT = (_PPP, _PPP_SERIAL, _PPPOE)
_ADDRESS_AND_CONTROL = b"\xff\x03"
"""What begins a PPP frame, unless the two sides have agreed to leave it out."""

_TUNNELS = (4, 41, 47, 50)
"""IP in IP, IPv6 in IP, GRE, ESP: no ports, but bytes that go somewhere."""

_MOST_FRAGMENTS = 1024


class Layout:
    """How the usual packet lies in a record of one link type."""

    __slots__ = ("ip", "kept", "link", "mark", "size", "unpack")

    def __init__(self, link: int) -> None:
        if link not in _OFFSETS:
            raise DeviceError(
                f"link type {link} is not one that can be read here",
                "capture on the router's LAN interface: Ethernet, Linux cooked or raw IP",
            )
        self.link = link
        self.ip = _OFFSETS[link]
        kind = {**dict.fromkeys((_ETHERNET, _COOKED), b"\x08\x00"), **dict.fromkeys(_POINT_TO_POINT, b"\x00\x21")}
        self.mark = kind.get(link, b"") + b"\x45"
        """Says IPv4 with a header of 20 bytes; with the frame's type before it where that stands there."""
        before = self.ip + 1 - len(self.mark)
        # seconds, fraction, kept, wire | mark, length high and low, fragment, protocol, addresses and ports,
        # sequence number, data offset, flags. Little-endian for the record header's sake.
        usual = struct.Struct(f"<IIII{before}x{len(self.mark)}sxBBxxHxBxx12s4s4xBB")
        self.unpack, self.size = usual.unpack_from, usual.size
        self.kept = self.ip + 34
        """A packet of which fewer bytes were kept is not usual."""


class Segment(NamedTuple):
    """A transport header, and how many bytes of payload follow it."""

    proto: int
    """TCP or UDP; what has no ports counts as UDP from port 0 to port 0."""
    key: bytes
    """Source, destination, source port, destination port."""
    size: int
    """Payload bytes, those that were not kept included."""
    seq: bytes
    flags: int
    at: int
    """Where the payload begins, from the start of the record."""


_NOTHING = Segment(UDP, b"", 0, b"", 0, 0)


class Dissector:
    """Takes unusual packets apart; remembers the fragments that are on their way."""

    def __init__(self) -> None:
        self.unread = 0
        """IP packets of which too little was kept."""
        self._fragments: dict[bytes, tuple[int, bytes, bytes]] = {}

    def segment(self, layout: Layout, record: bytes) -> Segment:
        """What `record` (header and frame) carries; of size 0 when it is not IP, or too little of it was kept."""
        found = None
        try:
            kind, at = _network(layout, record)
            if kind == _IPV4:
                found = self._ipv4(record, at)
            elif kind == _IPV6:
                found = self._ipv6(record, at)
        except (struct.error, IndexError):  # cut off within a header
            self.unread += 1
        return found or _NOTHING

    def _ipv4(self, record: bytes, at: int) -> Segment | None:
        length, number, fragment, proto = struct.unpack_from(">HHHxB", record, at + 2)
        header = (record[at] & 15) * 4
        if record[at] >> 4 != 4 or header < 20:
            return None
        # 0: the card was to cut a long one into packets (TSO), and the capture saw it before.
        length = length or _wire(record) - (at - HEADER)
        addresses = record[at + 12 : at + 20]
        if fragment & 0x3FFF:
            name = addresses + bytes((proto,)) + number.to_bytes(4)
            return self._fragment(name, record, at + header, length - header, fragment)
        return _transport(proto, addresses, record, at + header, length - header)

    def _ipv6(self, record: bytes, at: int) -> Segment | None:
        length, following = struct.unpack_from(">HB", record, at + 4)
        if record[at] >> 4 != 6:
            return None
        length = length or _wire(record) - (at - HEADER) - 40
        addresses = record[at + 8 : at + 40]
        at += 40
        for _ in range(8):
            if following == _FRAGMENT:
                following, place, number = struct.unpack_from(">BxH4s", record, at)
                name = addresses + bytes((following,)) + number
                fragment = place >> 3 | (place & 1) << 13
                return self._fragment(name, record, at + 8, length - 8, fragment)
            if following not in _EXTENSIONS:
                return _transport(following, addresses, record, at, length)
            size = record[at + 1] * 8 + 8
            following = record[at]
            at, length = at + size, length - size
        return None

    def _fragment(self, name: bytes, record: bytes, at: int, length: int, fragment: int) -> Segment | None:
        """The first one has the header and names the others. `fragment`: more follow (bit 13), offset in 8 bytes."""
        offset = (fragment & 0x1FFF) * 8
        if not offset:
            proto = name[-5]
            first = _transport(proto, name[:-5], record, at, length)
            if first:
                if len(self._fragments) >= _MOST_FRAGMENTS:
                    self._fragments.clear()
                # Where in the stream the datagram's byte 0 would lie, had it no transport header.
                begin = int.from_bytes(first.seq) - (length - first.size)
                self._fragments[name] = first.proto, first.key, (begin & 0xFFFFFFFF).to_bytes(4)
            return first
        known = self._fragments.get(name)
        if known is None or length <= 0:
            return None
        proto, key, begin_seq = known
        seq = (int.from_bytes(begin_seq) + offset & 0xFFFFFFFF).to_bytes(4)
        return Segment(proto, key, length, seq, 0, len(record))


def hardware(layout: Layout, record: bytes) -> tuple[str, str]:
    """The MAC addresses of source and destination, empty where the link type does not tell them."""
    if layout.link == _ETHERNET:
        return mac(record[22:28]), mac(record[16:22])
    if layout.link == _COOKED:
        sent, size = struct.unpack_from(">HxxH", record, HEADER)
        return (mac(record[22:28]), "") if size == 6 and sent != _SENT_BY_US else ("", "")
    if layout.link == _COOKED2:
        sent, size = record[HEADER + 10], record[HEADER + 11]
        return (mac(record[28:34]), "") if size == 6 and sent != _SENT_BY_US else ("", "")
    return "", ""


_SENT_BY_US = 4
"""Cooked: the capturing machine sent it, so the address is its own and not a device's."""


def mac(raw: bytes) -> str:
    """A MAC address of 6 bytes as people write it: 44:65:0d:00:00:50."""
    return raw.hex(":")


def _network(layout: Layout, record: bytes) -> tuple[int, int]:
    """The frame's type and where its network header begins, from the start of the record."""
    at = HEADER + layout.ip
    if layout.link == _COOKED2:
        kind = struct.unpack_from(">H", record, HEADER)[0]
    elif layout.link in (_ETHERNET, _COOKED):
        kind = struct.unpack_from(">H", record, at - 2)[0]
    elif layout.link in _POINT_TO_POINT:
        if layout.link != _PPPOE and record[HEADER : HEADER + 2] != _ADDRESS_AND_CONTROL:
            at -= 2
        return _OVER_PPP.get(struct.unpack_from(">H", record, at - 2)[0], 0), at
    else:
        return {4: _IPV4, 6: _IPV6}.get(record[at] >> 4, 0), at
    for _ in range(3):
        if kind == _SESSION:
            return _OVER_PPP.get(struct.unpack_from(">H", record, at + 6)[0], 0), at + 8
        if kind not in _TAGS:
            break
        kind = struct.unpack_from(">H", record, at + 2)[0]
        at += 4
    return kind, at


def _transport(proto: int, addresses: bytes, record: bytes, at: int, length: int) -> Segment | None:
    if proto == TCP:
        seq, offset, flags = struct.unpack_from(">4x4s4xBB", record, at)
        header = offset >> 2 & 60
        size = length - header
        if header < 20 or size < 0:
            return None
        return Segment(TCP, addresses + record[at : at + 4], size, seq, flags, at + header)
    if proto == UDP and length >= 8:
        if len(record) < at + 4:
            raise IndexError(at)
        return Segment(UDP, addresses + record[at : at + 4], length - 8, bytes(4), 0, at + 8)
    if proto in _TUNNELS and length > 0:
        return Segment(UDP, addresses + bytes(4), length, bytes(4), 0, at)
    return None


def _wire(record: bytes) -> int:
    """How long the frame was on the wire; no frame is longer than the longest that pcap.py reads."""
    return min(int.from_bytes(record[12:16], "little"), 1 << 20)
