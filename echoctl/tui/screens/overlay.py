"""What comes up over the panes: mute works there too, plain ASCII is kept to where it is wanted, and pages scroll."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen

from echoctl.tui import keys
from echoctl.tui.widgets.lines import PLAIN, Line, Lines, ascii_only

Answer = TypeVar("Answer")

LOW = 18
"""Rows of a terminal below which no line is left blank for the looks."""


class Overlay(ModalScreen[Answer]):
    """A screen over the panes, on which the mute key mutes, unless a letter is being typed into a field."""

    CSS_PATH = Path(__file__).with_name("overlay.tcss")

    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        *keys.bindings("mute", target="app."),
        Binding(
            "ctrl+c", "screen.copy_text", show=False
        ),  # as on every screen: it is passed over with nothing selected
        Binding("ctrl+c", "dismiss(None)", show=False),
    ]

    def plain(self, text: str) -> str:
        """A text of ours, without what is not ASCII where only ASCII may be drawn."""
        return text.translate(PLAIN) if ascii_only(self) else text

    def on_resize(self, event: events.Resize) -> None:
        """Leave no line blank in a low terminal."""
        self.set_class(event.size.height < LOW, "-low")


class Page(Lines):
    """Lines of any number, which take the height that they need; a sheet scrolls over them."""

    @abstractmethod
    def all_lines(self, width: int) -> Sequence[Line]:
        """All lines, in `width` columns."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """All lines, whatever the height: the sheet around them scrolls."""
        return self.all_lines(width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of lines; Textual asks where the height is `auto`."""
        return len(self.all_lines(width))


class Sheet(Overlay[None]):
    """A page to read, in a box that scrolls."""

    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        Binding("escape,q,enter", "dismiss(None)", "back", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("space", "page", show=False),
    ]

    def __init__(self, page: Page, title: str, foot: str) -> None:
        super().__init__()
        self.page = page
        self._title = title
        self._foot = foot

    def compose(self) -> ComposeResult:
        """A box around the page, with its title and what may be pressed."""
        box = VerticalScroll(classes="dialog -page")
        box.border_title, box.border_subtitle = self.plain(self._title), self.plain(self._foot)
        with box:
            yield self.page

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self) -> None:
        """Scroll down by what fits the screen."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)
