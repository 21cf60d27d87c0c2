"""The palette of commands and of themes: Textual's own, dressed like our dialogs."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.command import CommandPalette
from textual.theme import ThemeProvider

if TYPE_CHECKING:
    from echoctl.tui.actions import Controls


class Palette(CommandPalette):
    """Type some letters of what you want."""

    CSS_PATH = Path(__file__).with_name("overlay.tcss")

    def on_mount(self) -> None:
        """Plain ASCII where it is wanted."""
        self.set_class(cast("Controls", self.app).options.ascii, "-ascii")


def themes() -> Palette:
    """The palette of themes."""
    return Palette(providers=[ThemeProvider], placeholder="Search for themes")


def commands() -> Palette:
    """The palette of commands."""
    return Palette(placeholder="Search for commands")
