"""The dashboard's themes: dark, light, high contrast, mono, and the terminal's own 16 colours."""

import difflib
from typing import Any

from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from echoctl.errors import UsageError
from echoctl.tui.widgets.ring import RingStyle

DEFAULT, COLOURLESS = "echoctl-dark", "echoctl-mono"


def _own(
    faint: str, dim: str, label: str, talk: str, think: str, edge: str, cursor: str, on_cursor: str
) -> dict[str, str]:
    """The variables of app.tcss that Textual's themes do not have."""
    return {
        "e-faint": faint,
        "e-dim": dim,
        "e-label": label,
        "e-talk": talk,
        "e-think": think,
        "e-edge": edge,
        "e-cursor": cursor,
        "e-on-cursor": on_cursor,
    }


_DARK = _own("#232a36", "#8490a3", "#6f7b90", "#22c7f2", "#5b8cff", "#26303f", "#17324f", "#f2f7ff")
THEMES = (
    Theme(
        "echoctl-dark", primary="#3b82f6", secondary="#22c7f2", accent="#7cc4ff", warning="#f0be00", error="#ff5a5a",
        success="#3ddc97", foreground="#d6deeb", background="#0a0e14", surface="#0d121b", panel="#121926",
        variables=_DARK,
    ),
    Theme(
        "echoctl-light", primary="#0b5bd3", secondary="#0077a8", accent="#0b5bd3", warning="#8a5a00", error="#c3141f",
        success="#0a7a46", foreground="#1b2330", background="#f7f8fa", surface="#ffffff", panel="#eceff4", dark=False,
        variables=_own("#d5dae2", "#566070", "#68727f", "#0077a8", "#3056d3", "#c3cad5", "#cfe3ff", "#0b1f3a"),
    ),
    Theme(
        "echoctl-contrast", primary="#ffffff", secondary="#00ffff", accent="#ffff00", warning="#ffff00",
        error="#ff8080", success="#00ff80", foreground="#ffffff", background="#000000", surface="#000000",
        panel="#000000",
        variables=_own("#808080", "#e0e0e0", "#ffffff", "#00ffff", "#80c0ff", "#ffffff", "#ffff00", "#000000"),
    ),
    Theme(
        "echoctl-mono", primary="#d0d0d0", secondary="#d0d0d0", accent="#ffffff", warning="#ffffff", error="#ffffff",
        success="#e0e0e0", foreground="#d0d0d0", background="#101010", surface="#101010", panel="#181818",
        variables=_own("#383838", "#909090", "#808080", "#ffffff", "#ffffff", "#404040", "#d0d0d0", "#101010"),
    ),
    Theme(
        "echoctl-ansi", ansi=True, primary="ansi_blue", secondary="ansi_cyan", accent="ansi_cyan",
        warning="ansi_yellow", error="ansi_red", success="ansi_green", foreground="ansi_default",
        background="ansi_default", surface="ansi_default", panel="ansi_default", boost="ansi_default",
        variables=BUILTIN_THEMES["ansi-dark"].variables | _own(
            "ansi_bright_black", "ansi_default", "ansi_bright_black", "ansi_bright_cyan", "ansi_bright_blue",
            "ansi_bright_black", "ansi_blue", "ansi_bright_white",
        ),
    ),
)  # fmt: skip
"""One per wish; any theme of Textual works too."""


def borrowed(theme: Theme) -> dict[str, str]:
    """The variables of app.tcss for a theme that is not ours: between its own foreground and background."""
    colours = theme.to_color_system().generate()
    if theme.ansi:
        return THEMES[-1].variables
    front, back = Color.parse(colours["foreground"]), Color.parse(colours["background"])
    faint, edge, label, dim = (back.blend(front, share).hex6 for share in (0.12, 0.25, 0.55, 0.7))
    cursor = back.blend(Color.parse(colours["primary"]), 0.4).hex6
    return _own(faint, dim, label, colours["primary"], colours["secondary"], edge, cursor, front.hex6)


def ring_style(theme: str, *, ascii_only: bool, colourless: bool) -> RingStyle:
    """How the ring is drawn in a theme."""
    if ascii_only:
        return RingStyle.ASCII
    if colourless or theme == "echoctl-mono":
        return RingStyle.MONO
    return RingStyle.ANSI if theme.startswith(("echoctl-ansi", "ansi")) else RingStyle.BLOCKS


def dress(app: App[Any], name: str) -> None:
    """Give the app our themes, and this one on. Raises UsageError when there is no such theme."""
    for one in THEMES:
        app.register_theme(one)
    if name not in app.available_themes:
        near = difflib.get_close_matches(name, app.available_themes, 1)
        ours = f"ours: {', '.join(one.name for one in THEMES)}"
        raise UsageError(f"no theme named {name}", f"did you mean {near[0]}?" if near else ours)
    app.theme = name
