"""The palette of commands and of themes: Textual's own, dressed like our dialogs."""

from pathlib import Path

from textual.command import CommandPalette
from textual.theme import ThemeProvider


class Palette(CommandPalette):
    """Type some letters of what you want."""

    CSS_PATH = Path(__file__).with_name("overlay.tcss")


def themes() -> Palette:
    """The palette of themes."""
    return Palette(providers=[ThemeProvider], placeholder="Search for themes")


def commands() -> Palette:
    """The palette of commands."""
    return Palette(placeholder="Search for commands")
