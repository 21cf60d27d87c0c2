"""The host that a client asks for in plain HTTP (RFC 9112 §3.2)."""

import re

from echoctl.traffic.protocols.hostname import hostname
from echoctl.traffic.protocols.tls import MOST_BYTES

_METHOD = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT) ")
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n:]*)[^\r\n]*\r\n", re.IGNORECASE)
_NUMBERS = re.compile(r"[\d.]+")


def asks(payload: bytes) -> bool:
    """Whether a request begins here."""
    return _METHOD.match(payload) is not None


class Request:
    """Collects the head of a request until its host is read."""

    def __init__(self) -> None:
        self._sent = b""
        self.name = ""
        self.older = False

    def see(self, payload: bytes, size: int) -> bool:
        """Take the payload of one packet, `size` bytes on the wire; returns whether more is wanted."""
        self._sent += payload
        head, whole, _ = self._sent.partition(b"\r\n\r\n")
        found = _HOST.search(head + whole)
        if found:
            name = hostname(found[1].strip())
            self.name = "" if _NUMBERS.fullmatch(name) else name  # an address is no name
            return False
        return not whole and len(payload) >= size and len(self._sent) < MOST_BYTES
