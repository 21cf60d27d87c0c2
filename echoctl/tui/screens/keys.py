"""The keys: every one with the command that does the same."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from echoctl.tui import keys
from echoctl.tui.screens.over import Over
from echoctl.tui.widgets.lines import Line, Lines, cut, fit


class KeyTable(Lines):
    """Key, id, what it does, and its twin on the command line."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__(id="keytable")
        self._keymap = keymap
        self.styles.height = len(self._rows(200))

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """All of them; the twin only where there is room."""
        return self._rows(width)

    def _rows(self, width: int) -> list[Line]:
        twin = 34 if width >= 96 else 0
        text = max(10, width - 10 - 12 - twin)
        rows: list[Line] = []
        for key in (*keys.KEYS, keys.PALETTE):
            sign = keys.shown(self._keymap.get(key.id, key.keys))
            rows.append(
                (
                    (fit(f" {sign}", 9) + " ", "key"),
                    (fit(key.id, 11) + " ", "dim"),
                    (fit(key.text, text), ""),
                    (cut(key.twin, twin), "label"),
                )
            )
        rows.append(())
        rows += [((fit(f" {sign}", 21) + " ", "key"), (fit(meaning, text), "")) for sign, meaning in keys.MOVES]
        rows += [
            (),
            ((cut(' other keys: [tui] keys = { mute = "x" }, in the file of echoctl config path', width), "dim"),),
        ]
        return rows


class Keys(Over[None]):
    """The keys, over everything."""

    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        Binding("escape,q,question_mark,f1,enter", "dismiss(None)", "back", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j,space", "scroll(1)", show=False),
    ]

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """One box."""
        box = VerticalScroll(classes="dialog -tall")
        box.border_title = "keys"
        box.border_subtitle = "Esc goes back"
        with box:
            yield KeyTable(self._keymap)

    def action_scroll(self, by: int) -> None:
        """By some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by * 3, animate=False)
