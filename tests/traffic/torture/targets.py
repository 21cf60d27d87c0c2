"""What strangers can put in front of the reader, as targets for mutation, with what must hold whatever comes."""

import contextlib
import io
import struct
from collections.abc import Sequence

from echoctl.errors import DeviceError
from echoctl.traffic.bursts import Segmenter
from echoctl.traffic.endpoint_names import EndpointNames
from echoctl.traffic.meter import Meter
from echoctl.traffic.pcap import PcapReader
from echoctl.traffic.protocols import quic
from echoctl.traffic.protocols.dns import answers
from echoctl.traffic.protocols.hostname import hostname
from echoctl.traffic.protocols.http import Request
from echoctl.traffic.protocols.quic import Initials
from echoctl.traffic.protocols.tls import Greeting, Short, handshake, server_name
from tests.traffic.inputs import packets as p
from tests.traffic.protocols.greetings import client_hello, crypto, initial
from tests.traffic.protocols.messages import message, record
from tests.traffic.torture.mutation import Target

T = 1_700_000_000
NAME = "avs-alexa-4-na.amazon.com"


def capture(data: bytes) -> None:
    """Reader, dissector, meter and names together: errors have hints, counts have bounds, names are names."""
    names = EndpointNames()
    meter = Meter(names)
    reader = PcapReader(io.BytesIO(data))
    try:
        for block in reader.blocks():
            assert len(block.data) <= len(data) + 64
            meter.feed(block)
            assert 0 <= block.used <= len(block.data)
    except DeviceError as error:
        assert error.hint
    meter.finish()
    windows, seconds = meter.take()
    assert len(windows) <= meter.packets <= len(data) // 16
    assert sum(second.up + second.down for second in seconds) <= meter.packets << 20
    for window in windows:
        assert window.up == 0 or window.start_ms <= window.first_ms <= window.start_ms + 200
        assert _sound(names.endpoint(window.device, window.remote).name)
    segmenter = Segmenter()
    bursts = [burst for window in windows for burst in segmenter.feed(window)] + segmenter.flush()
    assert all(burst.bytes_up > 0 and burst.remote for burst in bursts)


def dns(data: bytes) -> None:
    """A DNS message."""
    name, addresses = answers(data)
    assert _sound(name)
    assert all(len(address) in (4, 16) for address in addresses)


def hello(data: bytes) -> None:
    """A TLS greeting or a plain request, whole and in two pieces."""
    for pieces in ([data], [data[:50], data[50:]]):
        for reader in (Greeting(), Request()):
            for piece in pieces:
                if not reader.see(piece, len(piece)):
                    break
            assert _sound(reader.name)


def datagram(data: bytes) -> None:
    """A QUIC datagram, twice: what it leaves behind must not hurt either."""
    reader = Initials()
    if reader.see(data, len(data)):
        reader.see(data, len(data))
    assert _sound(reader.name)


def frames(data: bytes) -> None:
    """What lies under the seal of an Initial, which a mutated seal would only turn to noise."""
    parts = dict(quic._crypto(data))
    with contextlib.suppress(Short, ValueError):
        assert _sound(server_name(quic._joined(parts)))


def _sound(name: str) -> bool:
    return name == hostname(name.encode()) or name in (
        "Amazon",
        "Google",
        "Apple",
        "Microsoft",
        "Meta",
        "Akamai",
        "Cloudflare",
        "Fastly",
        "Quad9",
    )


def _capture_seeds() -> list[bytes]:
    greeting = client_hello(NAME)
    body = p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.tcp(40000, 443, 7, b"hello"))
    body6 = p.ipv6("fd77::50", p.CLOUD_IP6, p.tcp(40000, 443, 7, b"hello"))
    fragment = struct.pack(">BB6x", 44, 0) + struct.pack(">BBHI", 17, 0, 1, 9) + p.udp(5, 443, b"x" * 40)
    hops = p.ipv6("fd77::50", p.CLOUD_IP6, fragment, 0)
    answer = p.udp(53, 5000, message(record(1, p.packed(p.CLOUD_IP))))
    first = p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.udp(5, 443, bytes(40)), 17, fragment=0x2000)
    later = p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, bytes(40), 17, fragment=6)
    plain = [p.upload(greeting), p.download(90), p.upload(50, 1000 + len(greeting)), p.upload(9, 1000)]
    plain.append(p.ethernet(p.ROUTER, p.SPEAKER, p.ipv4(p.ROUTER_IP, p.SPEAKER_IP, answer, 17)))
    plain.append(
        p.ethernet(p.ROUTER, p.SPEAKER, p.ipv4(p.ROUTER_IP, p.SPEAKER_IP, p.tcp(53, 9, 1, b"\0\x30" + answer)))
    )
    tagged = [p.ethernet(p.SPEAKER, p.ROUTER, one, tags=[5]) for one in (body, body6, hops, first, later)]
    tagged.append(plain[0][:12] + b"\x88\x64\x11\0\0\1\0\x40\0\x21" + body)
    quic_body = p.udp(5, 443, initial(crypto(greeting[5:])))
    sealed = p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, quic_body, 17))
    timed = [(T + n / 5, frame) for n, frame in enumerate(plain + tagged)]
    return [
        p.pcap(timed),
        p.pcap(timed, order=">", nano=True),
        p.pcap([(T, p.cooked(p.SPEAKER, body)), (T + 1, p.cooked(p.SPEAKER, body6))], p.COOKED),
        p.pcap([(T, p.cooked2(p.SPEAKER, body)), (T + 1, p.cooked2(p.SPEAKER, body6))], p.COOKED2),
        p.pcap([(T, body), (T, body6), (T, first), (T, later)], p.RAW),
        p.pcap([(T, sealed)]),
        p.pcap([(T, b"\xff\x03\0\x21" + body), (T, b"\0\x57" + body6)], 9),
        p.section() + p.interface(1) + p.interface(p.RAW, options=struct.pack("<HHB3xHHq", 9, 1, 9, 14, 8, 5))
        + p.enhanced(0, T * 10**6, plain[0]) + p.enhanced(1, T * 10**9, body),
        p.section(">") + p.interface(1, ">") + p.enhanced(0, T * 10**6, plain[0], ">"),
    ]  # fmt: skip


def all_targets() -> dict[str, tuple[Target, Sequence[bytes]]]:
    """Name -> target and what to begin with."""
    greeting, other = client_hello(NAME), client_hello(None, tls12=True)
    inner = handshake(greeting)
    answer = message(record(5, b"\x01a\x00"), record(1, p.packed(p.CLOUD_IP)), record(28, p.packed(p.CLOUD_IP6)))
    pieces = crypto(inner[90:], 90) + b"\x02" + b"\x40\x01\x40\x00\x40\x00\x40\x00" + crypto(inner[:90])
    return {
        "capture": (capture, _capture_seeds()),
        "dns": (dns, [answer, message(kind=28)]),
        "hello": (hello, [greeting, other, f"GET / HTTP/1.1\r\nHost: {NAME}:80\r\n\r\n".encode()]),
        "datagram": (datagram, [initial(crypto(inner)), initial(crypto(inner), version=0x6B3343CF)]),
        "frames": (frames, [crypto(inner), pieces]),
    }
