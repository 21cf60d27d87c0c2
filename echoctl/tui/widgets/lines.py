"""A widget of lines in named styles: only the lines that have changed are drawn again.

A line is a tuple of (text, name of a style); the names are the component classes below, so themes colour them. What
a widget shows can be read back as text by tests and by whoever copies it.
"""

from abc import abstractmethod
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Piece = tuple[str, str]
"""Text, and the name of its style; "" for the plain one."""

Line = tuple[Piece, ...]

NAMES = ("dim", "label", "strong", "accent", "good", "warn", "bad", "talk", "think", "faint", "key")
"""The styles; each is the component class `lines--<name>`."""


BARS, ASCII_BARS = " ▁▂▃▄▅▆▇█", " _.:-=+*#"
"""Nothing, then eighths of a cell."""

PLAIN = str.maketrans({"…": "~", "·": "-", "⏎": "ret", "→": ">", "↑": "up", "↓": "down", "�": "?"})
"""What our own words hold beyond ASCII."""


ASCII_CLASS = "-ascii"
"""The class of the app in which only plain ASCII is drawn."""


def ascii_only(widget: Widget) -> bool:
    """Whether only plain ASCII may be drawn here."""
    return widget.app.has_class(ASCII_CLASS)


class Lines(Widget):
    """Lines of text; subclasses compose them for the size that they have."""

    COMPONENT_CLASSES = {f"lines--{name}" for name in NAMES}  # noqa: RUF012 - Textual reads it as it is

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._shown: list[Line] = []

    @property
    def ascii(self) -> bool:
        """Whether only plain ASCII may be drawn here."""
        return ascii_only(self)

    @abstractmethod
    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """What to show in `width` columns and `height` rows."""

    def update(self) -> None:
        """Compose again, and draw what is different."""
        width, height = self.size
        if not width or not height:
            return
        fresh = list(self.compose_lines(width, height))[:height]
        if self.ascii:
            fresh = [tuple((text.translate(PLAIN), name) for text, name in line) for line in fresh]
        old, self._shown = self._shown, fresh
        for y in range(max(len(old), len(fresh))):
            if y >= len(old) or y >= len(fresh) or old[y] != fresh[y]:
                self.refresh(Region(0, y, width, 1))

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "\n".join("".join(piece for piece, _ in line).rstrip() for line in self._shown)

    def on_resize(self) -> None:
        """Compose again: lines are made for a size."""
        self._shown = []
        self.update()

    def render_line(self, y: int) -> Strip:
        """Draw a line in the theme's colours."""
        width = self.size.width
        line = self._shown[y] if y < len(self._shown) else ()
        return Strip(self.segments(line)).adjust_cell_length(width).apply_style(self.rich_style)

    def segments(self, line: Line) -> list[Segment]:
        """The pieces of a line, each in the colours that the theme has for its style."""
        return [
            Segment(text, self.get_component_rich_style(f"lines--{name}", partial=True) if name else None)
            for text, name in line
        ]


def fit(text: str, width: int) -> str:
    """Exactly `width` cells: cut with an ellipsis, or filled up."""
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1) + "…" if cell_len(text) > width else set_cell_size(text, width)


def cut(text: str, width: int) -> str:
    """At most `width` cells, cut with an ellipsis."""
    return fit(text, width) if cell_len(text) > width else text


def tail(text: str, width: int) -> str:
    """At most `width` cells of the end: of what is being said the last words matter."""
    if cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[1:]
    return "…" + text


def wrap(text: str, width: int, most: int) -> list[str]:
    """Words in lines of at most `width` cells, at most `most` of them, the last one cut."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        if cell_len(rest) <= width or len(lines) == most - 1:
            lines.append(cut(rest, width))
            break
        head = set_cell_size(rest, width + 1).rstrip()
        at = len(head) if cell_len(head) <= width else head.rfind(" ")
        if at <= 0:  # one word that is longer than a line
            at = max(1, len(set_cell_size(rest, width).rstrip()))
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return lines


def columns(shares: Sequence[float], rows: int, *, ascii_only: bool) -> list[str]:
    """Bars side by side, `rows` rows high, the upper row first. Of nothing there is a line at the foot."""
    bars = ASCII_BARS if ascii_only else BARS
    eighths = [max(1, round(min(1.0, share) * rows * 8)) for share in shares]
    return ["".join(bars[max(0, min(8, n - row * 8))] for n in eighths) for row in reversed(range(rows))]


def span(line: Line) -> int:
    """The cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)
