"""`--exec`: a command that gets each event as one JSON line on its stdin."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

from echoctl.errors import PluginError, UsageError

LIMIT_S = 10.0
"""A command that runs longer is ended with its whole process group."""

KINDS = ("ready", "wake", "transcript", "recording", "near_miss", "state", "device", "error")
"""Partials are left out: several a second, each would start a process."""


class Command:
    """Runs the command once per event: split into words, no shell, in a process group of its own."""

    def __init__(self, command: str, limit_s: float = LIMIT_S) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as exc:
            raise UsageError(
                f"--exec: {exc}", "quote it as for a shell; it is split into words, no shell runs"
            ) from exc
        if not self._words:
            raise UsageError("--exec needs a command", "for example: --exec 'notify-send heard'")
        self._limit_s = limit_s

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Hand one event over and wait for the command. Raises PluginError when it fails or takes too long."""
        if event["type"] not in KINDS:
            return
        try:
            process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as exc:
            raise PluginError(f"cannot run {self._words[0]}: {exc.strerror}", "") from exc
        try:
            process.communicate(json.dumps(event).encode() + b"\n", timeout=self._limit_s)
        except subprocess.TimeoutExpired as exc:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise PluginError(f"took more than {self._limit_s:g} s and was ended", "") from exc
        if process.returncode:
            raise PluginError(f"exit code {process.returncode}", "")
