import io
from collections.abc import Iterable

import pytest

from echoctl.errors import DeviceError
from echoctl.model.traffic import Second, Window
from echoctl.traffic.direction import Side
from echoctl.traffic.flows import PayloadWatch
from echoctl.traffic.meter import Meter
from echoctl.traffic.pcap import PcapReader
from tests.traffic.inputs import packets as p

T = 1_700_000_000


class Nobody:
    """Wants to look into no flow."""

    def watch(self, proto: int, key: bytes, side: Side | None, begun: bool) -> PayloadWatch | None:
        return None


class Curious:
    """Wants the first `most` payloads of every flow."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.seen: list[bytes] = []
        self.begun: list[bool] = []

    def watch(self, proto: int, key: bytes, side: Side | None, begun: bool) -> PayloadWatch | None:
        self.begun.append(begun)
        return self

    def see(self, payload: bytes, size: int) -> bool:
        self.seen.append(payload)
        return len(self.seen) < self.most


def measure(data: bytes, names: Nobody | Curious | None = None) -> tuple[Meter, list[Window], list[Second]]:
    meter = Meter(names or Nobody())
    for block in PcapReader(io.BytesIO(data)).blocks():
        meter.feed(block)
    meter.finish()
    return meter, *meter.take()


def frames(*packets: tuple[float, bytes]) -> Iterable[tuple[float, bytes]]:
    return [(T + at, frame) for at, frame in packets]


def test_a_window_has_what_moved_in_it_and_when_the_upload_began_and_ended() -> None:
    data = p.pcap(
        frames(
            (0.210, p.upload(100)), (0.250, p.download(70)), (0.390, p.upload(50, seq=1100)), (0.401, p.upload(9, 1150))
        )
    )
    _, windows, seconds = measure(data)
    at = T * 1000
    one = Window(p.SPEAKER, p.CLOUD_IP, at + 200, 150, 70, at + 210.0, at + 390.0, 40000)
    assert windows == [one, Window(p.SPEAKER, p.CLOUD_IP, at + 400, 9, 0, at + 401.0, at + 401.0, 40000)]
    assert seconds == [Second(p.SPEAKER, p.CLOUD_IP, T, 159, 70, 4)]


@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("snaplen", [66, 96, 65535])
def test_neither_fraction_nor_cut_changes_the_count(nano: bool, snaplen: int) -> None:
    data = p.pcap(frames(*((n / 10, p.upload(700, 1000 + 700 * n)) for n in range(30))), nano=nano, snaplen=snaplen)
    _, windows, seconds = measure(data)
    assert sum(window.up for window in windows) == 21_000
    assert [second.up for second in seconds] == [7000, 7000, 7000]


def test_windows_come_in_the_order_of_time_for_all_devices_together() -> None:
    other = p.ethernet(
        "02:00:00:00:00:60", p.ROUTER, p.ipv4("192.168.77.60", p.CLOUD_IP, p.udp(5000, 443, bytes(40)), proto=17)
    )
    data = p.pcap(frames((0, p.upload(10)), (0.1, other), (0.5, p.upload(10, 1010)), (0.9, other)))
    _, windows, _ = measure(data)
    assert [window.start_ms for window in windows] == sorted(window.start_ms for window in windows)
    assert len(windows) == 4


def test_bare_acknowledgements_and_retransmissions_count_nothing() -> None:
    data = p.pcap(frames((0, p.upload(500)), (0.01, p.upload(0, 1500)), (0.02, p.upload(500)), (0.03, p.download(0))))
    meter, windows, _ = measure(data)
    assert [(window.up, window.down) for window in windows] == [(500, 0)]
    assert meter.packets == 4


def test_a_window_with_download_only_has_no_times_of_upload() -> None:
    _, windows, seconds = measure(p.pcap(frames((0, p.download(500)))))
    assert windows == [Window(p.SPEAKER, p.CLOUD_IP, T * 1000, 0, 500, 0.0, 0.0, 40000)]
    assert seconds == [Second(p.SPEAKER, p.CLOUD_IP, T, 0, 500, 1)]


def test_what_stays_in_the_house_is_counted_apart() -> None:
    local = p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, p.ROUTER_IP, p.udp(5000, 53, bytes(40)), proto=17))
    meter, windows, seconds = measure(p.pcap(frames((0, local))))
    assert (windows, seconds, meter.local_bytes) == ([], [], 40)


def test_slow_and_fast_way_count_the_same() -> None:
    plain = [(n / 7, p.upload(300, 1000 + 300 * n)) for n in range(20)] + [
        (n / 7, p.download(90, 9000 + 90 * n)) for n in range(20)
    ]
    plain.sort()
    tagged = [(at, frame[:12] + b"\x81\x00\x00\x05" + frame[12:]) for at, frame in plain]
    assert measure(p.pcap(frames(*plain)))[1:] == measure(p.pcap(frames(*tagged)))[1:]


def test_ipv6_and_cooked_captures_count() -> None:
    body = p.ipv6("fd77::50", p.CLOUD_IP6, p.tcp(40000, 443, 1, bytes(333)))
    back = p.ipv6(p.CLOUD_IP6, "fd77::50", p.tcp(443, 40000, 1, bytes(44)))
    for link, make in ((p.COOKED, p.cooked), (p.COOKED2, p.cooked2)):
        data = p.pcap(frames((0, make(p.SPEAKER, body)), (0.1, make(p.ROUTER, back, sent=4))), link)
        assert measure(data)[2] == [Second(p.SPEAKER, p.CLOUD_IP6, T, 333, 44, 2)]


def test_an_answer_before_the_device_has_spoken_belongs_to_it_afterwards() -> None:
    up = p.cooked(p.SPEAKER, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.tcp(40000, 443, 1, bytes(10))))
    down = [p.cooked(p.ROUTER, p.ipv4(p.CLOUD_IP, p.SPEAKER_IP, p.tcp(443, 40000, n, bytes(10))), 4) for n in (1, 11)]
    data = p.pcap(frames((0, down[0]), (1, up), (1.1, down[1])), p.COOKED)
    assert measure(data)[2] == [
        Second(p.SPEAKER_IP, p.CLOUD_IP, T, 0, 10, 1),
        Second(p.SPEAKER, p.CLOUD_IP, T + 1, 10, 10, 2),
    ]


def test_watches_get_payload_until_they_have_enough() -> None:
    curious = Curious(2)
    data = p.pcap(frames(*((n / 10, p.upload(b"%d" % n, 1000 + n)) for n in range(5))))
    measure(data, curious)
    assert curious.seen == [b"0", b"1"]
    assert curious.begun == [False]


def test_a_first_packet_makes_a_flow_begun() -> None:
    curious = Curious(1)
    syn = p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.tcp(40000, 443, 999, b"", flags=2)))
    _, windows, _ = measure(p.pcap(frames((0, syn), (0.1, p.upload(10)))), curious)
    assert curious.begun == [True]
    assert windows[0].up == 10


def test_a_clock_that_is_set_back_is_noticed_and_lateness_is_not() -> None:
    late = frames((0.41, p.upload(10)), (0.39, p.upload(10, 1010)), (0.42, p.upload(10, 1020)))
    meter, windows, _ = measure(p.pcap(late))
    assert (meter.jumps, sum(window.up for window in windows), len(windows)) == (0, 30, 1)
    back = frames((500, p.upload(10)), (20, p.upload(10, 1010)))
    meter, windows, seconds = measure(p.pcap(back))
    assert (meter.jumps, len(windows), [second.at_s for second in seconds]) == (1, 2, [T + 500, T + 20])


def test_hours_without_any_packet_are_a_gap() -> None:
    meter, _, _ = measure(p.pcap(frames((0, p.upload(10)), (3000, p.upload(10, 1010)), (9000, p.upload(10, 1020)))))
    assert meter.gaps == [((T + 3000) * 1000, (T + 9000) * 1000)]


def test_a_tick_closes_what_is_over_and_nothing_else() -> None:
    meter = Meter(Nobody())
    for block in PcapReader(io.BytesIO(p.pcap(frames((0.5, p.upload(10)))))).blocks():
        meter.feed(block)
    meter.tick(T * 1000 + 700)
    assert meter.take() == ([], [])
    meter.tick(T * 1000 + 900)
    windows, seconds = meter.take()
    assert (len(windows), seconds) == (1, [])
    meter.tick(T * 1000 + 2000)
    assert len(meter.take()[1]) == 1


def test_a_link_type_unknown_here_is_an_error_with_a_hint() -> None:
    with pytest.raises(DeviceError, match="link type"):
        measure(p.pcap(frames((0, bytes(60))), 127))


def test_connections_have_windows_of_their_own_and_seconds_in_common() -> None:
    data = p.pcap(frames((0.1, p.upload(10)), (0.11, p.upload(7, port=40001)), (0.12, p.download(5, port=40001))))
    _, windows, seconds = measure(data)
    assert {(window.port, window.up, window.down) for window in windows} == {(40000, 10, 0), (40001, 7, 5)}
    assert seconds == [Second(p.SPEAKER, p.CLOUD_IP, T, 17, 5, 3)]


def datagram(payload: bytes, tags: Iterable[int] = ()) -> bytes:
    body = p.ipv4(p.SPEAKER_IP, p.CLOUD_IP, p.udp(40000, 443, payload), proto=17)
    return p.ethernet(p.SPEAKER, p.ROUTER, body, tags=tags)


def test_a_datagram_that_two_interfaces_saw_counts_once() -> None:
    sent = [(n / 50, bytes([n]) * 300) for n in range(40)]
    once = frames(*((at, datagram(payload)) for at, payload in sent))
    twice = [each for at, payload in sent for each in ((at, datagram(payload)), (at + 0.001, datagram(payload, [5])))]
    _, windows, seconds = measure(p.pcap(frames(*twice)))
    assert sum(window.up for window in windows) == 40 * 300
    assert seconds == measure(p.pcap(once))[2]
    _, nano, _ = measure(p.pcap(frames(*twice), nano=True))
    assert sum(window.up for window in nano) == 40 * 300


def test_equal_datagrams_of_an_encoder_all_count() -> None:
    _, windows, _ = measure(p.pcap(frames(*((n / 100, datagram(bytes(300))) for n in range(40)))))
    assert sum(window.up for window in windows) == 40 * 300


def test_datagrams_without_a_kept_byte_all_count() -> None:
    some = frames(*((n / 10_000, datagram(bytes([n]) * 300)) for n in range(4)))
    _, windows, _ = measure(p.pcap(some, snaplen=42))
    assert sum(window.up for window in windows) == 4 * 300


def test_flows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoctl.traffic.meter.MOST_FLOWS", 16)
    scan = frames(
        *(
            (
                n / 100,
                p.ethernet(
                    p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, f"203.0.{n}.1", p.udp(5000 + n, 443, bytes(9)), proto=17)
                ),
            )
            for n in range(100)
        )
    )
    meter, windows, _ = measure(p.pcap(scan))
    assert sum(window.up for window in windows) == 900
    assert len(meter._flows[17]) <= 16


def test_the_time_of_the_capture_is_that_of_its_packets() -> None:
    meter, _, _ = measure(p.pcap(frames((0.25, p.upload(10)), (7.5, bytes(14) + bytes(46)))))
    assert (meter.first_ms, meter.last_ms, meter.packets, meter.unread) == (T * 1000 + 250, T * 1000 + 7500, 2, 0)
