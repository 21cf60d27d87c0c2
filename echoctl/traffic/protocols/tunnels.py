"""Tunnels: whatever goes through one is mixed and sealed, so who gets it and whether it is speech cannot be told.

Known by the port of the other side, as registered with IANA or by long custom, and WireGuard on any port by its
packets: a type from 1 to 4, three zero bytes, and lengths that its paper fixes (wireguard.com/papers/wireguard.pdf).
"""

from collections.abc import Callable

PORTS = {
    0: "tunnel",
    500: "IPsec",
    1194: "OpenVPN",
    1701: "L2TP",
    4500: "IPsec",
    41641: "WireGuard",
    51820: "WireGuard",
}
"""Port 0 stands for what has none: IP in IP, GRE and ESP (dissector.py)."""

WIREGUARD = "WireGuard"

_LENGTHS = {1: 148, 2: 92, 3: 64}
_DATA, _DATA_LEAST, _BLOCK = 4, 32, 16


def by_port(port: int) -> str:
    """The kind of tunnel that ends there; empty for any other port."""
    return PORTS.get(port, "")


def wireguard(payload: bytes, size: int) -> bool:
    """Whether a UDP packet of `size` bytes, of which `payload` was kept, is one of WireGuard's."""
    if payload[1:4] != bytes(3):
        return False
    kind = payload[0]
    return _LENGTHS.get(kind) == size or (kind == _DATA and size >= _DATA_LEAST and size % _BLOCK == 0)


class TunnelCheck:
    """Watches the first packet of a flow."""

    def __init__(self, found: Callable[[str], None]) -> None:
        self._found = found

    def see(self, payload: bytes, size: int) -> bool:
        """flows.PayloadWatch: one packet is enough."""
        if wireguard(payload, size):
            self._found(WIREGUARD)
        return False
