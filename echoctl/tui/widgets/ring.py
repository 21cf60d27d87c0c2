"""The LED ring: round, in half-blocks, braille or ASCII, moving as the Echo's does, with the state's sign inside it."""

import time
from enum import StrEnum
from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from echoctl.led import ring
from echoctl.model.speech import LedState
from echoctl.tui.widgets import ring_raster

FRAME_S = ring.TURN_S / 12
"""One step while it moves; a still ring is not drawn again. A turn has whole steps, so its pictures come again."""

LOUDNESS = 4
"""Steps of the level in the ring: as many pictures of each step are kept."""

KEPT = 64
"""Pictures in memory."""

SMALL, LARGE = 12, 24
"""Segments of a ring: as the lights elsewhere have, and twice as many where there is room."""

ANSI = {
    LedState.OFF: "bright_black",
    LedState.IDLE: "bright_black",
    LedState.LISTENING: "bright_blue",
    LedState.THINKING: "blue",
    LedState.MUTED: "red",
    LedState.ERROR: "yellow",
}
"""The terminal's own colours for the states; what moves is brighter."""

LETTERS = {
    LedState.OFF: ".",
    LedState.IDLE: "o",
    LedState.LISTENING: "o",
    LedState.THINKING: "o",
    LedState.MUTED: "X",
    LedState.ERROR: "!",
}
LIT = "@"
ASCII_SYMBOLS = {**LETTERS, LedState.LISTENING: "@", LedState.THINKING: "%"}


class RingStyle(StrEnum):
    """How the ring is drawn: what the terminal and the theme can do."""

    BLOCKS = "blocks"
    """Half-blocks in all colours."""
    ANSI = "ansi"
    """Braille dots in the terminal's own 16 colours."""
    MONO = "mono"
    """Braille dots in greys: what is lit is dense."""
    ASCII = "ascii"


class RingWidget(Widget):
    """The ring of lights for a state and a level; its pictures are kept, since a turn has but a few."""

    ring_style = RingStyle.BLOCKS
    motion = True
    clock = staticmethod(time.monotonic)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.state = LedState.OFF
        self.level = 0.0
        self._pictures: dict[object, list[Strip]] = {}
        self._behind: ring.Rgb = (0, 0, 0)

    def show(self, state: LedState, level: float) -> None:
        """Show a state; it is drawn at once when it differs, and by `step` while it moves."""
        self.level = level
        if state is not self.state:
            self.state = state
            self.refresh()

    def forget(self) -> None:
        """Draw everything anew: the theme is another one."""
        self._pictures.clear()
        self.refresh()

    @property
    def moves(self) -> bool:
        """Whether it must be drawn again and again."""
        return self.motion and ring.animated(self.state)

    def step(self) -> None:
        """Draw the next picture of a moving ring."""
        if self.moves:
            self.refresh(self.size.region)

    def render_line(self, y: int) -> Strip:
        """One line of the ring, with the sign of the state in the middle."""
        step = round(self.clock() / FRAME_S) % 12 if self.moves else 0
        level = round(self.level * LOUDNESS) if self.moves else LOUDNESS
        key = (self.state, step, level, self.size, self.ring_style)
        if key not in self._pictures:
            while len(self._pictures) >= KEPT:
                del self._pictures[next(iter(self._pictures))]
            self._pictures[key] = self._draw(step * FRAME_S, level / LOUDNESS)
        return self._pictures[key][y]

    def _draw(self, seconds: float, level: float) -> list[Strip]:
        width, height = self.size
        segments = LARGE if min(width, 2 * height) >= 24 else SMALL
        colours = ring.colours(self.state, seconds, level, segments)
        below, plain = self.background_colors[1], self.rich_style
        self._behind = (below.r, below.g, below.b)
        strips = []
        for y in range(height):
            if self.ring_style is RingStyle.ASCII:
                line = self._ascii(y, width, height, segments, colours)
            else:
                line = [self._cell(cell, colours) for cell in ring_raster.ring(width, height, segments)[y]]
            if y == height // 2:
                self._put_symbol(line, width)
            strips.append(Strip(Segment.simplify(line), width).apply_style(plain))
        return strips

    def _cell(self, cell: ring_raster.Cell, colours: list[ring.Rgb]) -> Segment:
        if cell.empty:
            return _SPACE
        if self.ring_style is not RingStyle.BLOCKS:
            return self._dots(cell, colours)
        behind = self._behind
        top = ring.mix(behind, _on(behind, colours[cell.top.segment]), cell.top.share)
        bottom = ring.mix(behind, _on(behind, colours[cell.bottom.segment]), cell.bottom.share)
        return Segment("▀", _two(top, bottom))

    def _dots(self, cell: ring_raster.Cell, colours: list[ring.Rgb]) -> Segment:
        lit = _bright(colours[cell.segment])
        if self.ring_style is RingStyle.ANSI:
            name = "bright_cyan" if lit and ring.animated(self.state) else ANSI[self.state]
            return Segment(chr(0x2800 | cell.dots), Style(color=name))
        dense = cell.dots if lit or not ring.animated(self.state) else cell.dots & 0x99
        if self.state in (LedState.OFF, LedState.IDLE):
            dense = cell.dots & 0x99
        return Segment(chr(0x2800 | dense), Style(bold=lit))

    def _ascii(self, y: int, width: int, height: int, segments: int, colours: list[ring.Rgb]) -> list[Segment]:
        line = []
        for segment in ring_raster.letters(width, height, segments)[y]:
            if segment < 0:
                line.append(_SPACE)
            else:
                lit = ring.animated(self.state) and _bright(colours[segment])
                line.append(Segment(LIT if lit else LETTERS[self.state], _one(colours[segment])))
        return line

    def _put_symbol(self, line: list[Segment], width: int) -> None:
        """The state's own shape, so that it is told without colour too."""
        symbols = ASCII_SYMBOLS if self.ring_style is RingStyle.ASCII else ring.SYMBOLS
        at = width // 2
        if at < len(line):
            line[at] = Segment(symbols[self.state], self._symbol_style())

    def _symbol_style(self) -> Style:
        if self.ring_style is RingStyle.MONO:
            return Style(bold=True)
        if self.ring_style is RingStyle.ANSI:
            return Style(color=ANSI[self.state], bold=True)
        return _one(SIGN[self.state])


SIGN: dict[LedState, ring.Rgb] = {
    LedState.OFF: (96, 104, 118),
    LedState.IDLE: (130, 140, 156),
    LedState.LISTENING: ring.CYAN,
    LedState.THINKING: (70, 140, 255),
    LedState.MUTED: (255, 77, 77),
    LedState.ERROR: ring.YELLOW,
}
"""The state's colour in a word or a sign, where the light itself would be too dark to read."""

_SPACE = Segment(" ")


@lru_cache(1024)
def _two(front: ring.Rgb, back: ring.Rgb) -> Style:
    return Style(color=Color.from_rgb(*front), bgcolor=Color.from_rgb(*back))


@lru_cache(1024)
def _one(front: ring.Rgb) -> Style:
    return Style(color=Color.from_rgb(*front), bold=True)


def _on(behind: ring.Rgb, colour: ring.Rgb) -> ring.Rgb:
    """A dark light is a shade of what is behind it, on paper as on black."""
    return (206, 212, 221) if colour == ring.DARK and sum(behind) > 380 else colour


def _bright(colour: ring.Rgb) -> bool:
    return sum(colour) > 300
