"""The server name that a TLS client says in the clear when it begins (RFC 8446 §4.1.2, RFC 6066 §3)."""

from echoctl.traffic.protocols.hostname import hostname

MOST_BYTES = 1 << 14
"""What is longer is not a greeting; with post-quantum keys one has some 1,800 bytes."""

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST = 22, 1, 0, 0


class Short(Exception):
    """The greeting goes on in bytes that are not here."""


class Greeting:
    """Collects what a client sends first until its server name is read."""

    def __init__(self) -> None:
        self._sent = b""
        self.name = ""
        self.older = False
        """It does not begin with a greeting: the connection was open before."""

    def see(self, payload: bytes, size: int) -> bool:
        """Take the payload of one packet, `size` bytes on the wire; returns whether more is wanted."""
        self._sent += payload
        try:
            self.name = server_name(handshake(self._sent))
        except Short:
            return len(payload) >= size and len(self._sent) < MOST_BYTES
        except ValueError:
            self.older = True
        return False


def handshake(sent: bytes) -> bytes:
    """The handshake messages within TLS records, as far as they are there. Raises ValueError for anything else."""
    parts: list[bytes] = []
    at = 0
    while at < len(sent):
        if sent[at] != _HANDSHAKE or sent[at + 1 : at + 2] not in (b"", b"\x03"):
            if parts:
                break
            raise ValueError("not a TLS handshake")
        size = int.from_bytes(sent[at + 3 : at + 5])
        parts.append(sent[at + 5 : at + 5 + size])
        at += 5 + size
    return b"".join(parts)


def server_name(hello: bytes) -> str:
    """The server name in a ClientHello; empty when it says none.

    Raises Short when it may come in what is missing, ValueError when this is no ClientHello.
    """
    if len(hello) < 4:
        raise Short
    if hello[0] != _CLIENT_HELLO:
        raise ValueError("not a ClientHello")
    whole = 4 + int.from_bytes(hello[1:4])
    cursor = _Cursor(hello[:whole])
    cursor.skip(4 + 2 + 32)  # header, version, random
    cursor.skip(cursor.number(1))  # session
    cursor.skip(cursor.number(2))  # cipher suites
    cursor.skip(cursor.number(1))  # compression
    end = min(cursor.number(2) + cursor.at, whole)
    while cursor.at + 4 <= end:
        kind, size = cursor.number(2), cursor.number(2)
        if kind == _SERVER_NAME:
            return _host(cursor.take(size))
        cursor.skip(size)
    return ""


def _host(names: bytes) -> str:
    """The first host name of the list."""
    if len(names) < 5 or names[2] != _HOST:
        return ""
    return hostname(names[5 : 5 + int.from_bytes(names[3:5])])


class _Cursor:
    """Walks through bytes; raises Short at their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        part = self._data[self.at : self.at + size]
        if len(part) < size:
            raise Short
        self.at += size
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def skip(self, size: int) -> None:
        self.at += size
