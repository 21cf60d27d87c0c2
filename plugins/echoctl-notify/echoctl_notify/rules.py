"""Rules: which event leads to which notification or command, from notify.toml."""

import json
import shlex
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echoctl import paths
from echoctl.errors import PluginError
from echoctl_notify import desktop


@dataclass(frozen=True)
class Rule:
    """What to do about one type of event. It is a handler: called with an event of that type."""

    on: str
    show: str = ""
    """The text of a notification; {key} stands for what the event has there."""
    run: str = ""
    """A command: split into words, no shell; the event is on its stdin."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Values that the event must have."""

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show and run, if the event is meant. Raises PluginError with words for people."""
        if any(event.get(key) != value for key, value in self.where.items()):
            return
        if self.show:
            desktop.notify(_filled(self.show, event))
        if self.run:
            _run(self.run, event)


USUAL = (
    Rule("recording", show="Heard something: {duration_ms} ms"),
    Rule("state", show="The microphone is closed", where={"state": "muted"}),
    Rule("error", show="{message}"),
)
"""Without a notify.toml."""


def load() -> list[Rule]:
    """Read the rules. Raises PluginError that names what is wrong."""
    file = Path(paths.config_dir()) / "notify.toml"
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return list(USUAL)
    except (OSError, ValueError) as error:
        raise PluginError(f"{file} cannot be read: {error}", "") from error
    rules = data.get("rule")
    if set(data) != {"rule"} or not isinstance(rules, list):
        raise PluginError(f"{file} must hold [[rule]] tables and nothing else", "")
    return [_rule(f"{file}, rule {number}", table) for number, table in enumerate(rules, 1)]


_TYPES = {"on": str, "show": str, "run": str, "where": dict}


def _rule(place: str, table: Mapping[str, Any]) -> Rule:
    for key, value in table.items():
        if key not in _TYPES or not isinstance(value, _TYPES[key]):
            raise PluginError(f"{place}: {key} is not one of on, show, run (texts) and where (a table)", "")
    if not table.get("on") or not (table.get("show") or table.get("run")):
        raise PluginError(f"{place}: needs on, and show or run", "")
    return Rule(**table)


def _filled(text: str, event: Mapping[str, Any]) -> str:
    try:
        return text.format_map(event)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        why = f"{error}{' (hooks.transcripts is not true)' if error.args[0] in ('text', 'words') else ''}"
        raise PluginError(f"{text!r} asks for what a {event['type']} event does not have: {why}", "") from error


def _run(command: str, event: Mapping[str, Any]) -> None:
    try:
        done = subprocess.run(shlex.split(command), input=json.dumps(event).encode(), capture_output=True, check=False)
    except (OSError, ValueError) as error:
        raise PluginError(f"cannot run {command}: {error}", "") from error
    if done.returncode:
        raise PluginError(f"{command} ended with exit code {done.returncode}", "")
