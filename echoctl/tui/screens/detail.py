"""One recording: its words with how sure each is, where the sound is while it plays, and what can be done with it."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from textual.binding import Binding

from echoctl.model.speech import Recording, Word
from echoctl.text.format import length, person_time, printable, said, size_text
from echoctl.tui import keys
from echoctl.tui.screens.overlay import Page, Sheet
from echoctl.tui.widgets.lines import BARS, Line, cut, fit, span, wrap

DOES = ("play", "feedback", "export", "copy", "delete")
"""Ids of the actions that are named at the foot."""


class DetailPage(Page):
    """What is known of a recording: facts, the place where its sound is, its words and how sure each is."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(id="page")
        self.recording = recording
        self.position: float | None = None
        """Seconds of the sound that were played; None while it is silent."""

    def all_lines(self, width: int) -> Sequence[Line]:
        """The facts, the place of the sound, and the words."""
        words = self.recording.transcript.words if self.recording.transcript else ()
        return [*self._facts(width), (), self._player(width), *self._words(words, width)]

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

    def _words(self, words: Sequence[Word], width: int) -> list[Line]:
        """Each word over how sure the recogniser was, as many rows as the width asks for; a blank one before each."""
        rows: list[tuple[Line, Line]] = []
        above: Line = ()
        below: Line = ()
        for word in words:
            text, sure = printable(word.text), self._sure(word)
            size = max(cell_len(text), cell_len(sure)) + 2
            if above and span(above) + size > width:
                rows.append((above, below))
                above, below = (), ()
            spoken = self.position is not None and word.start <= self.position < word.end + 0.05
            above += ((fit(text, size), "talk" if spoken else "strong"),)
            below += ((fit(sure, size), _confidence(word.confidence)),)
        if above:
            rows.append((above, below))
        return [line for pair in rows for line in ((), *pair)]

    def _sure(self, word: Word) -> str:
        number = f"{word.confidence:.2f}"
        return number if self.ascii else f"{BARS[max(1, round(word.confidence * 8))]} {number}"


def _confidence(value: float) -> str:
    return "good" if value >= 0.8 else "warn" if value >= 0.5 else "bad"


class Detail(Sheet):
    """A recording over the panes, with the keys of what can be done with it."""

    BINDINGS = [  # noqa: RUF012 - Textual reads it as it is
        Binding("left", "dismiss(None)", show=False),
        *keys.bindings(*DOES, "lock", target="app."),
    ]

    def __init__(self, recording: Recording, keymap: Mapping[str, str]) -> None:
        foot = "  ".join(f"{keys.shown(keymap[name])} {keys.BY_ID[name].label}" for name in DOES)
        self._detail = DetailPage(recording)
        super().__init__(self._detail, "recording", foot)

    @property
    def recording(self) -> Recording:
        """The recording that is shown."""
        return self._detail.recording

    def show(self, recording: Recording) -> None:
        """Show the recording as it is now: it was unlocked, or somebody said whether its text is right."""
        self._detail.recording = recording
        self._detail.refresh(layout=True)
        self._detail.update()

    def at(self, seconds: float | None) -> None:
        """Show where the sound is, in seconds; None when it is silent."""
        self._detail.position = seconds
        self._detail.update()
