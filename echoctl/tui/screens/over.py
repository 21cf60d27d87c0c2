"""What comes up over the panes has one key in common with them: mute works everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import ModalScreen

if TYPE_CHECKING:
    from echoctl.tui.controls import Controls

Answer = TypeVar("Answer")


class Over(ModalScreen[Answer]):
    """A screen over the panes, on which the mute key mutes, unless a letter is being typed into a field."""

    CSS_PATH = Path(__file__).with_name("over.tcss")

    def on_mount(self) -> None:
        """The key that the person has given it."""
        keymap = cast("Controls", self.app).keymap
        self._bindings.bind(keymap["mute"], "app.mute", show=False)
