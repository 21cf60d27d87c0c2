"""The only writer of stderr: everything that is for a person and not data.

`echoctl: error: what happened` and `echoctl: hint: what to do`, one line each, lower case, no full stop.
Progress and the light are drawn on a terminal only and leave nothing behind.
"""

import errno
import os
import shutil
import sys
import time

from echoctl import logs
from echoctl.cli.terminal import output
from echoctl.errors import EchoctlError, NotFound, StoreError, UsageError


def note(text: str) -> None:
    """A line that a person may want to know."""
    _write(f"echoctl: {text}\n")


def hint(text: str) -> None:
    """What one may do next."""
    _write(f"echoctl: hint: {text}\n")


def report(error: EchoctlError, *, json: bool = False) -> int:
    """Say what went wrong, as a line and a hint (and as the last JSON line of stdout), and return the exit code."""
    if json:
        output.event(
            {"type": "error", "code": error.exit_code, "message": error.message, "hint": error.hint},
        )
    _write(f"echoctl: error: {_one_line(error.message)}\n")
    if error.hint:
        hint(_one_line(error.hint))
    return error.exit_code


def system_error(error: OSError) -> EchoctlError:
    """What the operating system refused, outside the places that know better."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk is full: {what}", "free some space and try again")
    if error.errno == errno.ENOENT:
        return NotFound(what, "check the path")
    if error.filename:
        return UsageError(what, "check the path and its rights")
    return EchoctlError(what, "the operating system refused it")


def bug(error: Exception) -> EchoctlError:
    """Something nobody expected: the traceback goes to the log, a line to the person."""
    try:
        where = f"the details are in {logs.record_bug(error)}"
    except (OSError, EchoctlError):
        where = "set ECHOCTL_DEBUG=1 to see the details"
    return EchoctlError(f"a bug in echoctl ({type(error).__name__})", where)


class Progress:
    """A bar on stderr, drawn at most ten times a second and only for a person; erased at the end."""

    def __init__(self, total: int, label: str) -> None:
        self.total = total
        self.label = label
        self._shown = is_terminal()
        self._last = 0.0

    def update(self, done: int) -> None:
        """Show that `done` of `total` is done."""
        now = time.monotonic()
        if not self._shown or now - self._last < 0.1:
            return
        self._last = now
        share = min(1.0, done / self.total) if self.total else 0.0
        cells = max(10, min(40, shutil.get_terminal_size().columns - len(self.label) - 12))
        bar = "█" * round(share * cells) + "░" * (cells - round(share * cells))
        status(f"{self.label} {bar} {share:4.0%}")

    def close(self) -> None:
        """Erase the bar, so that nothing of it stays between the lines around it."""
        if self._shown:
            status("")


def status(text: str) -> None:
    """Redraw the one line that is kept at the bottom; empty erases it."""
    _write(f"\r\x1b[K{text}")


def prompt(text: str) -> str:
    """Ask the person at the terminal and return the answer; the end of input, or no text at all, counts as empty."""
    _write(f"echoctl: {text}")
    try:
        return sys.stdin.readline().rstrip("\n")
    except UnicodeDecodeError:
        return ""


def is_terminal() -> bool:
    """Whether a person looks at stderr."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def has_colour() -> bool:
    """Whether colour may be used on stderr: a terminal, and no NO_COLOR (no-color.org: any non-empty value)."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _write(text: str) -> None:
    # A person who closed stderr does not want to hear; the exit code still tells.
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return
