import struct

import pytest

from echoctl.traffic.direction import Side, Sides
from tests.traffic.inputs import packets as p


def key(source: str, target: str, source_port: int = 40000, target_port: int = 443) -> bytes:
    return p.packed(source) + p.packed(target) + struct.pack(">HH", source_port, target_port)


UP = Side(p.SPEAKER, p.CLOUD_IP, True)
UP6 = Side(p.SPEAKER, p.CLOUD_IP6, True)


def test_the_private_address_is_the_device() -> None:
    sides = Sides()
    assert sides.of(key(p.SPEAKER_IP, p.CLOUD_IP), p.SPEAKER, p.ROUTER) == UP
    assert sides.of(key(p.CLOUD_IP, p.SPEAKER_IP, 443, 40000), p.ROUTER, p.SPEAKER) == UP._replace(up=False)


@pytest.mark.parametrize(
    "target", ["192.168.1.9", "10.0.0.1", "172.16.5.5", "169.254.1.1", "224.0.0.251", "255.255.255.255"]
)
def test_traffic_within_the_house_is_nobodys(target: str) -> None:
    assert Sides().of(key(p.SPEAKER_IP, target), p.SPEAKER, p.ROUTER) is None


@pytest.mark.parametrize("target", ["fd77::1", "fe80::1", "ff02::fb", "::1"])
def test_traffic_within_the_house_is_nobodys_in_ipv6(target: str) -> None:
    assert Sides().of(key("fd77::50", target), p.SPEAKER, p.ROUTER) is None


def test_172_32_is_outside() -> None:
    assert Sides().of(key(p.SPEAKER_IP, "172.32.0.1"), p.SPEAKER, p.ROUTER) is not None


def test_between_public_addresses_the_router_tells_which_way_is_out() -> None:
    sides = Sides()
    sides.of(key(p.SPEAKER_IP, p.CLOUD_IP), p.SPEAKER, p.ROUTER)
    odd = (50000, 50001)
    assert sides.of(key(p.SPEAKER_IP6, p.CLOUD_IP6, *odd), p.SPEAKER, p.ROUTER) == UP6
    assert sides.of(key(p.CLOUD_IP6, p.SPEAKER_IP6, *odd), p.ROUTER, p.SPEAKER) == UP6._replace(up=False)


def test_without_a_router_the_better_known_port_is_outside() -> None:
    sides = Sides()
    assert sides.of(key(p.CLOUD_IP6, p.SPEAKER_IP6, 443, 40000), "", "") == Side(p.SPEAKER_IP6, p.CLOUD_IP6, False)
    assert sides.of(key(p.SPEAKER_IP6, p.CLOUD_IP6), "", "") == Side(p.SPEAKER_IP6, p.CLOUD_IP6, True)


def test_two_directions_of_a_flow_agree() -> None:
    sides = Sides()
    odd = key(p.SPEAKER_IP6, p.CLOUD_IP6, 50000, 50001)
    first = sides.of(odd, "", "")
    assert first is not None
    back = sides.of(key(p.CLOUD_IP6, p.SPEAKER_IP6, 50001, 50000), "", "", first)
    assert back == first._replace(up=not first.up)


def test_a_device_is_known_by_its_mac_once_it_has_spoken() -> None:
    sides = Sides()
    down = key(p.CLOUD_IP, p.SPEAKER_IP, 443, 40000)
    assert sides.of(down, "", "") == Side(p.SPEAKER_IP, p.CLOUD_IP, False)
    sides.of(key(p.SPEAKER_IP, p.CLOUD_IP), p.SPEAKER, "")
    assert sides.of(down, "", "") == Side(p.SPEAKER, p.CLOUD_IP, False)


SYN, SYN_ACK = 2, 18


@pytest.mark.parametrize("ports", [(8883, 50000), (50001, 50000), (5228, 40317)])
def test_without_a_router_whoever_opens_a_connection_is_the_device(ports: tuple[int, int]) -> None:
    remote, own = ports
    answer = key(p.CLOUD_IP6, p.SPEAKER_IP6, remote, own)
    for macs, here in ((("", ""), p.SPEAKER_IP6), ((p.ROUTER, p.SPEAKER), p.SPEAKER)):
        assert Sides().of(answer, *macs, None, SYN_ACK) == Side(here, p.CLOUD_IP6, False)
        ask = key(p.SPEAKER_IP6, p.CLOUD_IP6, own, remote)
        assert Sides().of(ask, *reversed(macs), None, SYN) == Side(here, p.CLOUD_IP6, True)


def test_a_router_is_known_by_the_connections_that_go_to_it() -> None:
    sides = Sides()
    sides.of(key(p.CLOUD_IP6, p.SPEAKER_IP6, 443, 40000), p.ROUTER, p.SPEAKER)
    odd = key(p.CLOUD_IP6, p.SPEAKER_IP6, 40317, 50001)
    assert sides.of(odd, p.ROUTER, p.SPEAKER) == UP6._replace(up=False)


def test_without_flags_and_router_the_lower_port_is_outside() -> None:
    assert Sides().of(key(p.CLOUD_IP6, p.SPEAKER_IP6, 8883, 50001), "", "") == Side(p.SPEAKER_IP6, p.CLOUD_IP6, False)


@pytest.mark.parametrize("group", ["ff02::fb", "239.255.255.250", "255.255.255.255"])
def test_what_goes_to_a_group_stays_in_the_house_from_a_public_address_too(group: str) -> None:
    source = p.SPEAKER_IP6 if ":" in group else "81.2.69.160"
    assert Sides().of(key(source, group, 5353, 5353), p.SPEAKER, "01:00:5e:00:00:fb") is None


def test_a_neighbour_with_a_public_address_asks_the_router_and_is_no_router() -> None:
    sides = Sides()
    assert sides.of(key(p.SPEAKER_IP6, "fd77::1", 50000, 53), p.SPEAKER, p.ROUTER) is None
    assert sides.of(key("fd77::1", p.SPEAKER_IP6, 53, 50000), p.ROUTER, p.SPEAKER) is None
    assert sides.of(key(p.SPEAKER_IP6, p.CLOUD_IP6), p.SPEAKER, p.ROUTER) == UP6
