"""Who of two addresses is the device, and who is the endpoint outside.

A private address is a device's. Where both are public (IPv6 as providers hand it out) the router's MAC address, learnt
from packets that leave no doubt, tells which way is out; without link layer, the better known port does.
"""

import socket
from typing import NamedTuple

_MOST = 4096
"""Devices and routers that are remembered; a house has fewer."""

_WELL_KNOWN = 1024


class Side(NamedTuple):
    """One direction of a flow."""

    device: str
    """Its MAC address, or its IP address where no MAC address is known."""
    remote: str
    up: bool


class Sides:
    """Learns who is who from what it is asked about."""

    def __init__(self) -> None:
        self._macs: dict[bytes, str] = {}  # address of a device -> its MAC
        self._routers: set[str] = set()

    def of(self, key: bytes, source_mac: str, target_mac: str, answers: Side | None = None) -> Side | None:
        """Which way `key` (addresses and ports) goes; None for traffic within the house and to groups.

        `answers`: the flow that goes the other way, if there is one, so that the two agree.
        """
        size = (len(key) - 4) // 2
        source, target = key[:size], key[size : 2 * size]
        inner_source, inner_target = _inside(source), _inside(target)
        if inner_source and inner_target:
            return None
        if inner_source:
            self._router(target_mac)
            up = True
        elif inner_target:
            self._router(source_mac)
            up = False
        elif answers:
            up = not answers.up
        else:
            up = self._outward(key, source_mac, target_mac)
        inner, outer, hardware = (source, target, source_mac) if up else (target, source, target_mac)
        return Side(self._device(inner, hardware), address(outer), up)

    def _router(self, hardware: str) -> None:
        if hardware and len(self._routers) < _MOST:
            self._routers.add(hardware)

    def _device(self, inner: bytes, hardware: str) -> str:
        if hardware and len(self._macs) < _MOST:
            self._macs[inner] = hardware
        return hardware or self._macs.get(inner) or address(inner)

    def _outward(self, key: bytes, source_mac: str, target_mac: str) -> bool:
        if (source_mac in self._routers) != (target_mac in self._routers):
            return target_mac in self._routers
        source_port, target_port = int.from_bytes(key[-4:-2]), int.from_bytes(key[-2:])
        return not (source_port < _WELL_KNOWN <= target_port)


def address(raw: bytes) -> str:
    """An IP address as people write it."""
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


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
