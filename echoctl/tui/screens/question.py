"""A question over the panes: a plan to agree to, a phrase to type, a passphrase, a file's name."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from echoctl.tui.screens.overlay import Overlay


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, and what counts as an answer."""

    title: str
    lines: Sequence[str] = ()
    field: bool = False
    """Something is to be typed; else y or n."""
    secret: bool = False
    preset: str = ""
    typed: str = ""
    """Only this phrase is an answer."""
    danger: bool = False
    choices: Sequence[tuple[str, str]] = ()
    """Keys and what they mean; without a field."""


class Question(Overlay[str | None]):
    """Asks; the answer is what was typed, the chosen key, or None when the person went back."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.asked = asked

    def compose(self) -> ComposeResult:
        """A box with the question, the field where one is to be typed into, and the keys."""
        asked = self.asked
        box = Vertical(classes="dialog -danger" if asked.danger else "dialog")
        box.border_title = asked.title
        with box:
            for line in asked.lines:
                yield Static(self.plain(line), markup=False)
            if asked.field:
                yield Input(asked.preset, password=asked.secret, id="answer")
            yield Static(self.plain(self._foot()), classes="foot", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Esc goes back, whatever a person has bound to it, and a key of the choices answers."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
        elif event.key in dict(self.asked.choices):
            event.stop()
            self.dismiss(event.key)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed for the answer, unless another phrase was asked for."""
        if self.asked.typed and event.value.strip() != self.asked.typed:
            event.input.add_class("-wrong")
            return
        if event.value:
            self.dismiss(event.value)

    def _foot(self) -> str:
        asked = self.asked
        if asked.typed:
            return f"type '{asked.typed}' and Enter · Esc goes back, nothing is touched"
        if asked.field:
            return "Enter · Esc goes back"
        return " · ".join([*(f"{key} {text}" for key, text in asked.choices), "Esc goes back"])
