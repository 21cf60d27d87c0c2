"""The Traffic pane: what the speakers around you send, on one axis of time with what was heard here."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.binding import Binding
from textual.message import Message

from echoctl.services.traffic.timeline import STEPS, Speaker, Timeline, TimelineRow
from echoctl.text.format import capital, printable, size_text
from echoctl.tui.widgets.lines import Line, Lines, Piece, columns, cut, fit, wrap

if TYPE_CHECKING:
    from echoctl.model.traffic import Burst

EMPTY = "no traffic seen yet: echoctl traffic watch, or import a capture: echoctl traffic import FILE"

LABEL, LONGEST, TOTAL = 18, 34, 8
"""Columns of the names, which get a quarter of the width between these two, and of the sums."""

TALL = 6
"""Rows of a speaker's own lane, at most."""

FLAT = 0.4
"""Exponent of the height of a bar, so that a keep-alive is still seen beside an upload."""

STYLES = {
    "quiet": "good",
    "only when called": "good",
    "unexplained uploads": "bad",
    "streaming": "bad",
    "cannot tell": "warn",
}
"""The style of each word of a verdict (model.traffic.VerdictWord)."""


class Grid:
    """The columns of the pane: names, time, sums."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.label = max(LABEL, min(LONGEST, width // 4))
        self.room = max(8, width - self.label - TOTAL - 2)
        """Columns that the axis of time has."""


class TrafficOpened(Message):
    """Somebody wants the evidence of a verdict."""


class TrafficPane(Lines, can_focus=True):
    """Speakers and their endpoints in lines of time."""

    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        Binding("up,k", "choose(-1)", show=False),
        Binding("down,j", "choose(1)", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.panorama: Timeline | None = None
        self._chosen = 0

    @property
    def selected(self) -> Speaker | None:
        """The speaker under the cursor, whose evidence `open` shows; None without any traffic."""
        speakers = self.panorama.speakers if self.panorama else ()
        return speakers[min(self._chosen, len(speakers) - 1)] if speakers else None

    def show(self, panorama: Timeline | None) -> None:
        """Show the traffic of a span of time; None when there is none at all."""
        self.panorama = panorama
        self.update()

    def action_choose(self, by: int) -> None:
        """Move to a speaker below (1) or above (-1)."""
        if self.panorama:
            self._chosen = max(0, min(self._chosen + by, len(self.panorama.speakers) - 1))
            self.update()

    def on_click(self, event: events.Click) -> None:
        """Ask for the evidence."""
        self.post_message(TrafficOpened())

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """The speakers share the height; where it is small, only the chosen one shows."""
        seen, chosen = self.panorama, self.selected
        if seen is None or chosen is None:
            return [((text, "dim"),) for text in wrap(EMPTY, width, height)]
        grid = Grid(width)
        axis = [_axis(seen, grid)] if height >= 5 else []
        room = height - len(axis)
        speakers = seen.speakers if room // len(seen.speakers) >= 5 else (chosen,)
        lines: list[Line] = []
        for number, speaker in enumerate(speakers):
            share = (room - len(lines)) // (len(speakers) - number)
            lines += self._speaker(seen, speaker, grid, share, len(speakers) > 1 and speaker is chosen)
        return [*lines[:room], *axis]

    def _speaker(self, seen: Timeline, speaker: Speaker, grid: Grid, rows: int, marked: bool) -> list[Line]:
        """What matters most comes first: verdict, uploads, marks, sentence, endpoints; what is left makes it taller."""
        head = self._head(seen, speaker, grid.width, rows, marked)
        told = self._sentence(speaker, grid.width, rows)
        wakes = [self._wakes(seen, speaker, grid)] if rows >= 3 else []
        marks = [self._marks(seen, speaker, grid)] if rows >= 4 else []
        gap: list[Line] = [()] if len(seen.speakers) > 1 else []  # a blank line before the next one
        left = rows - sum(map(len, (head, told, wakes, marks, gap)))
        ends = speaker.endpoints[: max(0, left - 1)]
        lane = self._lane(speaker, speaker.whole, grid, max(1, min(TALL, left - len(ends))))
        below = [line for end in ends for line in self._lane(speaker, end, grid)]
        lines = [*head, *told, *wakes, *lane, *marks, *below]
        return lines + gap if rows > len(lines) else lines

    def _head(self, seen: Timeline, speaker: Speaker, width: int, rows: int, marked: bool) -> list[Line]:
        from echoctl.text import verdict_text  # noqa: PLC0415 - with the traffic itself, after the first picture

        sign = ("> " if self.ascii else "▸ ") if marked else ""
        head = f"{sign}{printable(speaker.whole.name)}: {verdict_text.headline(speaker.verdict)}"
        others = len(seen.speakers) - 1 if rows < 5 else 0
        tail = f"  +{others}" if others and not marked else ""
        return [((cut(head, width - len(tail)), STYLES[speaker.verdict.word]), (tail, "dim"))]

    def _sentence(self, speaker: Speaker, width: int, rows: int) -> list[Line]:
        """What the verdict rests on, where there is room for it."""
        from echoctl.text import verdict_text  # noqa: PLC0415 - with the traffic itself, after the first picture

        if rows < 6:
            return []
        told = verdict_text.sentences(speaker.verdict)
        text = told[min(1, len(told) - 1)].text
        return [((text, ""),) for text in wrap(printable(capital(text)), width, 1 if rows < 9 else 2)]

    def _wakes(self, seen: Timeline, speaker: Speaker, grid: Grid) -> Line:
        row = [" "] * grid.room
        for at_ms in speaker.wakes:
            _put(row, seen, at_ms, "v" if self.ascii else "▼")
        return (
            (fit("  heard here", grid.label) + " ", "label"),
            ("".join(row), "accent"),
            (f" {len(speaker.wakes):>{TOTAL}}", "dim"),
        )

    def _marks(self, seen: Timeline, speaker: Speaker, grid: Grid) -> Line:
        """Uploads with the shape of speech: explained by a wake word, or not."""
        row, styles = [" "] * grid.room, [""] * grid.room
        for burst in speaker.bursts:
            at = _put(row, seen, burst.start_ms, _sign(burst, self.ascii))
            if at is not None:
                styles[at] = "good" if burst.wake is not None else "bad"
        pieces: list[Piece] = []
        for letter, style in zip(row, styles, strict=True):
            if pieces and pieces[-1][1] == style:
                pieces[-1] = (pieces[-1][0] + letter, style)
            else:
                pieces.append((letter, style))
        return ((fit("  speech-like", grid.label) + " ", "label"), *pieces, (f" {len(speaker.bursts):>{TOTAL}}", "dim"))

    def _lane(self, speaker: Speaker, lane: TimelineRow, grid: Grid, rows: int = 1) -> list[Line]:
        """What went up over the time; its name and its sum stand at its foot."""
        most = max(speaker.whole.up, default=0) or 1
        tops = [0] * grid.room
        for step, up in enumerate(lane.up):
            at = step * grid.room // STEPS
            tops[at] = max(tops[at], up)
        inner = lane is not speaker.whole
        name = ("  " if inner else "") + (printable(lane.name) or "unnamed")
        *above, foot = columns([(top / most) ** FLAT for top in tops], rows, ascii_only=self.ascii)
        style = "dim" if inner else "talk"
        return [
            *(((" " * (grid.label + 1), ""), (bars, style)) for bars in above),
            (
                (fit(name, grid.label) + " ", "dim" if inner else "strong"),
                (foot, style),
                (f" {size_text(lane.total):>{TOTAL}}", "dim"),
            ),
        ]


def _put(row: list[str], seen: Timeline, at_ms: int, sign: str) -> int | None:
    """Set a mark where its time is; returns the column."""
    step = seen.step(at_ms)
    if not 0 <= step < STEPS:
        return None
    at = step * len(row) // STEPS
    row[at] = sign
    return at


def _sign(burst: "Burst", ascii_only: bool) -> str:
    if burst.wake is not None:
        return "o" if ascii_only else "●"
    return "!" if ascii_only else "▲"


def _axis(seen: Timeline, grid: Grid) -> Line:
    """Times under the lanes: begin, middle, end."""
    day = seen.end_ms - seen.begin_ms > 86_400_000
    form = "%m-%d" if day else "%H:%M"
    texts = [
        time.strftime(form, time.localtime(at / 1000))
        for at in (seen.begin_ms, (seen.begin_ms + seen.end_ms) / 2, seen.end_ms)
    ]
    gap = grid.room - sum(map(len, texts))
    line = texts[0] + " " * (gap // 2) + texts[1] + " " * (gap - gap // 2) + texts[2] if gap > 1 else texts[0]
    return ((" " * (grid.label + 1), ""), (line, "label"))
