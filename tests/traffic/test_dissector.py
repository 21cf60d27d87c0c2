import struct

import pytest

from echoctl.errors import DeviceError
from echoctl.traffic.dissector import TCP, UDP, Dissector, Layout, Segment, hardware
from tests.traffic.inputs import packets as p

KEY = p.packed(p.SPEAKER_IP) + p.packed(p.CLOUD_IP) + struct.pack(">HH", 40000, 443)
KEY6 = p.packed(p.SPEAKER_IP6) + p.packed(p.CLOUD_IP6) + struct.pack(">HH", 40000, 443)
IPV4 = p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.tcp(40000, 443, 7, b"hello"))
IPV6 = p.ipv6(p.SPEAKER_IP6, p.CLOUD_IP6, p.tcp(40000, 443, 7, b"hello"))


def record(frame: bytes, wire: int | None = None, kept: int | None = None) -> bytes:
    shown = frame[:kept]
    return struct.pack("<IIII", 1, 2, len(shown), wire or len(frame)) + shown


def segment(link: int, frame: bytes, **more: int) -> Segment:
    return Dissector().segment(Layout(link), record(frame, **more))


def protocol(body: bytes) -> bytes:
    """As PPP says it."""
    return b"\x00\x57" if body[0] >> 4 == 6 else b"\x00\x21"


def session(body: bytes, tag: bytes = b"") -> bytes:
    """Over PPPoE, as on the WAN side of many routers."""
    before = p.mac(p.ROUTER) + p.mac(p.SPEAKER) + tag
    return before + b"\x88\x64\x11\x00\x00\x01" + (len(body) + 2).to_bytes(2) + protocol(body) + body


@pytest.mark.parametrize("body", [IPV4, IPV6])
@pytest.mark.parametrize(
    ("link", "before"),
    [
        (p.ETHERNET, lambda body: p.ethernet(p.SPEAKER, p.ROUTER, body)),
        (p.ETHERNET, lambda body: p.ethernet(p.SPEAKER, p.ROUTER, body, tags=[5])),
        (p.ETHERNET, lambda body: p.ethernet(p.SPEAKER, p.ROUTER, body, tags=[5, 6])),
        (p.ETHERNET, lambda body: session(body)),
        (p.ETHERNET, lambda body: session(body, b"\x81\x00\x00\x05")),
        (9, lambda body: protocol(body) + body),
        (9, lambda body: b"\xff\x03" + protocol(body) + body),
        (50, lambda body: b"\xff\x03" + protocol(body) + body),
        (51, lambda body: b"\x11\x00\x00\x01\x00\x20" + protocol(body) + body),
        (p.COOKED, lambda body: p.cooked(p.SPEAKER, body)),
        (p.COOKED2, lambda body: p.cooked2(p.SPEAKER, body)),
        (p.RAW, lambda body: body),
        (0, lambda body: b"\x02\x00\x00\x00" + body),
    ],
)
def test_every_link_type_leads_to_the_same_segment(link: int, before: object, body: bytes) -> None:
    assert callable(before)
    frame = before(body)
    found = segment(link, frame)
    assert found.proto == TCP
    assert found.key == (KEY if body is IPV4 else KEY6)
    assert (found.size, found.seq) == (5, b"\0\0\0\x07")
    assert record(frame)[found.at :] == b"hello"


def test_a_link_type_that_is_unknown_here_is_refused_with_a_hint() -> None:
    with pytest.raises(DeviceError, match="link type 127") as caught:
        Layout(127)
    assert "Ethernet" in caught.value.hint


def test_options_and_extension_headers_are_no_payload() -> None:
    body = p.tcp(40000, 443, 7, b"hello", options=bytes(12))
    assert segment(p.RAW, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, body)).size == 5
    longer = bytearray(p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, bytes(4) + body))
    longer[0] = 0x46
    assert segment(p.RAW, bytes(longer)).size == 5
    hops = struct.pack(">BB6x", 6, 0)
    assert segment(p.RAW, p.ipv6(p.SPEAKER_IP6, p.CLOUD_IP6, hops + body, proto=0)).size == 5


@pytest.mark.parametrize("kept", [54, 60, 96, 1000])
def test_the_size_is_that_on_the_wire_however_little_was_kept(kept: int) -> None:
    assert segment(p.ETHERNET, p.upload(3000), kept=kept).size == 3000


@pytest.mark.parametrize("kept", [5, 14, 20, 33, 40, 46])
def test_a_packet_cut_within_its_headers_counts_nothing(kept: int) -> None:
    dissector = Dissector()
    assert dissector.segment(Layout(p.ETHERNET), record(p.upload(3000), kept=kept, wire=3054)).size == 0
    assert dissector.unread == 1


def test_a_packet_that_the_card_was_to_cut_has_its_length_from_the_wire() -> None:
    frame = p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.tcp(40000, 443, 7, b""), length=0))
    assert segment(p.ETHERNET, frame, wire=90_054).size == 90_000
    body = bytearray(p.ipv6(p.SPEAKER_IP6, p.CLOUD_IP6, p.tcp(40000, 443, 7, b"")))
    body[4:6] = b"\0\0"
    assert segment(p.ETHERNET, p.ethernet(p.SPEAKER, p.ROUTER, bytes(body)), wire=90_074).size == 90_000


def test_fragments_count_for_the_flow_of_the_first() -> None:
    dissector, layout = Dissector(), Layout(p.RAW)
    whole = p.udp(40000, 443, bytes(2992))
    parts = [(0, whole[:1000], 1), (1000, whole[1000:2000], 1), (2000, whole[2000:], 0)]
    sizes = []
    for offset, part, more in parts:
        body = p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, part, proto=UDP, fragment=more << 13 | offset // 8, number=9)
        found = dissector.segment(layout, record(body))
        assert found.key == KEY
        sizes.append(found.size)
    assert sum(sizes) == 2992


def test_fragments_of_tcp_and_of_ipv6_have_their_place_in_the_stream() -> None:
    dissector, layout = Dissector(), Layout(p.RAW)
    whole = p.tcp(40000, 443, 5000, bytes(1480))
    found = []
    for offset, part, more in [(0, whole[:800], 1), (800, whole[800:], 0)]:
        header = struct.pack(">BBHI", TCP, 0, offset | more, 77)
        body = p.ipv6(p.SPEAKER_IP6, p.CLOUD_IP6, header + part, proto=44)
        found.append(dissector.segment(layout, record(body)))
    assert [(int.from_bytes(one.seq), one.size) for one in found] == [(5000, 780), (5780, 700)]
    assert {one.key for one in found} == {KEY6}


def test_a_fragment_whose_first_was_not_seen_counts_nothing() -> None:
    assert segment(p.RAW, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, bytes(100), proto=UDP, fragment=100)).size == 0


def test_a_tunnel_counts_though_it_has_no_ports() -> None:
    found = segment(p.RAW, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, bytes(500), proto=50))
    assert (found.proto, found.size, found.key[-4:]) == (UDP, 500, bytes(4))


@pytest.mark.parametrize("proto", [1, 2, 89])
def test_what_carries_no_payload_counts_nothing(proto: int) -> None:
    assert segment(p.RAW, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, bytes(100), proto=proto)).size == 0


def test_hardware_addresses_are_told_where_the_link_has_them() -> None:
    assert hardware(Layout(p.ETHERNET), record(p.upload(5))) == (p.SPEAKER, p.ROUTER)
    for link, make in ((p.COOKED, p.cooked), (p.COOKED2, p.cooked2)):
        assert hardware(Layout(link), record(make(p.SPEAKER, IPV4))) == (p.SPEAKER, "")
        assert hardware(Layout(link), record(make(p.SPEAKER, IPV4, sent=4))) == ("", "")
    assert hardware(Layout(p.RAW), record(IPV4)) == ("", "")
