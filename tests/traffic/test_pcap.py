import gzip
import io
import random
import struct
from collections.abc import Iterator

import pytest

from echoctl.errors import DeviceError
from echoctl.traffic.pcap import MOST_BYTES, Block, PcapReader, unzipped
from tests.traffic.inputs import packets as p

FRAMES = [(1_700_000_000.25, b"a" * 60), (1_700_000_001.5, b"b" * 100)]


class Drip:
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = data, step

    def read1(self, size: int, /) -> bytes:
        part, self._data = self._data[: self._step], self._data[self._step :]
        return part


def walk(block: Block) -> Iterator[tuple[float, int, bytes]]:
    while block.used + 16 <= len(block.data):
        seconds, fraction, kept, wire = struct.unpack_from("<IIII", block.data, block.used)
        if block.used + 16 + kept > len(block.data):
            return
        yield seconds + fraction / block.fraction, wire, block.data[block.used + 16 : block.used + 16 + kept]
        block.used += 16 + kept


def read(data: bytes, step: int = 1 << 20) -> tuple[list[tuple[float, int, bytes, int]], str]:
    reader = PcapReader(Drip(data, step))
    found = [(*record, block.link) for block in reader.blocks() for record in walk(block)]
    return found, reader.damage


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_classic_capture_is_read_in_either_order_and_fraction(order: str, nano: bool, step: int) -> None:
    found, damage = read(p.pcap(FRAMES, order=order, nano=nano), step)
    assert found == [(at, len(frame), frame, p.ETHERNET) for at, frame in FRAMES]
    assert not damage


def test_a_cut_packet_keeps_its_length_on_the_wire() -> None:
    found, _ = read(p.pcap(FRAMES, snaplen=64))
    assert [(wire, len(frame)) for _, wire, frame, _ in found] == [(60, 60), (100, 64)]


@pytest.mark.parametrize("step", [1, 11, 1 << 20])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcapng_may_have_several_interfaces_and_clocks(order: str, step: int) -> None:
    nanoseconds = struct.pack(order + "HHB3x", 9, 1, 9)
    binary = struct.pack(order + "HHB3x", 9, 1, 0x80 | 10)
    later = struct.pack(order + "HHq", 14, 8, 100)
    data = (
        p.section(order)
        + p.interface(p.ETHERNET, order)
        + p.interface(p.RAW, order, nanoseconds)
        + p.interface(p.COOKED, order, binary + later)
        + p.block(5, b"statistics", order)
        + p.enhanced(0, 1_700_000_000_250_000, b"one", order)
        + p.enhanced(1, 1_700_000_000_500_000_000, b"second", order)
        + p.enhanced(2, 1_700_000_000 * 1024 + 512, b"third..", order)
        + p.section()
        + p.interface(p.RAW)
        + p.enhanced(0, 1_700_000_001_000_000, b"four")
    )
    found, damage = read(data, step)
    assert found == [
        (1_700_000_000.25, 3, b"one", p.ETHERNET),
        (1_700_000_000.5, 6, b"second", p.RAW),
        (1_700_000_100.5, 7, b"third..", p.COOKED),
        (1_700_000_001.0, 4, b"four", p.RAW),
    ]
    assert not damage


def test_an_old_packet_block_is_read_too() -> None:
    head = struct.pack("<HHIIII", 0, 7, 395812, 1_700_000_000_000_000 & 0xFFFFFFFF, 3, 3)
    head = head[:4] + struct.pack("<II", 1_700_000_000_000_000 >> 32, 1_700_000_000_000_000 & 0xFFFFFFFF) + head[12:]
    found, _ = read(p.section() + p.interface(p.ETHERNET) + p.block(2, head + b"old"))
    assert found == [(1_700_000_000.0, 3, b"old", p.ETHERNET)]


@pytest.mark.parametrize("cut", [1, 30, 70, 99])
def test_a_cut_capture_keeps_what_came_before_and_says_so(cut: int) -> None:
    for data in (
        p.pcap(FRAMES),
        p.section() + p.interface(1) + p.enhanced(0, 5, b"x" * 90) + p.enhanced(0, 9, b"y" * 90),
    ):
        found, damage = read(data[:-cut])
        assert len(found) == 1
        assert "ends within" in damage


def test_cut_compressed_data_keep_what_came_before() -> None:
    noise = random.Random(1).randbytes(60_000)
    data = gzip.compress(p.pcap([(float(n), noise) for n in range(5)]))
    reader = PcapReader(unzipped(io.BufferedReader(io.BytesIO(data[:200_000]))))  # type: ignore[arg-type]
    assert sum(1 for block in reader.blocks() for _ in walk(block)) == 3
    assert "compressed" in reader.damage


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x89PNG\r\n\x1a\n" + bytes(50), b"abc"])
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    with pytest.raises(DeviceError, match="not a capture") as caught:
        read(data)
    assert caught.value.hint


def test_nothing_at_all_is_said_to_be_nothing() -> None:
    with pytest.raises(DeviceError, match="empty"):
        read(b"")


def test_an_impossible_length_ends_the_reading() -> None:
    data = p.pcap(FRAMES[:1]) + struct.pack("<IIII", 1, 1, MOST_BYTES + 1, 9) + bytes(40)
    found, damage = read(data)
    assert (len(found), damage) == (1, "a packet's length is impossible")
    found, damage = read(p.section() + p.interface(1) + p.enhanced(0, 5, b"x") + struct.pack("<II", 6, 13) + bytes(40))
    assert (len(found), damage) == (1, "a block's length is impossible")


def test_a_packet_of_an_interface_that_nobody_described_is_left_out() -> None:
    found, damage = read(p.section() + p.interface(1) + p.enhanced(3, 5, b"x") + p.enhanced(0, 5, b"y"))
    assert [frame for _, _, frame, _ in found] == [b"y"]
    assert not damage


def test_packets_without_times_are_no_use_and_it_says_so() -> None:
    simple = p.block(3, struct.pack("<I", 4) + b"abcd")
    found, damage = read(p.section() + p.interface(1) + p.enhanced(0, 5, b"y") + simple)
    assert (len(found), damage) == (1, "its packets have no times")
