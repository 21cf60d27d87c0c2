"""The geometry of a round ring on a grid of characters: which segment each part of each cell shows, and how much.

A cell is about twice as high as it is wide. Half-blocks give two square pixels a cell with a colour each, so the
edge can be smooth; braille gives eight dots of one colour, so the shape shows without any colour; ASCII gives a
letter per segment. Computed once for a size; the colours of a moment are led.ring's.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

FINE = 4
"""Samples per pixel and axis, for a smooth edge."""

THICKNESS = 0.24
"""Of the radius."""

GAP = 0.10
"""Of a segment: dark, so that it looks like lights and not like a pipe. Only where a segment is wide enough."""

REACH = math.hypot(0.5, 1.0)
"""From the middle of a cell to its corner, in pixels: what is farther than this from the ring shows none of it."""

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille cell (Unicode U+2800), row by row."""


@dataclass(frozen=True, slots=True)
class Half:
    """One square pixel: its segment and how much of it is ring, 0 to 1."""

    segment: int
    share: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One character cell of the ring."""

    top: Half
    bottom: Half
    dots: int
    """Braille bits that lie on the ring."""

    @property
    def segment(self) -> int:
        """The segment that most of the cell shows."""
        return self.top.segment if self.top.share >= self.bottom.share else self.bottom.segment

    @property
    def empty(self) -> bool:
        """Nothing of the ring is here."""
        return not (self.top.share or self.bottom.share or self.dots)


NOTHING = Cell(Half(0, 0.0), Half(0, 0.0), 0)
"""A cell without any of the ring."""


@lru_cache(16)
def ring(width: int, height: int, segments: int) -> tuple[tuple[Cell, ...], ...]:
    """The cells of the largest ring that fits, centred, row by row. Segment 0 is at the top, they go clockwise."""
    return tuple(tuple(_cell(x, y, width, height, segments) for x in range(width)) for y in range(height))


@lru_cache(16)
def letters(width: int, height: int, segments: int) -> tuple[tuple[int, ...], ...]:
    """For ASCII: the segment that stands in each cell, -1 for none."""
    rows = [[-1] * width for _ in range(height)]
    radius = min(width / 2 - 1, height - 1.5) / 1.0
    for segment in range(segments):
        angle = 2 * math.pi * segment / segments
        x = width / 2 + math.sin(angle) * radius
        y = height / 2 - math.cos(angle) * radius / 2
        rows[min(height - 1, max(0, math.floor(y)))][min(width - 1, max(0, math.floor(x)))] = segment
    return tuple(map(tuple, rows))


def _cell(x: int, y: int, width: int, height: int, segments: int) -> Cell:
    middle_x, middle_y = width / 2, float(height)  # in pixels of half a cell's height
    radius = min(width, 2 * height) / 2 - 0.25
    from_middle = math.hypot(x + 0.5 - middle_x, 2 * y + 1 - middle_y)
    if not radius * (1 - THICKNESS) - REACH < from_middle < radius + REACH:
        return NOTHING
    halves = [_half(x - middle_x, 2 * y + part - middle_y, radius, segments) for part in (0, 1)]
    dots = 0
    for row, bits in enumerate(DOTS):
        for column, bit in enumerate(bits):
            dx, dy = x + (column + 0.5) / 2 - middle_x, 2 * y + (row + 0.5) / 2 - middle_y
            dots |= bit if _covered(dx, dy, radius, segments) else 0
    return Cell(halves[0], halves[1], dots)


def _half(left: float, top: float, radius: float, segments: int) -> Half:
    """The pixel whose corner is (left, top), seen from the middle."""
    steps = [(n + 0.5) / FINE for n in range(FINE)]
    hits = sum(_covered(left + dx, top + dy, radius, segments) for dx in steps for dy in steps)
    return Half(_segment(left + 0.5, top + 0.5, segments), hits / FINE**2)


def _covered(dx: float, dy: float, radius: float, segments: int) -> bool:
    distance = math.hypot(dx, dy)
    if not radius * (1 - THICKNESS) <= distance <= radius:
        return False
    if 2 * math.pi * radius / segments < 3:
        return True
    place = (math.atan2(dx, -dy) / (2 * math.pi) * segments + 0.5) % 1.0
    return GAP / 2 <= place <= 1 - GAP / 2


def _segment(dx: float, dy: float, segments: int) -> int:
    return round(math.atan2(dx, -dy) / (2 * math.pi) * segments) % segments
