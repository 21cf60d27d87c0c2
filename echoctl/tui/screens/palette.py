"""The palette of commands and of themes: Textual's own, dressed like our dialogs."""

from pathlib import Path

from textual.command import CommandPalette
from textual.theme import ThemeProvider


class Palette(CommandPalette):
    """Textual's palette, under a name by which overlay.tcss dresses it."""

    CSS_PATH = Path(__file__).with_name("overlay.tcss")


def themes() -> Palette:
    """A palette that puts on the theme that is chosen."""
    return Palette(providers=[ThemeProvider], placeholder="Search for themes")


def commands() -> Palette:
    """A palette of what App.get_system_commands names."""
    return Palette(placeholder="Search for commands")
