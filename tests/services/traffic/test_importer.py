import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import DeviceError, NotFound, StoreError
from echoctl.model.traffic import BurstClass, Endpoint, Naming
from echoctl.services.traffic import devices, importer
from echoctl.store import traffic
from echoctl.store.database import db
from tests.traffic.inputs import packets as p
from tests.traffic.protocols.greetings import client_hello

T = 1_700_000_000
NOW_MS = (T + 86_400) * 1000
NAME = "avs-alexa-4-na.amazon.com"


def speech(at: float, seconds: float = 3.0, size: int = 800) -> list[tuple[float, bytes]]:
    """An upload like a spoken request, ten packets per second."""
    start = round(at * 1_000_000)
    return [(T + at + n / 10, p.upload(size, start + n * size)) for n in range(round(seconds * 10))]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    hello = client_hello(NAME)
    frames = [(T + 0.0, p.upload(hello)), *speech(20), (T + 60.0, p.upload(300, 99_000_000))]
    file = tmp_path / "speaker.pcap"
    file.write_bytes(p.pcap(frames))
    return file


def imported(file: Path) -> importer.ImportReport:
    return importer.import_file(str(file), NOW_MS)


def test_an_import_leaves_devices_endpoints_seconds_and_bursts(capture: Path) -> None:
    report = imported(capture)
    assert (report.capture.packets, report.devices, report.endpoints) == (32, (p.SPEAKER,), 1)
    assert report.bursts[BurstClass.VOICE] == 1
    with devices.opened() as connection:
        (device,) = traffic.devices(connection)
        assert (device.mac, device.vendor) == (p.SPEAKER, "Amazon")
        (row,) = traffic.endpoints(connection, None, 0)
        assert (row.name, row.how, row.up) == (NAME, "sni", 3 * 8000 + 300 + len(client_hello(NAME)))
        (voice,) = traffic.bursts(connection, p.SPEAKER, 0, NOW_MS, [BurstClass.VOICE])
        assert (voice.start_ms, voice.bytes_up, voice.name) == ((T + 20) * 1000, 24_000, NAME)
        assert [each.packets for each in traffic.captures(connection, 0, NOW_MS)] == [32]


def test_the_same_capture_twice_counts_once(capture: Path) -> None:
    first = imported(capture)
    second = imported(capture)
    assert (first.again, second.again) == (False, True)
    with devices.opened() as connection:
        assert traffic.endpoints(connection, None, 0)[0].packets == 32
        assert len(traffic.bursts(connection, None, 0, NOW_MS)) == sum(first.bursts.values())
        assert len(traffic.captures(connection, 0, NOW_MS)) == 1


def test_a_cut_capture_keeps_what_was_read_and_is_marked(capture: Path) -> None:
    capture.write_bytes(capture.read_bytes()[:-50])
    report = imported(capture)
    assert report.damage == "it ends within a packet"
    assert report.capture.packets == 31
    with devices.opened() as connection:
        assert traffic.captures(connection, 0, NOW_MS)[0].truncated


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\x7fELF" + bytes(100), "not a capture"),
        (p.pcap([]), "no packets"),
        (p.pcap([])[:10], "no packets"),
    ],
)
def test_what_holds_no_packets_leaves_no_trace(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "x.pcap"
    file.write_bytes(data)
    with pytest.raises(DeviceError, match=message) as caught:
        imported(file)
    assert caught.value.hint
    assert not db.exists(paths.database())


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        imported(tmp_path / "none.pcap")


def test_a_zipped_capture_is_read(capture: Path) -> None:
    zipped = capture.with_suffix(".gz")
    zipped.write_bytes(gzip.compress(capture.read_bytes()))
    assert imported(zipped).capture.packets == 32


def test_an_endpoint_whose_connection_is_older_is_counted_and_named_when_it_was_seen_before(
    capture: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later.pcap"
    later.write_bytes(p.pcap([(T + 500.0, p.upload(b"\x17\x03\x03\x00\x10" + bytes(16), port=40001))]))
    assert imported(later).older == 1
    imported(capture)
    later.write_bytes(p.pcap([(T + 600.0, p.upload(b"\x17\x03\x03\x00\x10" + bytes(16), port=40002))]))
    assert imported(later).older == 1
    with devices.opened() as connection:
        assert traffic.endpoints(connection, None, 0)[0].name == NAME


def test_hours_without_a_packet_are_a_gap_and_a_clock_that_is_set_back_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "gaps.pcap"
    file.write_bytes(p.pcap([(T + at, p.upload(100, 1000 + n * 100)) for n, at in enumerate([0.0, 7200.0, 7100.0])]))
    report = imported(file)
    assert (report.capture.gaps, report.jumps) == (((T * 1000, (T + 7200) * 1000),), 1)
    with devices.opened() as connection:
        assert traffic.captures(connection, 0, NOW_MS)[0].gaps == report.capture.gaps


def test_what_the_store_knows_of_names_and_thresholds_holds_for_the_next_capture(capture: Path, tmp_path: Path) -> None:
    imported(capture)
    with devices.opened() as connection:
        with importer.reader_for(connection) as reader:
            reader.feed(p.pcap([(T + 400.0, p.upload(100, port=40001))]))
            reader.finish()
            assert reader.endpoints == [Endpoint(p.CLOUD_IP, NAME, Naming.STORED, older=True)]
        (device,) = traffic.devices(connection)
        with db.immediate(connection):
            traffic.name_device(connection, replace(device, thresholds={"bytes": 100_000}))
    later = tmp_path / "later.pcap"
    later.write_bytes(p.pcap(speech(500)))
    assert BurstClass.VOICE not in imported(later).bursts


def test_seconds_are_dropped_after_their_time_and_bursts_are_not(capture: Path) -> None:
    imported(capture)
    assert importer.forget_old(NOW_MS) == 0
    assert importer.forget_old(NOW_MS + importer.KEEP_SECONDS_MS + 1) == 5
    with devices.opened() as connection:
        assert traffic.seconds(connection, p.SPEAKER, 0, T + 999) == []
        assert traffic.bursts(connection, None, 0, NOW_MS)


def test_many_seconds_are_written_in_several_turns(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "_BATCH", 2)
    assert imported(capture).capture.packets == 32
    with devices.opened() as connection:
        assert len(traffic.seconds(connection, p.SPEAKER, 0, T + 999)) == 5
        assert len(traffic.captures(connection, 0, NOW_MS)) == 1


def test_a_full_disk_is_an_error_with_a_hint_and_a_second_try_works(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.session(paths.database(), create=True):
        pass
    real = db.connect

    def small(path: str, *, create: bool = False) -> db.Connection:
        connection = real(path, create=create)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(db, "connect", small)
    many = [(T + n / 1.0, p.upload(400, n * 400)) for n in range(5000)]
    capture.write_bytes(p.pcap(many))
    with pytest.raises(StoreError, match="full") as caught:
        imported(capture)
    assert caught.value.hint


def test_silence_that_was_watched_live_belongs_to_the_capture(home: Path) -> None:
    with db.session(paths.database(), create=True) as connection, importer.reader_for(connection) as reader:
        monitor = importer.Monitor(connection, "interface lan0", NOW_MS, reader, live=True)
        monitor.take(reader.feed(p.pcap([(T + 0.0, p.upload(100))])))
        monitor.tick((T + 40) * 1000)
        assert monitor.finish().capture.end_ms == (T + 40) * 1000


def test_time_that_changes_nothing_asks_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And time that does is told: the second and the burst are over soon after the packet, also the second time."""
    asked: list[int] = []
    with db.session(paths.database(), create=True) as connection, importer.reader_for(connection) as reader:
        monitor = importer.Monitor(connection, "interface lan0", NOW_MS, reader, live=True)
        tick = reader.tick
        monkeypatch.setattr(reader, "tick", lambda at_ms: asked.append(at_ms) or tick(at_ms))
        begin = T * 1000
        for data in (p.pcap([(T + 0.0, p.upload(100))]), p.pcap([(T + 60.0, p.upload(100, 1100))])[24:]):
            monitor.take(reader.feed(data))
            found = [monitor.tick(begin + ms) for ms in range(0, 50_000, 50)]
            assert [len(each.seconds) for each in found].index(1) * 50 == 2000
            assert [len(each.bursts) for each in found].index(1) * 50 == 1600
            assert sum(len(each.seconds) + len(each.bursts) for each in found) == 2
            begin += 60_000
        assert monitor.finish().capture.end_ms == begin - 60_000 + 49_950
    assert len(asked) < 40


def test_after_a_clock_was_set_back_time_goes_on(home: Path) -> None:
    with db.session(paths.database(), create=True) as connection, importer.reader_for(connection) as reader:
        monitor = importer.Monitor(connection, "interface lan0", NOW_MS, reader, live=True)
        monitor.take(reader.feed(p.pcap([(T + 300.0, p.upload(100))])))
        monitor.tick((T + 310) * 1000)
        monitor.take(reader.feed(p.pcap([(T + 0.0, p.upload(100, 1100))])[24:]))
        assert [second.at_s for second in monitor.tick((T + 3) * 1000).seconds] == [T]
