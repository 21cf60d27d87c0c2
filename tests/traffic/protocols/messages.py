"""DNS messages."""

import struct


def encoded(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


def record(kind: int, data: bytes, name: bytes = b"\xc0\x0c") -> bytes:
    return name + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def message(*records: bytes, name: str = "Avs-Alexa-4-na.amazon.com", flags: int = 0x8180, kind: int = 1) -> bytes:
    head = struct.pack(">HHHHHH", 7, flags, 1, len(records), 0, 0)
    return head + encoded(name) + struct.pack(">HH", kind, 1) + b"".join(records)
