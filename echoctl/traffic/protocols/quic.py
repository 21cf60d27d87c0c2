"""The server name in a QUIC Initial packet (RFC 9000, 9001; version 2: RFC 9369).

An Initial is sealed with keys made of an identifier in its own header, so that middleboxes cannot come to depend on
it, not to keep it secret. The name lies in a ClientHello within. It is decrypted without looking at the seal's tag: a
capture of 256 bytes per packet has no tag, and what does not parse is dropped.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import NamedTuple

from echoctl.traffic.protocols.tls import MOST_BYTES, Short, server_name

MOST_DATAGRAMS = 8

_PING, _PADDING, _ACK, _ACK_ECN, _CRYPTO = 1, 0, 2, 3, 6


class Version(NamedTuple):
    """What differs between versions."""

    salt: bytes
    label: str
    initial: int
    """The packet type of an Initial."""


VERSIONS = {
    0x00000001: Version(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), "quic", 0),
    0x6B3343CF: Version(bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), "quicv2", 1),
    # Draft 29, which devices of 2020 and 2021 still speak.
    0xFF00001D: Version(bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899"), "quic", 0),
}


class Initials:
    """Collects a client's first datagrams until its server name is read."""

    def __init__(self) -> None:
        self._left = MOST_DATAGRAMS
        self._first_id = b""
        self._parts: dict[int, bytes] = {}
        self.name = ""
        self.older = False
        """It begins with a packet of an open connection."""

    def see(self, payload: bytes, size: int) -> bool:
        """Take one datagram; returns whether more are wanted. What was not kept of it is done without."""
        self._left -= 1
        if not payload or payload[0] & 0xC0 != 0xC0:
            self.older = self._left == MOST_DATAGRAMS - 1
            return False
        try:
            for packet in _packets(payload):
                self._open(packet)
            self.name = server_name(_joined(self._parts))
        except (Short, IndexError):
            return self._left > 0
        except ValueError:
            return False
        return False

    def _open(self, packet: "_Packet") -> None:
        # After a Retry the client chooses a new identifier, and keys are made of that one.
        for identifier in dict.fromkeys((self._first_id or packet.identifier, packet.identifier)):
            frames = list(_crypto(_decrypt(packet, identifier)))
            if frames:
                self._first_id = identifier
                for offset, data in frames:
                    if offset <= MOST_BYTES:
                        self._parts[offset] = data
                return


class _Packet(NamedTuple):
    version: Version
    identifier: bytes
    header: bytes
    """Up to the packet number, which is hidden."""
    sealed: bytes
    """From the packet number on, the tag left off where it was kept."""


def _packets(datagram: bytes) -> Iterator[_Packet]:
    """The Initial packets in a datagram. Raises IndexError where it is cut off within a header."""
    at = 0
    while at + 7 <= len(datagram) and datagram[at] & 0x80:
        start = at
        version = VERSIONS.get(int.from_bytes(datagram[at + 1 : at + 5]))
        if version is None:
            return
        size = datagram[at + 5]
        identifier = datagram[at + 6 : at + 6 + size]
        at += 6 + size
        at += 1 + datagram[at]
        initial = datagram[start] >> 4 & 3 == version.initial
        if initial:
            token, at = _varint(datagram, at)
            at += token
        length, at = _varint(datagram, at)
        if initial:
            yield _Packet(version, identifier, datagram[start:at], datagram[at : at + max(length - 16, 0)])
        at += length


def client_keys(version: Version, identifier: bytes) -> tuple[bytes, bytes, bytes]:
    """Key, nonce and header key of what the client sends first (RFC 9001 §5.2)."""
    initial = hmac.digest(version.salt, identifier, "sha256")
    secret = _expand(initial, "client in", 32)
    return (
        _expand(secret, f"{version.label} key", 16),
        _expand(secret, f"{version.label} iv", 12),
        _expand(secret, f"{version.label} hp", 16),
    )


def _expand(secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 §7.1) for at most one block of output."""
    name = b"tls13 " + label.encode()
    info = size.to_bytes(2) + bytes((len(name),)) + name + b"\0\1"
    return hmac.digest(secret, info, hashlib.sha256)[:size]


def _decrypt(packet: _Packet, identifier: bytes) -> bytes:
    """The frames within, as far as they were kept."""
    # cryptography costs 35 ms, and most captures have no QUIC
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    if len(packet.sealed) < 20:
        return b""
    key, nonce, header_key = client_keys(packet.version, identifier)
    mask = Cipher(algorithms.AES(header_key), modes.ECB()).encryptor().update(packet.sealed[4:20])
    size = ((packet.header[0] ^ mask[0] & 0x0F) & 3) + 1
    number = int.from_bytes(a ^ b for a, b in zip(packet.sealed[:size], mask[1:], strict=False))
    counter = (int.from_bytes(nonce) ^ number).to_bytes(12) + b"\0\0\0\2"  # GCM begins at 2: 1 is the tag's
    return Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor().update(packet.sealed[size:])


def _crypto(frames: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of the handshake in a packet's frames, up to the first one that is not for a beginning."""
    at = 0
    while at < len(frames):
        kind = frames[at]
        at += 1
        try:
            if kind == _CRYPTO:
                offset, at = _varint(frames, at)
                size, at = _varint(frames, at)
                yield offset, frames[at : at + size]
                at += size
            elif kind in (_ACK, _ACK_ECN):
                at = _after_ack(frames, at, kind)
            elif kind not in (_PADDING, _PING):
                return
        except IndexError:
            return


def _after_ack(frames: bytes, at: int, kind: int) -> int:
    _, at = _varint(frames, at)
    _, at = _varint(frames, at)
    ranges, at = _varint(frames, at)
    for _ in range(1 + 2 * min(ranges, 256) + (3 if kind == _ACK_ECN else 0)):
        _, at = _varint(frames, at)
    return at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 1, 2, 4 or 8 bytes and where it ends. Raises IndexError at the end of the data."""
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at : at + size]) & (1 << 8 * size - 2) - 1, at + size


def _joined(parts: dict[int, bytes]) -> bytes:
    """The handshake from its beginning, as far as no piece is missing."""
    whole = b""
    for offset, data in sorted(parts.items()):
        if offset > len(whole):
            break
        whole = whole[:offset] + data + whole[offset + len(data) :]
    return whole
