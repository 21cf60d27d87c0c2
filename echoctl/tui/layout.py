"""Which panes show at which size and in which view, and what their borders say."""

from typing import Any, TypeVar

from textual.screen import Screen
from textual.widget import Widget

from echoctl.model.speech import LedState
from echoctl.tui.widgets.history import HistoryList

Pane = TypeVar("Pane", bound=Widget)

VIEWS = ("all", "now", "history", "traffic")

LINE, SMALL, TALL, WIDE = (40, 10), (60, 18), (100, 34), (160, 44)
"""Columns and rows: below LINE one line, below SMALL one pane; from TALL and WIDE on there is more room."""


def fit(screen: Screen[Any], width: int, height: int) -> None:
    """Choose the layout for a size, by the classes that app.tcss asks for."""
    line = width < LINE[0] or height < LINE[1]
    small = not line and (width < SMALL[0] or height < SMALL[1])
    wide = width >= WIDE[0] and height >= WIDE[1]
    tall = not wide and width >= TALL[0] and height >= TALL[1]
    screen.update_classes({"-line": line, "-small": small, "-tall": tall, "-wide": wide}, update=screen.is_mounted)


def turn(screen: Screen[Any], view: str) -> None:
    """Show the panes of a view (VIEWS), by the classes that app.tcss asks for."""
    screen.update_classes({f"view-{name}": name == view for name in VIEWS}, update=screen.is_mounted)


def colour(box: Widget, led: LedState) -> None:
    """The frame of the ring follows the state: heavy when muted or wrong, so that it shows without colour too."""
    box.update_classes({f"-{one}": led is one for one in (LedState.MUTED, LedState.ERROR, LedState.LISTENING)})


def titled(pane: Pane) -> Pane:
    """A pane with a frame that says what it is."""
    pane.border_title = pane.id
    pane.add_class("pane", update=False)
    return pane


def title_history(pane: HistoryList) -> None:
    """The border of the history says how much there is, and whether it is locked."""
    overview = pane.overview
    parts = [f"{overview.total:,}".replace(",", "," if pane.ascii else " ")]
    if overview.locked and overview.total:
        parts.append("locked: u unlocks")
    if pane.filtered:
        parts = [f"{pane.total} found", "Esc shows all"]
    pane.border_subtitle = (" - " if pane.ascii else " · ").join(parts)
