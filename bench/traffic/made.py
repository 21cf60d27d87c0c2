"""Captures made up for speed: a home's hour, and a speaker's day. Sizes and manners are real ones, contents zeros."""

import random
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

BEGIN = 1_700_000_000

_ROUTER = bytes.fromhex("020000000001")
_ACK, _PUSH = 0x10, 0x18

Packet = tuple[float, bytes]


class Connection:
    """A TCP connection of one device."""

    def __init__(self, device: int, remote: bytes, port: int) -> None:
        self._mac = bytes.fromhex("44650d0000") + bytes((device,))
        self._here, self._there = bytes((192, 168, 77, device)), remote
        self._ports = struct.pack(">HH", port, 443), struct.pack(">HH", 443, port)
        self._seq = [1000, 1000]

    def send(self, size: int, *, up: bool) -> bytes:
        """A packet; of size 0 it is an acknowledgement."""
        seq = self._seq[up]
        self._seq[up] = seq + size & 0xFFFFFFFF
        tcp = self._ports[0 if up else 1] + struct.pack(">IIBBHHH", seq, 0, 0x80, _PUSH if size else _ACK, 1000, 0, 0)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 52 + size, 7, 0x4000, 64, 6, 0)
        addresses = self._here + self._there if up else self._there + self._here
        macs = _ROUTER + self._mac if up else self._mac + _ROUTER
        return macs + b"\x08\x00" + ip + addresses + tcp + bytes(12 + size)


def transfer(
    chance: random.Random, one: Connection, at: float, size: int, rate: float, *, up: bool
) -> Iterator[Packet]:
    """`size` bytes in full packets at `rate` bytes per second, an acknowledgement for every second one."""
    for n in range(size // 1400):
        at += chance.expovariate(rate / 1400)
        yield at, one.send(1400, up=up)
        if n % 2:
            yield at + 0.0002, one.send(0, up=not up)


def speaker(chance: random.Random, device: int, seconds: float, requests_per_hour: float) -> Iterator[Packet]:
    """Beats every 30 s; requests of 3 s at 70 kbit/s with an answer of 60 kB; a status report now and then."""
    voice = Connection(device, bytes((52, 94, device, 10)), 40_000)
    metrics = Connection(device, bytes((54, 239, device, 11)), 40_001)
    at = chance.random() * 30
    while at < seconds:
        yield at, voice.send(40, up=True)
        yield at + 0.03, voice.send(40, up=False)
        if chance.random() < requests_per_hour / 120:
            for n in range(30):
                yield at + 5 + n / 10, voice.send(875, up=True)
            yield from transfer(chance, voice, at + 8.5, 60_000, 400_000, up=False)
        if chance.random() < 0.05:
            yield from transfer(chance, metrics, at + 15, 14_000, 200_000, up=True)
        at += 30


def home(packets: int, seed: int = 1) -> list[Packet]:
    """An hour of a household, stretched or cut to about so many packets."""
    chance = random.Random(seed)
    seconds = packets / 555
    made: list[Packet] = []
    for device in (10, 11, 12):
        made += speaker(chance, device, seconds, 20)
    for device in (20, 21):  # video: 2 MB every 8 s
        film = Connection(device, bytes((23, 246, device, 5)), 50_000)
        for at in range(0, int(seconds), 8):
            made += transfer(chance, film, at, 1_900_000, 1_500_000, up=False)
    phone = Connection(30, bytes((17, 250, 1, 1)), 51_000)
    for at in range(20, int(seconds), 60):
        made += transfer(chance, phone, at, 3_000_000, 600_000, up=True)
    for number in range(int(seconds / 4)):  # a laptop: pages from many servers
        page = Connection(40, bytes((104, 16, number >> 8 & 255, number & 255)), 20_000 + number % 40_000)
        at = number * 4 + chance.random()
        made.append((at, page.send(600, up=True)))
        made += transfer(chance, page, at + 0.05, chance.choice((30_000, 150_000, 600_000)), 800_000, up=False)
    made.sort(key=lambda packet: packet[0])
    return made[:packets]


def write(file: Path, packets: Iterable[Packet]) -> int:
    """Write a capture; returns how many packets."""
    number = 0
    with file.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for at, frame in packets:
            seconds, fraction = divmod(round((BEGIN + at) * 1_000_000), 1_000_000)
            out.write(struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame)
            number += 1
    return number


def make_home(file: Path, packets: int) -> None:
    """The hour."""
    write(file, home(packets))


def make_day(file: Path) -> int:
    """A speaker's day with 120 requests: some 140,000 packets; returns how many."""
    chance = random.Random(2)
    music = Connection(10, bytes((52, 84, 1, 1)), 42_000)
    made = list(speaker(chance, 10, 86_400, 5))
    for at in range(0, 7200, 10):  # two hours of music
        made += transfer(chance, music, 40_000 + at, 200_000, 2_000_000, up=False)
    return write(file, sorted(made, key=lambda packet: packet[0]))
