"""The history list: as long as it is, drawn from pages that are fetched when they come into view."""

import time
from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from echoctl.model.speech import Feedback, Recording
from echoctl.services.history.page_index import PAGE, Overview
from echoctl.text.format import length, printable, said
from echoctl.tui.widgets.lines import PLAIN, Line, ascii_only, fit, span, wrap

KEPT = 12
"""Pages in memory; those farthest from the cursor go first."""

MARKS = {Feedback.RIGHT: "✓", Feedback.WRONG: "✗"}
ASCII_MARKS = {Feedback.RIGHT: "+", Feedback.WRONG: "x"}


class RecordingOpened(Message):
    """Somebody clicked the recording that was already selected."""


class HistoryList(ScrollView, can_focus=True):
    """Recordings, the newest first, one a line. Knows what it needs and asks for it."""

    COMPONENT_CLASSES = {  # noqa: RUF012 - Textual reads it as it is
        *(f"lines--{name}" for name in ("dim", "label", "accent", "good", "bad", "faint")),
        "history--cursor",
        "history--cursor-blurred",
    }
    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "jump(0)", show=False),
        Binding("end,G", "jump(-1)", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.cursor = 0
        self.overview = Overview()
        self.want: Callable[[int], object] = _nobody
        """Called with the number of a page that is in view and not here."""
        self.invitation = "nothing was heard yet"
        self._pages: dict[int, list[Recording]] = {}
        self._stale: set[int] = set()
        self._asked: set[int] = set()
        self._found: list[Recording] | None = None
        self._forgotten = 0

    @property
    def ascii(self) -> bool:
        """Whether only plain ASCII may be drawn here."""
        return ascii_only(self)

    @property
    def total(self) -> int:
        """How many recordings the list has: all of them, or those that a search found."""
        return len(self._found) if self._found is not None else self.overview.total

    @property
    def filtered(self) -> bool:
        """Whether it shows what a search found."""
        return self._found is not None

    @property
    def at_top(self) -> bool:
        """Whether the newest recordings are in view."""
        return self._found is None and self.scroll_offset.y < PAGE

    @property
    def selected(self) -> Recording | None:
        """The recording under the cursor; None when there is none, or it has not come yet."""
        return self._at(self.cursor) if self.cursor < self.total else None

    def renew(self, overview: Overview) -> None:
        """Fetch everything again, since the history has changed; the cursor stays with its recording."""
        followed = self._in_view
        grown = overview.total - self.overview.total + self._forgotten
        self._forgotten = 0
        if self.cursor and self._found is None:
            self.cursor = max(0, min(self.cursor + grown, overview.total - 1))
        self.overview = overview
        self._stale, self._asked = set(self._pages), set()
        self._resize(follow=followed)

    def put(self, number: int, recordings: list[Recording]) -> None:
        """Keep a page that was asked for, and forget one far from the cursor if there are too many."""
        self._pages[number] = recordings
        self._stale.discard(number)
        self._asked.discard(number)
        here = self.cursor // PAGE
        for far in sorted(self._pages, key=lambda n: -abs(n - here))[: max(0, len(self._pages) - KEPT)]:
            del self._pages[far]
        self.refresh()

    def show_found(self, found: Sequence[Recording] | None) -> None:
        """Show only these; None: everything again."""
        self._found = None if found is None else list(found)
        self.cursor = 0
        self.scroll_to(y=0, animate=False)
        self._resize()

    def forget(self, uid: str) -> None:
        """Drop a deleted recording: the cursor stays in its place, on the next older one."""
        if self._found is None:
            self._forgotten += 1  # once the list is renewed it is shorter by this one
        else:
            self._found = [one for one in self._found if one.id != uid]
            self._resize()

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self._go(self.cursor + by * max(1, self.size.height - 1))

    def action_jump(self, to: int) -> None:
        """Move the cursor to the newest (0), or the oldest (-1)."""
        self._go(self.total - 1 if to < 0 else 0)

    def on_click(self, event: events.Click) -> None:
        """Select what is clicked; open it where it was selected already."""
        at = self.scroll_offset.y + event.y - self.gutter.top
        if at == self.cursor:
            self.post_message(RecordingOpened())
        elif 0 <= at < self.total:
            self._go(at)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._resize()

    def _go(self, to: int) -> None:
        to = max(0, min(to, self.total - 1))
        old, self.cursor = self.cursor, to
        self._into_view()
        for line in (old, to):
            self.refresh(Region(0, line - self.scroll_offset.y, self.size.width, 1))

    def _into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)

    @property
    def _in_view(self) -> bool:
        """Whether the cursor is seen: somebody may have turned the wheel."""
        return 0 <= self.cursor - self.scroll_offset.y < max(1, self.size.height)

    def _resize(self, *, follow: bool = True) -> None:
        self.cursor = max(0, min(self.cursor, self.total - 1))
        self.virtual_size = Size(0, self.total)
        if follow:
            self._into_view()
        self.refresh()

    def _at(self, index: int) -> Recording | None:
        if self._found is not None:
            return self._found[index]
        number, offset = divmod(index, PAGE)
        if (number not in self._pages or number in self._stale) and number not in self._asked:
            self._asked.add(number)
            self.call_later(self.want, number)  # not while it is drawn
        page = self._pages.get(number, [])
        return page[offset] if offset < len(page) else None

    def render_line(self, y: int) -> Strip:
        """Draw a recording, or what an empty list says."""
        width, index = self.size.width, self.scroll_offset.y + y
        if index >= self.total:
            return self._strip(self._empty(y, width), width)
        recording = self._at(index)
        line: Line = ((" ·", "faint"),) if recording is None else row(recording, width, self.ascii)
        if self.ascii:
            line = tuple((text.translate(PLAIN), name) for text, name in line)
        strip = self._strip(line, width)
        if index == self.cursor:
            name = "history--cursor" if self.has_focus else "history--cursor-blurred"
            style = self.get_component_rich_style(name)
            plain = "".join(text for text, _ in line)
            return Strip([Segment(fit(plain, width), style)])
        return strip

    def _strip(self, line: Line, width: int) -> Strip:
        segments = [
            Segment(text, self.get_component_rich_style(f"lines--{name}", partial=True) if name else None)
            for text, name in line
        ]
        return Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)

    def _empty(self, y: int, width: int) -> Line:
        if self.total:
            return ()
        text = "nothing matches: Esc shows everything" if self.filtered else self.invitation
        lines = wrap(text, max(1, width - 2), 3)
        return ((f" {lines[y]}", "dim"),) if y < len(lines) else ()


def _nobody(number: int) -> None:
    """Until somebody fetches pages."""


def row(recording: Recording, width: int, plain: bool = False) -> Line:
    """A recording in one line: when, how long, which word, in which room where there is space, and what was said."""
    marks = ASCII_MARKS if plain else MARKS
    mark = marks[recording.feedback] if recording.feedback else " "
    sealed = recording.locked or recording.damaged or recording.transcript is None
    head: list[tuple[str, str]] = [(f" {moment(recording.at_ms)} ", "label")]
    if width >= 48:
        head.append((f"{length(recording.duration_ms):>8}  ", "dim"))
    if width >= 64:
        head.append((fit(printable(recording.wake_word) or "-", 9) + " ", "accent"))
    if width >= 100:
        head.append((fit(printable(recording.room), 10) + " ", "dim"))
    room = width - span(tuple(head)) - 3
    style = "bad" if recording.damaged else "dim" if sealed else ""
    return (*head, (fit(said(recording), room), style), (f" {mark} ", "good" if mark in "✓+" else "bad"))


def moment(at_ms: int) -> str:
    """Eleven columns: the time today, else the day and the time to the minute."""
    then, today = time.localtime(at_ms / 1000), time.localtime()
    if (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday):
        return time.strftime("   %H:%M:%S", then)
    return time.strftime("%m-%d %H:%M" if then.tm_year == today.tm_year else "%Y-%m-%d ", then)
