"""The command tree as plain `Command`s, walked from the Typer apps: what every shell's writer starts from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from echoctl.cli import app as root
from echoctl.cli.terminal.group import first_sentence
from echoctl.config import loader
from echoctl.tui.theme import THEMES

FREE, FILE = "", "file"
"""What may stand for a value: any text, a file, "one|of|these", or "@kind" for `echoctl _complete kind`."""

ASKED = {
    "room": "@rooms",
    "wake_word": "@wake-words",
    "before_id": "@recordings",
    "history ID": "@recordings",
    "model NAME": "@models",
    "guest": "@guests",
    "guest check-out NAME": "@guests",
    "traffic DEVICE": "@devices",
    "traffic MAC": "@devices",
    "traffic --device": "@devices",
    "traffic --interface": "@interfaces",
    "traffic --endpoint": "@endpoints",
}
"""Parameters whose values store or machine know: by name, or by command (or its group) and metavar or option."""

KNOWN = {
    "config KEY": "|".join(key for key, *_ in loader.entries(loader.Config())),
    "tui --theme": "|".join(theme.name for theme in THEMES),
}
"""Parameters whose values the program knows, without being choices."""


@dataclass(frozen=True)
class Option:
    """An option with its spellings; `value` is None for a switch."""

    names: tuple[str, ...]
    help: str
    value: str | None
    many: bool = False


@dataclass(frozen=True)
class Place:
    """A positional argument."""

    name: str
    value: str
    many: bool


@dataclass(frozen=True)
class Command:
    """A command or a group: `path` is what is typed to get there."""

    path: tuple[str, ...]
    help: str
    subs: tuple["Command", ...]
    options: tuple[Option, ...]
    places: tuple[Place, ...]

    @property
    def switches(self) -> list[str]:
        """The spellings of the options that take no value."""
        return [name for option in self.options if option.value is None for name in option.names]

    @property
    def takes(self) -> list[tuple[str, str]]:
        """The spellings of the other options, with what they take."""
        return [(name, option.value) for option in self.options if option.value is not None for name in option.names]

    def walk(self) -> Iterator["Command"]:
        """This command and all below it."""
        yield self
        for sub in self.subs:
            yield from sub.walk()


_HELP = Option(("-h", "--help"), "Show the help and exit", None)


def tree() -> Command:
    """The whole command line."""
    subs = []
    for name, line in root.COMMANDS.items():
        command = typer.main.get_command(root.typer_app(name))
        subs.append(_command(("echoctl", name), command, line))
    top = _command(("echoctl",), typer.main.get_command(root.app), "")
    return Command(top.path, "", tuple(subs), top.options, ())


def _command(path: tuple[str, ...], command: Any, line: str = "") -> Command:
    children = command.commands.items() if isinstance(command, TyperGroup) else ()
    subs = tuple(_command((*path, name), child) for name, child in children if not child.hidden)
    options, places = [_HELP], []
    for parameter in command.params:
        if getattr(parameter, "hidden", False):
            continue
        if parameter.param_type_name == "argument":
            places.append(Place(_metavar(parameter), _value(path, parameter), parameter.nargs != 1))
        else:
            value = None if parameter.is_flag else _value(path, parameter)
            names = (*parameter.opts, *parameter.secondary_opts)
            options.append(Option(names, first_sentence(parameter.help), value, parameter.multiple))
    return Command(path, line or first_sentence(command.help), subs, tuple(options), tuple(places))


def _value(path: tuple[str, ...], parameter: Any) -> str:
    """What may stand for a parameter."""
    metavar = _metavar(parameter)
    names = (metavar, *parameter.opts)
    keys = (
        parameter.name,
        *(f"{path[1]} {name}" for name in names),
        *(f"{' '.join(path[1:])} {name}" for name in names),
    )
    if known := next((table[key] for table in (ASKED, KNOWN) for key in keys if key in table), None):
        return known
    if choices := getattr(parameter.type, "choices", None):
        return "|".join(str(getattr(choice, "value", choice)) for choice in choices)
    return FILE if parameter.type.name == "path" or re.search("FILE|PATH|DIR|TSV|CMD", metavar) else FREE


def _metavar(parameter: Any) -> str:
    return (parameter.metavar or parameter.name.strip("_").upper()).strip("[]….")
