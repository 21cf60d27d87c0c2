import io

from echoctl.model.traffic import Endpoint, Naming
from echoctl.traffic.endpoint_names import EndpointNames
from echoctl.traffic.meter import Meter
from echoctl.traffic.pcap import PcapReader
from echoctl.traffic.protocols.tls import handshake
from tests.traffic.inputs import packets as p
from tests.traffic.protocols.greetings import client_hello, crypto, initial
from tests.traffic.protocols.messages import message, record

T = 1_700_000_000
NAME = "avs-alexa-4-na.amazon.com"


def seen(*frames: bytes, stored: dict[str, str] | None = None, snaplen: int = 65535) -> EndpointNames:
    names = EndpointNames(stored)
    meter = Meter(names)
    for block in PcapReader(
        io.BytesIO(p.pcap(((T + n / 100, frame) for n, frame in enumerate(frames)), snaplen=snaplen))
    ).blocks():
        meter.feed(block)
    return names


def answer(name: str = "dns.example") -> bytes:
    body = message(record(1, p.packed(p.CLOUD_IP)), name=name)
    return p.ethernet(p.ROUTER, p.SPEAKER, p.ipv4(p.ROUTER_IP, p.SPEAKER_IP, p.udp(53, 5000, body), proto=17))


def quic(payload: bytes) -> bytes:
    return p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.udp(5000, 443, payload), proto=17))


def test_what_the_device_says_beats_what_dns_said() -> None:
    assert seen(answer()).endpoint(p.SPEAKER, p.CLOUD_IP) == Endpoint(p.CLOUD_IP, "dns.example", Naming.DNS)
    said = seen(answer(), p.upload(client_hello(NAME)))
    assert said.endpoint(p.SPEAKER, p.CLOUD_IP) == Endpoint(p.CLOUD_IP, NAME, Naming.SNI)
    assert said.endpoint("another", p.CLOUD_IP).how is Naming.DNS


def test_a_greeting_in_two_segments_that_were_kept_to_256_bytes_is_read() -> None:
    hello = client_hello(NAME)
    assert seen(p.upload(hello), snaplen=256).endpoint(p.SPEAKER, p.CLOUD_IP).name == NAME
    two = seen(p.upload(hello[:90]), p.upload(hello[90:], 1090))
    assert two.endpoint(p.SPEAKER, p.CLOUD_IP).name == NAME


def test_a_quic_greeting_is_read() -> None:
    names = seen(quic(initial(crypto(handshake(client_hello(NAME))))), snaplen=256)
    assert names.endpoint(p.SPEAKER, p.CLOUD_IP) == Endpoint(p.CLOUD_IP, NAME, Naming.QUIC)


def test_an_older_connection_says_so_and_is_named_by_earlier_captures_or_its_owner() -> None:
    older = [p.upload(b"\x17\x03\x03\x00\x10" + bytes(16))]
    assert seen(*older).endpoint(p.SPEAKER, p.CLOUD_IP) == Endpoint(p.CLOUD_IP, "", Naming.NONE, older=True)
    stored = seen(*older, stored={p.CLOUD_IP: NAME}).endpoint(p.SPEAKER, p.CLOUD_IP)
    assert stored == Endpoint(p.CLOUD_IP, NAME, Naming.STORED, older=True)
    assert seen(quic(b"\x40" + bytes(60))).endpoint(p.SPEAKER, p.CLOUD_IP).older
    assert seen().endpoint(p.SPEAKER, "17.1.2.3") == Endpoint("17.1.2.3", "Apple", Naming.OWNER)


def test_a_plain_request_names_the_host_at_its_beginning_and_later() -> None:
    ask = b"GET /status HTTP/1.1\r\nHost: time.example\r\n\r\n"
    for frames in ([p.upload(ask)], [p.upload(ask[:9]), p.upload(ask[9:], 1009)]):
        assert seen(*frames).endpoint(p.SPEAKER, p.CLOUD_IP) == Endpoint(p.CLOUD_IP, "time.example", Naming.HTTP)


def from_name_server(payload: bytes, seq: int = 1) -> bytes:
    return p.ethernet(p.ROUTER, p.SPEAKER, p.ipv4(p.ROUTER_IP, p.SPEAKER_IP, p.tcp(53, 5000, seq, payload)))


def test_dns_over_tcp_is_read_in_pieces_and_cut_off() -> None:
    answers = [message(record(1, p.packed(address)), name=name) for address, name in ADDRESSES.items()]
    sent = b"".join(len(each).to_bytes(2) + each for each in answers)
    for step in (1, 30, len(sent)):
        names = seen(*(from_name_server(sent[at : at + step], 1 + at) for at in range(0, len(sent), step)))
        for address, name in ADDRESSES.items():
            assert names.endpoint(p.SPEAKER, address) == Endpoint(address, name, Naming.DNS)
    cut = seen(from_name_server(sent + bytes(300)), snaplen=54 + 2 + len(answers[0]))
    assert cut.endpoint(p.SPEAKER, p.CLOUD_IP).name == ADDRESSES[p.CLOUD_IP]


ADDRESSES = {p.CLOUD_IP: "one.example", "203.0.113.11": "two.example"}
