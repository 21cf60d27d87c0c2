"""The bottom line: a handful of keys, or for some seconds what just happened."""

from collections.abc import Mapping, Sequence

from textual import events

from echoctl.text.format import printable
from echoctl.tui.keys import BY_ID, shown
from echoctl.tui.widgets.lines import Line, Lines, span, wrap

MESSAGE_S = 8.0
"""How long a message stays."""

SHOWN = {
    "all": ("mute", "talk", "search", "keys", "quit"),
    "now": ("mute", "talk", "listen", "keys", "quit"),
    "history": ("search", "open", "play", "delete", "keys"),
    "traffic": ("open", "all", "mute", "keys", "quit"),
}
"""The keys of each view: five at most."""


class KeyBar(Lines):
    """A line of keys, which can be clicked too, or a message for a while."""

    def __init__(self, keymap: Mapping[str, str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.view = "all"
        self._keymap = keymap
        self._message: tuple[str, str] = ("", "")
        self._number = 0

    def say(self, text: str, style: str = "") -> None:
        """Show a message for a while; errors are in the style `bad`."""
        self._message = (printable(" ".join(text.split())), style)
        self._number += 1
        number = self._number
        self._grow()
        self.set_timer(MESSAGE_S, lambda: self._clear(number))

    @property
    def message(self) -> str:
        """What it says now; empty when it shows the keys."""
        return self._message[0]

    def clear(self) -> None:
        """Take the message away; the keys come back."""
        self._clear(self._number)

    def show(self, view: str) -> None:
        """Show the keys of a view (SHOWN)."""
        self.view = view
        self.update()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """The message while there is one, else as many keys as fit."""
        text, style = self._message
        if text:
            return [((" " + line, style),) for line in wrap(text, width - 2, height)]
        return [self._keys(width)]

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        at = 0
        for name in SHOWN[self.view]:
            size = span(self._key(name))
            if at <= event.x < at + size and not self.message:
                self.app.call_next(self.app.run_action, BY_ID[name].action)
            at += size

    def _keys(self, width: int) -> Line:
        line: Line = ()
        for name in SHOWN[self.view]:
            if span(line + self._key(name)) <= width:
                line += self._key(name)
        return line

    def _key(self, name: str) -> Line:
        return ((f" {shown(self._keymap.get(name, BY_ID[name].keys))}", "key"), (f" {BY_ID[name].label}  ", "dim"))

    def _clear(self, number: int) -> None:
        if number == self._number and self._message[0]:
            self._message = ("", "")
            self._grow()

    def _grow(self) -> None:
        """A message may need a second line, where there is room for one."""
        width = max(20, self.size.width)
        rows = 2 if len(self._message[0]) > width - 2 and self.app.size.height > 10 else 1
        if self.styles.height is None or self.size.height != rows:
            self.styles.height = rows
        self.update()
