import pytest

from echoctl.model.traffic import Naming
from echoctl.traffic.direction import Side
from echoctl.traffic.dissector import TCP, UDP
from echoctl.traffic.endpoint_names import EndpointNames
from echoctl.traffic.protocols import tunnels

SIDE = Side("44:65:0d:00:00:50", "203.0.113.10", True)


def key(port: int) -> bytes:
    return bytes(8) + (40_000).to_bytes(2, "big") + port.to_bytes(2, "big")


def named(proto: int, port: int, payload: bytes, size: int) -> tuple[str, Naming]:
    names = EndpointNames()
    watch = names.watch(proto, key(port), SIDE, True)
    if watch is not None:
        watch.see(payload, size)
    found = names.endpoint(SIDE.device, SIDE.remote)
    return found.name, found.how


@pytest.mark.parametrize(
    ("proto", "port", "payload", "size", "name"),
    [
        (UDP, 51820, b"anything", 8, "WireGuard"),
        (UDP, 1194, b"\x38", 14, "OpenVPN"),
        (TCP, 1194, b"\x00\x0e\x38", 16, "OpenVPN"),
        (UDP, 4500, bytes(4), 200, "IPsec"),
        (UDP, 0, b"", 900, "tunnel"),
        (UDP, 7777, b"\x01\0\0\0" + bytes(50), 148, "WireGuard"),
        (UDP, 7777, b"\x04\0\0\0" + bytes(50), 1312, "WireGuard"),
    ],
)
def test_a_tunnel_is_known_by_port_or_packet(proto: int, port: int, payload: bytes, size: int, name: str) -> None:
    assert named(proto, port, payload, size) == (name, Naming.TUNNEL)


@pytest.mark.parametrize(
    ("port", "payload", "size"),
    [
        (7777, b"\x01\0\0\0", 149),
        (7777, b"\x04\0\0\1", 1312),
        (7777, b"", 0),
        (3478, b"\0\1\0\0", 20),
        (5353, bytes(40), 40),
    ],
)
def test_other_packets_are_no_tunnel(port: int, payload: bytes, size: int) -> None:
    assert named(UDP, port, payload, size)[1] is not Naming.TUNNEL


def test_one_packet_is_looked_at() -> None:
    assert tunnels.TunnelCheck(lambda kind: None).see(b"\x01\0\0\0", 148) is False
