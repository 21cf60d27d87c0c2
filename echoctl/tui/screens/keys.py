"""The keys: every one with the command that does the same."""

from collections.abc import Mapping, Sequence

from textual.binding import Binding

from echoctl.tui import keys
from echoctl.tui.screens.overlay import Page, Sheet
from echoctl.tui.widgets.lines import PLAIN, Line, cut, fit

SIGN, ID, TWIN = 10, 12, 37
"""Columns of the key, of its id, and of the command that does the same."""

ROOM = 50
"""Columns that what it does should have before the twin gets its own."""


class KeyTable(Page):
    """Key, id, what it does, and its twin on the command line."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__(id="page")
        self._keymap = keymap

    def all_lines(self, width: int) -> Sequence[Line]:
        """A line for each key, with its twin only where there is room."""
        twin = TWIN if width >= SIGN + ID + ROOM + TWIN else 0
        text = max(10, width - SIGN - ID - twin)
        rows: list[Line] = []
        for key in (*keys.KEYS, keys.PALETTE):
            sign = self._sign(keys.shown(self._keymap.get(key.id, key.keys)))
            rows.append(
                (
                    (fit(f" {sign}", SIGN - 1) + " ", "key"),
                    (fit(key.id, ID - 1) + " ", "dim"),
                    (fit(key.text, text), ""),
                    (cut(key.twin, twin), "label"),
                )
            )
        rows.append(())
        moves = ((fit(f" {self._sign(sign)}", SIGN + ID - 1) + " ", meaning) for sign, meaning in keys.MOVES)
        rows += [((sign, "key"), (fit(meaning, text), "")) for sign, meaning in moves]
        other = ' other keys: [tui] keys = { mute = "x" }, in the file of echoctl config path'
        return [*rows, (), ((cut(other, width), "dim"),)]

    def _sign(self, sign: str) -> str:
        return sign.translate(PLAIN) if self.ascii else sign  # before it is fitted: a word is wider than its sign


class Keys(Sheet):
    """The keys, over everything; the key that shows them takes them away, too."""

    BINDINGS = [Binding(keys.BY_ID["keys"].keys, "dismiss(None)", id="keys", show=False)]  # noqa: RUF012 - as above

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__(KeyTable(keymap), "keys", "Esc goes back")
