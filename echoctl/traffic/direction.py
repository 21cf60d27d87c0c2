"""Which of two addresses is the device, and which is the endpoint outside.

A private address is a device's. Where both are public (IPv6 as providers hand it out, or a capture beyond the address
translation) the router's MAC address tells which way is out. It is learnt from packets that leave no doubt, else from
who opens connections; without either, the better known port is outside.
"""

import socket
from typing import NamedTuple

from echoctl.traffic.flows import SYN

_MOST = 4096
"""Devices and routers that are remembered; a house has fewer."""

_WELL_KNOWN = 1024
_ACK = 16
_IPV6 = 16


class Side(NamedTuple):
    """One direction of a flow."""

    device: str
    """Its MAC address, or its IP address where no MAC address is known."""
    remote: str
    up: bool


class Sides:
    """Learns which addresses are devices from the flows it is asked about."""

    def __init__(self) -> None:
        self._macs: dict[bytes, str] = {}  # address of a device -> its MAC
        self._routers: set[str] = set()
        self._likely: set[str] = set()  # routers, as far as ports can tell

    def of(
        self, key: bytes, source_mac: str, target_mac: str, answers: Side | None = None, flags: int = 0
    ) -> Side | None:
        """Which way `key` (addresses and ports) goes; None for traffic within the house and to groups.

        `answers`: the flow that goes the other way, if there is one, so that the two agree. `flags`: TCP's.
        """
        size = (len(key) - 4) // 2
        source, target = key[:size], key[size : 2 * size]
        inner_source, inner_target = _inside(source), _inside(target)
        if (inner_source and inner_target) or _group(target):
            return None
        opens = _opens(key, flags)
        if inner_source or inner_target:
            if size == _IPV6 and opens is not None and opens != inner_source:
                return None  # no translation, so nobody outside asks a private address: a neighbour does
            up = inner_source
            _note(self._routers, target_mac if up else source_mac)
        elif answers:
            up = not answers.up
        else:
            up = self._outward(key, source_mac, target_mac, opens)
        inner, outer, hardware = (source, target, source_mac) if up else (target, source, target_mac)
        return Side(self._device(inner, hardware), address(outer), up)

    def _device(self, inner: bytes, hardware: str) -> str:
        if hardware and len(self._macs) < _MOST:
            self._macs[inner] = hardware
        return hardware or self._macs.get(inner) or address(inner)

    def _outward(self, key: bytes, source_mac: str, target_mac: str, opens: bool | None) -> bool:
        """Between public addresses: by the router's MAC address, by who opens, by the better known port."""
        if (source_mac in self._routers) != (target_mac in self._routers):
            return target_mac in self._routers
        if opens is not None:
            _note(self._likely, target_mac if opens else source_mac)
            return opens
        if (source_mac in self._likely) != (target_mac in self._likely):
            return target_mac in self._likely
        return key[-4:-2] >= key[-2:]


def _note(macs: set[str], hardware: str) -> None:
    if hardware and len(macs) < _MOST:
        macs.add(hardware)


def _opens(key: bytes, flags: int) -> bool | None:
    """Whether the packet's source has opened the connection; None when neither flags nor ports tell."""
    if flags & SYN:
        return not flags & _ACK
    source, target = int.from_bytes(key[-4:-2]), int.from_bytes(key[-2:])
    if (source < _WELL_KNOWN) == (target < _WELL_KNOWN):
        return None
    return target < _WELL_KNOWN


def address(raw: bytes) -> str:
    """An IP address as people write it."""
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _group(raw: bytes) -> bool:
    """Multicast, or IPv4's broadcast."""
    return raw[0] == 0xFF if len(raw) == _IPV6 else raw[0] >= 224


def _inside(raw: bytes) -> bool:
    """Private, link-local, loopback, group or broadcast: never on the other side of the router."""
    if len(raw) == 16:
        if raw[:12] == _MAPPED:
            return _inside(raw[12:])
        return raw[0] in (0xFC, 0xFD, 0xFF) or (raw[0] == 0xFE and raw[1] & 0xC0 == 0x80) or not any(raw[:15])
    first, second = raw[0], raw[1]
    return (
        first in (0, 10, 127)
        or first >= 224
        or (first == 192 and second == 168)
        or (first == 172 and second & 0xF0 == 16)
        or (first == 169 and second == 254)
    )


_MAPPED = bytes(10) + b"\xff\xff"
