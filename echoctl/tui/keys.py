"""The keys: each action's id (by which the configuration gives it other keys), its keys, and what it does."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType, InvalidBinding

from echoctl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Key:
    """An action and its keys: a row of the table below."""

    id: str
    keys: str
    """Textual's names, separated by commas; the first is the one that is shown."""
    action: str
    label: str
    text: str
    twin: str = ""
    """The command that does the same."""


KEYS = (
    Key("mute", "m", "mute", "mute", "mute or unmute: muted, the microphone is closed", "echoctl mute, echoctl unmute"),
    Key("talk", "space", "talk", "talk", "push to talk: begin a request without a wake word", "echoctl listen --now"),
    Key("listen", "s", "listen", "listen", "start or stop listening in this terminal", "echoctl listen"),
    Key("all", "1", "view('all')", "all", "everything on one screen", ""),
    Key("now", "2", "view('now')", "now", "the ring and this moment", "echoctl status --follow"),
    Key("history", "3", "view('history')", "history", "the history", "echoctl history list"),
    Key("traffic", "4", "view('traffic')", "traffic", "what the speakers around you send", "echoctl traffic"),
    Key("longer", "minus", "zoom(1)", "longer", "traffic: a longer time", "echoctl traffic verdict --since"),
    Key("shorter", "plus,equals_sign", "zoom(-1)", "shorter", "traffic: a shorter time", ""),
    Key("next", "tab", "next_pane", "pane", "the next pane", ""),
    Key("search", "slash", "history('search')", "search", "search the history", "echoctl history search"),
    Key("open", "enter", "open", "open", "open what is selected", "echoctl history show, traffic verdict"),
    Key("play", "p", "history('play')", "play", "play the recording, or stop playing", "echoctl history play"),
    Key("feedback", "f", "history('feedback')", "right?", "say whether the text is right", "echoctl history feedback"),
    Key("export", "e", "history('export')", "export", "write the recording to a file", "echoctl history export"),
    Key("copy", "c", "history('copy')", "copy", "copy the text to the clipboard", "echoctl history show"),
    Key("delete", "d", "history('delete')", "delete", "delete the recording for good", "echoctl history delete ID"),
    Key(
        "delete_all",
        "D,shift+d",
        "history('delete_all')",
        "delete all",
        "delete everything",
        "echoctl history delete --all",
    ),
    Key("unlock", "u", "history('unlock')", "unlock", "unlock the texts", ""),
    Key("lock", "l", "history('lock')", "lock", "lock the texts", ""),
    Key("back", "escape", "back", "back", "back to everything", ""),
    Key("keys", "question_mark,f1", "keys", "keys", "these keys", "echoctl tui --help"),
    Key("quit", "q,ctrl+c", "quit", "quit", "quit; what is being recorded is sealed first", ""),
)

BY_ID = {key.id: key for key in KEYS}

PALETTE = Key("palette", "ctrl+p", "command_palette", "commands", "every verb, themes", "echoctl --help")

MOVES = (
    ("↑ ↓  k j", "one up or down"),
    ("PgUp PgDn", "a page"),
    ("Home End  g G", "newest, oldest"),
)
"""Keys of the lists, which are as everywhere."""

NAMES = {
    "space": "space",
    "slash": "/",
    "question_mark": "?",
    "ctrl+p": "^p",
    "enter": "⏎",
    "tab": "tab",
    "escape": "Esc",
    "full_stop": ".",
    "comma": ",",
    "minus": "-",
    "plus": "+",
}


def bindings(*ids: str, target: str = "") -> list[BindingType]:
    """Textual's bindings of these actions, of all of them without any. By their ids a keymap gives them other keys."""
    return [
        Binding(key.keys, f"{target}{key.action}", key.label, show=False, id=key.id, tooltip=key.text)
        for key in (*KEYS, PALETTE)
        if not ids or key.id in ids
    ]


def keymap(changes: Mapping[str, str]) -> dict[str, str]:
    """id -> keys in Textual's spelling, with the person's own. Raises UsageError."""
    known = {key.id: key.keys for key in (*KEYS, PALETTE)}
    for name in changes:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
            raise UsageError(f"tui.keys: there is no action {name}", hint)
    chosen = {**known, **{name: _spelled(name, keys) for name, keys in changes.items()}}
    owner: dict[str, str] = {}
    for name, keys in chosen.items():
        for key in keys.split(","):
            if key in owner:
                raise UsageError(f"tui.keys: {key} would both {owner[key]} and {name}", "give one of them another key")
            owner[key] = name
    return chosen


def _spelled(name: str, keys: str) -> str:
    """Keys as Textual knows them: "x, ?" is "x,question_mark". Raises UsageError."""
    try:
        return ",".join(binding.key for binding in Binding.make_bindings([Binding(keys, name)]))
    except InvalidBinding:
        hint = "name one, as Textual writes it: x, f2, ctrl+x"
        raise UsageError(f"tui.keys: {name} would have no key", hint) from None


def shown(keys: str) -> str:
    """A key as it stands in the key bar: the first one, by its sign."""
    first = keys.split(",")[0]
    return NAMES.get(first, first.replace("ctrl+", "^"))
