"""Ways in which a file goes bad: on a disk, on a wire, or by somebody's hand. Every one follows from a seed."""

import random
from collections.abc import Callable

PAGE = 4096


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to three faults."""
    bad = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if bad:
            chance.choice(_FAULTS)(bad, chance)
    return bytes(bad)


def _bits(bad: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8))):
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)


def _head(bad: bytearray, chance: random.Random) -> None:
    """Where formats keep what they count on."""
    bad[chance.randrange(min(len(bad), 200))] = chance.randrange(256)


def _noise(bad: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(bad))
    size = min(chance.choice((2, 8, 64, 512)), len(bad) - at)
    bad[at : at + size] = chance.randbytes(size)


def _page(bad: bytearray, chance: random.Random) -> None:
    """A whole page becomes zeros, noise, or another page."""
    at = chance.randrange(-(-len(bad) // PAGE)) * PAGE
    size = min(PAGE, len(bad) - at)
    other = chance.randrange(-(-len(bad) // PAGE)) * PAGE
    bad[at : at + size] = chance.choice((bytes(size), chance.randbytes(size), bytes(bad[other : other + size])))[:size]


def _cut(bad: bytearray, chance: random.Random) -> None:
    del bad[chance.randrange(len(bad)) :]


def _move(bad: bytearray, chance: random.Random) -> None:
    """A stretch goes missing or comes twice."""
    at, size = chance.randrange(len(bad)), chance.choice((1, 16, 48, 100, PAGE))
    piece = bytes(bad[at : at + size])
    if chance.random() < 0.5:
        del bad[at : at + size]
    else:
        bad[at:at] = piece


_FAULTS: tuple[Callable[[bytearray, random.Random], None], ...] = (_bits, _bits, _head, _noise, _page, _cut, _move)
