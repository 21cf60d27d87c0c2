"""Real shells in terminals of their own, with `echoctl` on the PATH and somebody who presses Tab."""

import os
import pty
import re
import select
import shlex
import signal
import stat
import sys
import time
from pathlib import Path

from tests.conftest import REPOSITORY

COMPLETIONS = REPOSITORY / "completions"

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|[\x00\x07\r]")


def install(folder: Path) -> Path:
    """Put an `echoctl` into `folder` that runs this checkout, and notes each call in `calls`; returns `folder`."""
    folder.mkdir(exist_ok=True)
    command = folder / "echoctl"
    calls, repository, python = (shlex.quote(str(path)) for path in (folder / "calls", REPOSITORY, sys.executable))
    command.write_text(f'#!/bin/sh\necho "$*" >> {calls}\nPYTHONPATH={repository} exec {python} -m echoctl "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return folder


class Shell:
    """An interactive shell. Use as a context manager."""

    def __init__(self, argv: list[str], path: Path, setup: str) -> None:
        self._argv = argv
        self._path = path
        self._setup = setup
        self.shown = ""

    def __enter__(self) -> "Shell":
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            try:
                os.environ.update(
                    PATH=f"{self._path}:{os.environ['PATH']}", TERM="xterm", PS1="> ", INPUTRC="/dev/null"
                )
                os.execvp(self._argv[0], self._argv)
            finally:  # or this copy of pytest would go on through the suite
                os._exit(127)
        self.type(self._setup + "\necho rea''dy\n", until="ready\n")
        return self

    def __exit__(self, *exc: object) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def type(self, keys: str, *, until: str, limit_s: float = 20.0) -> str:
        """Type, and read until `until` is shown; returns what was shown since. Fails when it never is."""
        os.write(self._terminal, keys.encode())
        fresh, end = "", time.monotonic() + limit_s
        while until not in fresh:
            assert time.monotonic() < end, f"no {until!r} in {fresh!r}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.shown += os.read(self._terminal, 65536).decode(errors="replace")
                fresh = _ESCAPES.sub("", self.shown)
        self.shown = ""
        return fresh
