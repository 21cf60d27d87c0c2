"""The evidence of a verdict: every sentence of it, with the endpoints by name."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from echoctl import wording_traffic
from echoctl.services.axis import Speaker
from echoctl.tui.screens.over import Over
from echoctl.tui.widgets.lines import Line, Lines, fit, wrap
from echoctl.tui.widgets.traffic import STYLES
from echoctl.wording import printable, size_text


class EvidencePage(Lines):
    """The sentences, and what went where."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__(id="evidence")
        self._speaker = speaker
        self._rows = 0
        self._grow(self._all(90))

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """All of it."""
        lines = self._all(width)
        self._grow(lines)
        return lines

    def _grow(self, lines: Sequence[Line]) -> None:
        if len(lines) != self._rows:
            self.styles.height = self._rows = len(lines)

    def _all(self, width: int) -> list[Line]:
        verdict = self._speaker.verdict
        lines: list[Line] = [((wording_traffic.headline(verdict), STYLES[verdict.word]),), ()]
        for sentence in wording_traffic.sentences(verdict):
            lines += [((text, ""),) for text in wrap(printable(sentence.text), width, 6)]
            lines.append(())
        for lane in self._speaker.endpoints:
            name = printable(lane.name) or "an endpoint without a name"
            lines.append(((fit(name, max(10, width - 13)), "dim"), (f"{size_text(lane.total):>10} up", "dim")))
        return lines


class Evidence(Over[None]):
    """Why the verdict is what it is."""

    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        Binding("escape,q,enter", "dismiss(None)", "back", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j,space", "scroll(1)", show=False),
    ]

    def __init__(self, speaker: Speaker) -> None:
        super().__init__()
        self._speaker = speaker

    def compose(self) -> ComposeResult:
        """One box."""
        box = VerticalScroll(classes="dialog -tall")
        box.border_title = f"verdict on {printable(self._speaker.whole.name)}"
        box.border_subtitle = "echoctl traffic verdict · Esc goes back"
        with box:
            yield EvidencePage(self._speaker)

    def action_scroll(self, by: int) -> None:
        """By some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by * 3, animate=False)
