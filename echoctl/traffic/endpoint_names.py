"""What the other side is called: by the server name that the device said to it (TLS, QUIC, HTTP), by the DNS answer
that gave its address, by an earlier capture, by who owns the address; in this order.

Nothing is looked up. Where a connection is older than the capture, none of the first can be seen, and it says so.
"""

from collections.abc import Mapping

from echoctl.model.traffic import Endpoint, Naming
from echoctl.traffic import tables
from echoctl.traffic.direction import Side, address
from echoctl.traffic.dissector import TCP
from echoctl.traffic.flows import PayloadWatch
from echoctl.traffic.protocols import dns, http, tunnels
from echoctl.traffic.protocols.quic import Initials
from echoctl.traffic.protocols.tls import Greeting

MOST_NAMES = 1 << 16

_DNS_PORT, _HTTPS_PORT = b"\x00\x35", b"\x01\xbb"


class EndpointNames:
    """Gathers names while packets pass. `stored`: address -> name, from earlier captures."""

    def __init__(self, stored: Mapping[str, str] | None = None) -> None:
        self._stored = stored or {}
        self._answered: dict[str, str] = {}
        self._said: dict[tuple[str, str], tuple[str, Naming]] = {}
        self._older: set[tuple[str, str]] = set()
        self._tunnels: dict[tuple[str, str], str] = {}
        self._dns = _Answers(self)

    def watch(self, proto: int, key: bytes, side: Side | None, begun: bool) -> PayloadWatch | None:
        """The watch for a flow, None where no name can be learnt: every DNS answer, else what the device says first."""
        if key[-4:-2] == _DNS_PORT:
            return _Stream(self) if proto == TCP else self._dns
        if side is None or not side.up:
            return None
        if kind := tunnels.by_port(int.from_bytes(key[-2:])):
            self.tunnel(side, kind)
            return None
        if proto == TCP:
            return _Said(self, side, Greeting(), Naming.SNI)
        if key[-2:] == _HTTPS_PORT:
            return _Said(self, side, Initials(), Naming.QUIC)
        return tunnels.TunnelCheck(lambda kind: self.tunnel(side, kind))

    def endpoint(self, device: str, remote: str) -> Endpoint:
        """What is known of an endpoint by now."""
        pair = (device, remote)
        if pair in self._tunnels:
            return Endpoint(remote, self._tunnels[pair], Naming.TUNNEL)
        if pair in self._said:
            return Endpoint(remote, *self._said[pair])
        if remote in self._answered:
            return Endpoint(remote, self._answered[remote], Naming.DNS)
        older = pair in self._older
        if remote in self._stored:
            return Endpoint(remote, self._stored[remote], Naming.STORED, older)
        owner = tables.owner(remote)
        return Endpoint(remote, owner, Naming.OWNER if owner else Naming.NONE, older)

    def answer(self, message: bytes) -> None:
        """A DNS message has passed."""
        name, found = dns.answers(message)
        for raw in found:
            if len(self._answered) < MOST_NAMES:
                self._answered[address(raw)] = name

    def said(self, side: Side, name: str, how: Naming) -> None:
        """A device has called an endpoint by its name."""
        if len(self._said) < MOST_NAMES:
            self._said[side.device, side.remote] = name, how

    def tunnel(self, side: Side, kind: str) -> None:
        """A device keeps a tunnel to that endpoint."""
        if len(self._tunnels) < MOST_NAMES:
            self._tunnels[side.device, side.remote] = kind

    def began_earlier(self, side: Side) -> None:
        """A connection was open before the capture."""
        if len(self._older) < MOST_NAMES:
            self._older.add((side.device, side.remote))


class _Answers:
    """Watches a name server's port."""

    def __init__(self, names: EndpointNames) -> None:
        self._names = names

    def see(self, payload: bytes, size: int) -> bool:
        """Look at one message; more may always follow."""
        self._names.answer(payload)
        return True


class _Stream:
    """Watches a name server's port over TCP: messages with their lengths before them (RFC 1035 §4.2.2)."""

    def __init__(self, names: EndpointNames) -> None:
        self._names = names
        self._sent = b""

    def see(self, payload: bytes, size: int) -> bool:
        """Look at what came; more may follow unless something is missing."""
        self._sent += payload
        while len(self._sent) > 2 and (end := 2 + int.from_bytes(self._sent[:2])) <= len(self._sent):
            self._names.answer(self._sent[2:end])
            self._sent = self._sent[end:]
        if len(payload) < size:  # the addresses that were kept may do
            self._names.answer(self._sent[2:])
        return len(payload) >= size


class _Said:
    """Watches what a device says first."""

    def __init__(
        self, names: EndpointNames, side: Side, reader: Greeting | Initials | http.Request, how: Naming
    ) -> None:
        self._names, self._side, self._reader, self._how = names, side, reader, how

    def see(self, payload: bytes, size: int) -> bool:
        """Look at one packet; returns whether a name may still come."""
        if self._how is Naming.SNI and http.asks(payload):
            self._reader, self._how = http.Request(), Naming.HTTP
        if self._reader.see(payload, size):
            return True
        if self._reader.name:
            self._names.said(self._side, self._reader.name, self._how)
        elif self._reader.older:
            self._names.began_earlier(self._side)
        return False
