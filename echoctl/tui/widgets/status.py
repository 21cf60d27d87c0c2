"""One line that says the state by sign and word, wherever the ring has no room."""

from collections.abc import Sequence

from echoctl.led import ring
from echoctl.model.speech import LedState
from echoctl.text.format import counted, printable
from echoctl.tui.live_state import Now, Role
from echoctl.tui.widgets.lines import Line, Lines, cut
from echoctl.tui.widgets.ring import ASCII_SYMBOLS

STYLES = {
    LedState.OFF: "dim",
    LedState.IDLE: "",
    LedState.LISTENING: "talk",
    LedState.THINKING: "think",
    LedState.MUTED: "bad",
    LedState.ERROR: "warn",
}
"""The style of each state's word."""


def state_pieces(now: Now, ascii_only: bool) -> Line:
    """The sign and the word; muted is in capitals, so that it is told apart without colour from afar."""
    symbols = ASCII_SYMBOLS if ascii_only else ring.SYMBOLS
    word = now.led.value.upper() if now.led in (LedState.MUTED, LedState.ERROR) else now.led.value
    return ((f"{symbols[now.led]} {word}", STYLES[now.led]),)


class StatusLine(Lines):
    """The state, and what else fits: the words that are heard, the device, how much was recorded."""

    centred = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._now = Now()

    def show(self, now: Now) -> None:
        """Show another moment; what has not changed is not drawn again."""
        self._now = now
        self.update()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """One line: the state first, then what fits."""
        now = self._now
        pieces = state_pieces(now, self.ascii)
        room = width - len(pieces[0][0]) - 2
        if self.centred:
            return [((" " * ((width - len(pieces[0][0])) // 2), ""), *pieces)]
        rest = printable(now.partial) or self._rest(now)
        return [(*pieces, (f"  {cut(rest, room)}" if room > 6 else "", "dim"))]

    def _rest(self, now: Now) -> str:
        parts = ["nobody listens" if now.role is Role.NONE else counted(now.counters.get("recordings", 0))]
        if now.role is Role.OTHER:
            parts.append(f"pid {now.pid}")
        if trouble := now.unread or now.trouble:
            parts.insert(0, trouble)
        elif now.device:
            parts.append(f"{printable(now.device)} {now.mic}")
        return " · ".join(parts)
