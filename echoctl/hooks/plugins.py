"""Which plugins there are, found without importing them, and a plugin in a process of its own.

A plugin that raises, hangs, prints, exits or crashes does so there: here it costs a line and a count.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from echoctl import paths
from echoctl.errors import PluginError
from echoctl.hooks.specs import GROUP

VARIABLE = "ECHOCTL_PLUGINS"
"""Which plugins may run: names with commas between them, or `none`. Not set: all."""

LIMIT_S = 10.0
"""How long a plugin may take to load, and how long for one event."""

LIVES = 3
"""A plugin whose process ended this often is left out."""


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """A plugin as its distribution describes it."""

    name: str
    enabled: bool
    """ECHOCTL_PLUGINS lets it run."""
    module: str
    distribution: str
    version: str
    summary: str


def installed(environ: Mapping[str, str] = os.environ) -> list[InstalledPlugin]:
    """All plugins of this Python, by name. Imports none of them."""
    wanted = _wanted(environ)
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        about = entry.dist.metadata if entry.dist else None
        name, version, summary = ((about[key] or "" if about else "") for key in ("Name", "Version", "Summary"))
        found.append(
            InstalledPlugin(entry.name, wanted is None or entry.name in wanted, entry.value, name, version, summary)
        )
    return found


def missing(plugins: Collection[InstalledPlugin], environ: Mapping[str, str] = os.environ) -> list[str]:
    """Names in ECHOCTL_PLUGINS that no installed plugin has."""
    return sorted((_wanted(environ) or set()) - {plugin.name for plugin in plugins})


def _wanted(environ: Mapping[str, str]) -> set[str] | None:
    """The names in ECHOCTL_PLUGINS; None when it does not say."""
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return None
    return set() if text == "none" else {name.strip() for name in text.split(",") if name.strip()}


class PluginProcess:
    """Hands events to one plugin, and waits for it. Starts its process with the first event. Close it at the end."""

    def __init__(self, name: str, limit_s: float = LIMIT_S) -> None:
        self._name = name
        self._limit_s = limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._types: list[str] | None = None
        self._rest = b""
        self._lives = LIVES

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Hand one event over. Raises PluginError when the plugin raised, took too long, or ended."""
        if not self._lives:
            return
        process = self._process or self._spawn()
        try:
            if self._process is None:
                self._load(process)
            if self._types is not None and event["type"] not in self._types:
                return
            _say(process, event)
            answer = self._answer(process)
        except _Ended as ended:
            if self._lives:  # else it was closed meanwhile
                self._lives -= 1
                self._process = None
                _kill(process)
                raise PluginError(f"{ended}{'' if self._lives else '; it is left out from now on'}", "") from ended
            return
        if fault := answer.get("fault"):
            raise PluginError(fault, "")

    def close(self, patience_s: float = 0.0) -> None:
        """End the plugin; if it does not exit within `patience_s` it is killed, with all its processes."""
        process, self._process, self._lives = self._process, None, 0
        if process is None:
            return
        assert process.stdin
        if patience_s:
            with contextlib.suppress(OSError):
                process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience_s)
        if process.poll() is None:
            _kill(process)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        debug = bool(os.environ.get("ECHOCTL_DEBUG"))
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "echoctl.hooks.host", self._name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What a plugin prints might be what was said: it is discarded, unless somebody debugs.
            stderr=None if debug else subprocess.DEVNULL,
            env=paths.child_environment(),
            start_new_session=True,  # a Ctrl-C in the terminal is for the front; and all its processes can be ended
        )

    def _load(self, process: "subprocess.Popen[bytes]") -> None:
        """Read which types of events the plugin wants."""
        self._process, self._rest = process, b""
        answer = self._answer(process)
        if fault := answer.get("fault"):
            self._lives = 1  # what does not load will not load the next time
            raise _Ended(f"does not load: {fault}")
        self._types = answer["types"]

    def _answer(self, process: "subprocess.Popen[bytes]") -> dict[str, Any]:
        """The next line of the plugin's process. Raises _Ended when there is none, or none in time."""
        assert process.stdout
        end = time.monotonic() + self._limit_s
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise _Ended(f"took more than {self._limit_s:g} s and was ended")
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    raise _Ended(_how_it_ended(process))
                self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _say(process: "subprocess.Popen[bytes]", event: Mapping[str, Any]) -> None:
    assert process.stdin
    try:
        process.stdin.write(json.dumps(event).encode() + b"\n")
        process.stdin.flush()
    except OSError as exc:
        raise _Ended(_how_it_ended(process)) from exc


def _how_it_ended(process: "subprocess.Popen[bytes]") -> str:
    try:
        code = process.wait(1.0)
    except subprocess.TimeoutExpired:
        return "closed its pipe"
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended by itself (exit code {code})"


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Ended(Exception):
    """The plugin's process has ended, or did not answer in time."""
