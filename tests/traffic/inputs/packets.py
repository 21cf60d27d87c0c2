"""Packets and captures made by hand, for what the tests want to see read."""

import socket
import struct
from collections.abc import Iterable

SPEAKER = "44:65:0d:00:00:50"
ROUTER = "02:00:00:00:00:01"
SPEAKER_IP, ROUTER_IP, CLOUD_IP = "192.168.77.50", "192.168.77.1", "203.0.113.10"
SPEAKER_IP6, CLOUD_IP6 = "2001:db8:1::50", "2001:db8:77::10"

ETHERNET, RAW, COOKED, COOKED2 = 1, 101, 113, 276


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def tcp(source: int, target: int, seq: int, payload: bytes, flags: int = 0x18, options: bytes = b"") -> bytes:
    offset = (20 + len(options)) // 4 << 4
    return struct.pack(">HHIIBBHHH", source, target, seq & 0xFFFFFFFF, 0, offset, flags, 1000, 0, 0) + options + payload


def udp(source: int, target: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def ipv4(
    source: str, target: str, body: bytes, proto: int = 6, *, fragment: int = 0, number: int = 1, length: int = -1
) -> bytes:
    length = 20 + len(body) if length < 0 else length
    return (
        struct.pack(">BBHHHBBH", 0x45, 0, length, number, fragment, 64, proto, 0)
        + packed(source)
        + packed(target)
        + body
    )


def ipv6(source: str, target: str, body: bytes, proto: int = 6) -> bytes:
    return struct.pack(">IHBB", 0x60012345, len(body), proto, 64) + packed(source) + packed(target) + body


def ethernet(source: str, target: str, body: bytes, *, tags: Iterable[int] = ()) -> bytes:
    kind = b"\x86\xdd" if body[0] >> 4 == 6 else b"\x08\x00"
    tagged = b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags)
    return mac(target) + mac(source) + tagged + kind + body


def cooked(source: str, body: bytes, sent: int = 0) -> bytes:
    return (
        struct.pack(">HHH", sent, 1, 6)
        + mac(source)
        + bytes(2)
        + (b"\x86\xdd" if body[0] >> 4 == 6 else b"\x08\x00")
        + body
    )


def cooked2(source: str, body: bytes, sent: int = 0) -> bytes:
    kind = b"\x86\xdd" if body[0] >> 4 == 6 else b"\x08\x00"
    return kind + bytes(2) + struct.pack(">IHBB", 3, 1, sent, 6) + mac(source) + bytes(2) + body


def upload(payload: int | bytes, seq: int = 1000, port: int = 40000) -> bytes:
    """The speaker sends to the cloud."""
    payload = bytes(payload) if isinstance(payload, int) else payload
    return ethernet(SPEAKER, ROUTER, ipv4(SPEAKER_IP, CLOUD_IP, tcp(port, 443, seq, payload)))


def download(payload: int | bytes, seq: int = 9000, port: int = 40000) -> bytes:
    """The cloud answers."""
    payload = bytes(payload) if isinstance(payload, int) else payload
    return ethernet(ROUTER, SPEAKER, ipv4(CLOUD_IP, SPEAKER_IP, tcp(443, port, seq, payload)))


def pcap(
    frames: Iterable[tuple[float, bytes]],
    link: int = ETHERNET,
    *,
    order: str = "<",
    nano: bool = False,
    snaplen: int = 65535,
) -> bytes:
    """A classic capture of (Unix seconds, frame)."""
    unit = 10**9 if nano else 10**6
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link)]
    for at, frame in frames:
        kept = frame[:snaplen]
        ticks = round(at * 1000) * (unit // 1000)
        out += [struct.pack(order + "IIII", ticks // unit, ticks % unit, len(kept), len(frame)), kept]
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int, order: str = "<", options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def enhanced(number: int, ticks: int, frame: bytes, order: str = "<") -> bytes:
    head = struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)
