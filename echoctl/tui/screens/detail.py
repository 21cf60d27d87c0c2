"""One recording: its words with how sure each is, where the sound is while it plays, and what can be done with it."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from echoctl.model import Recording, Word
from echoctl.tui import keys
from echoctl.tui.screens.over import Over
from echoctl.tui.widgets.lines import Line, Lines, cut, fit, span, wrap
from echoctl.wording import length, person_time, printable, said, size_text

DOES = ("play", "feedback", "export", "copy", "delete")
"""What can be done here."""

ALSO = ("lock",)

BARS = "▁▂▃▄▅▆▇█"


class DetailPage(Lines):
    """The page."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(id="page")
        self.recording = recording
        self.position: float | None = None
        """Seconds of the sound that were played; None while it is silent."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Facts, the player, the words."""
        words = self.recording.transcript.words if self.recording.transcript else ()
        return [*self._facts(width), (), self._player(width), (), *self._words(words, width, height)]

    def _facts(self, width: int) -> list[Line]:
        one = self.recording
        scores = ", ".join(f"{name} {score:.2f}" for name, score in one.scores.items())
        wake = printable(one.wake_word) or "none: push to talk"
        facts = [
            ("id", one.id),
            ("when", f"{person_time(one.at_ms)}, {length(one.duration_ms)}"),
            ("wake word", f"{wake} ({scores})" if scores else wake),
            ("room", printable(one.room)),
            ("kept", f"{one.mode}, {size_text(one.size)}"),
            ("feedback", one.feedback or ""),
        ]
        lines: list[Line] = [
            ((fit(name, 10) + " ", "label"), (cut(value, width - 11), "")) for name, value in facts if value
        ]
        style = "bad" if one.damaged else "dim" if one.locked else "strong"
        for number, text in enumerate(wrap(said(one), width - 11, 4)):
            lines.append(((fit("text" if number == 0 else "", 10) + " ", "label"), (text, style)))
        return lines

    def _player(self, width: int) -> Line:
        whole = self.recording.duration_ms / 1000
        at = self.position or 0.0
        text = f" {at:.1f} / {whole:.1f} s"
        cells = max(4, min(60, width - 11 - len(text) - 2))
        place = min(cells - 1, round(at / whole * cells)) if whole else 0
        on, off, knob = ("=", "-", "o") if self.ascii else ("━", "─", "●")
        playing = self.position is not None
        return (
            (fit("playing" if playing else "sound", 10) + " ", "label"),
            (on * place, "talk"),
            (knob, "talk" if playing else "dim"),
            (off * (cells - 1 - place), "faint"),
            (text, "" if playing else "dim"),
        )

    def _words(self, words: Sequence[Word], width: int, height: int) -> list[Line]:
        """Each word over how sure the recogniser was, as many rows as the width asks for."""
        rows: list[tuple[Line, Line]] = []
        above: Line = ()
        below: Line = ()
        for word in words:
            text, sure = printable(word.text), self._sure(word)
            size = max(len(text), len(sure)) + 2
            if above and span(above) + size > width:
                rows.append((above, below))
                above, below = (), ()
            spoken = self.position is not None and word.start <= self.position < word.end + 0.05
            above += ((fit(text, size), "talk" if spoken else "strong"),)
            below += ((fit(sure, size), _confidence(word.confidence)),)
        rows.append((above, below))
        return [line for pair in rows for line in (*pair, ())]

    def _sure(self, word: Word) -> str:
        number = f"{word.confidence:.2f}"
        return number if self.ascii else f"{BARS[min(7, int(word.confidence * 7.99))]} {number}"


def _confidence(value: float) -> str:
    return "good" if value >= 0.8 else "warn" if value >= 0.5 else "bad"


class Detail(Over[None]):
    """A recording over the panes."""

    def __init__(self, recording: Recording, keymap: Mapping[str, str], *, ascii_only: bool) -> None:
        super().__init__()
        self.recording = recording
        self._keymap = keymap
        self._ascii = ascii_only
        self._position: float | None = None
        self._bindings.bind("escape,enter,q,left", "dismiss(None)", show=False)
        for name in (*DOES, *ALSO):
            key = keys.BY_ID[name]
            self._bindings.bind(keymap[name], f"app.{key.action}", show=False)

    def compose(self) -> ComposeResult:
        """One box."""
        box = Vertical(classes="dialog -page")
        box.border_title = "recording"
        box.border_subtitle = "  ".join(f"{keys.shown(self._keymap[name])} {keys.BY_ID[name].label}" for name in DOES)
        with box:
            page = DetailPage(self.recording)
            page.ascii = self._ascii
            width, height = min(98, self.app.size.width - 6), self.app.size.height - 4
            page.styles.height = max(1, min(height, len(page.compose_lines(width, height)) - 1))
            yield page

    @property
    def page(self) -> DetailPage:
        """The page in the box."""
        return self.query_one(DetailPage)

    def show(self, recording: Recording) -> None:
        """The recording has changed."""
        self.recording = self.page.recording = recording
        self.page.update()

    def at(self, seconds: float | None) -> None:
        """Where the sound is."""
        self._position = seconds
        for page in self.query(DetailPage):
            page.position = seconds
            page.update()

    def on_mount(self) -> None:
        """The sound may have begun before the page was there."""
        self.at(self._position)
