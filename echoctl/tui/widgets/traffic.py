"""The Traffic pane: what the speakers around you send, on one axis of time with what was heard here."""

from collections.abc import Sequence

from echoctl.tui.widgets.lines import Line, Lines, wrap

EMPTY = "no traffic seen yet: echoctl traffic watch, or import a capture: echoctl traffic import FILE"


class TrafficPane(Lines, can_focus=True):
    """Devices and endpoints in lines of time."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Nothing was seen yet."""
        return [((text, "dim"),) for text in wrap(EMPTY, width, height)]
