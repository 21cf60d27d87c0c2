"""The evidence of a verdict: every sentence of it, with the endpoints by name."""

from collections.abc import Sequence

from echoctl.services.traffic.timeline import Speaker
from echoctl.text import verdict_text
from echoctl.text.format import capital, printable, size_text
from echoctl.tui.screens.overlay import Page, Sheet
from echoctl.tui.widgets.lines import Line, fit, wrap
from echoctl.tui.widgets.traffic import STYLES


class EvidencePage(Page):
    """The verdict, its sentences, and how much each endpoint got."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__(id="page")
        self._speaker = speaker

    def all_lines(self, width: int) -> Sequence[Line]:
        """The headline, each sentence as a paragraph, and the endpoints."""
        verdict = self._speaker.verdict
        lines: list[Line] = [((verdict_text.headline(verdict), STYLES[verdict.word]),), ()]
        for sentence in verdict_text.sentences(verdict):
            lines += [((text, ""),) for text in wrap(printable(capital(sentence.text)), width, 6)]
            lines.append(())
        for lane in self._speaker.endpoints:
            name = printable(lane.name) or "an endpoint without a name"
            lines.append(((fit(name, max(10, width - 13)), "dim"), (f"{size_text(lane.total):>10} up", "dim")))
        return lines


class Evidence(Sheet):
    """Why the verdict on a speaker is what it is."""

    def __init__(self, speaker: Speaker) -> None:
        title = f"verdict on {printable(speaker.whole.name)}"
        super().__init__(EvidencePage(speaker), title, "echoctl traffic verdict · Esc goes back")
