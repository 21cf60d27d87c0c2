"""From the command to the screen and back: descriptors, the end, and what goes on after it."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from echoctl import logs
from echoctl.config.schema import Config
from echoctl.errors import ExitCode, StoreError, UsageError
from echoctl.services import state
from echoctl.tui.app import Dashboard
from echoctl.tui.options import Options as Options

SOON_S = 0.5
"""An ear usually ends within this; it takes longer when it has something to seal."""

LATEST_S = 12.0
"""After that it is on its own: the kernel ends it with us."""


def check_terminal() -> None:
    """Raise UsageError where nothing can be drawn, or nobody could press a key."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError("the dashboard needs a terminal", "for scripts: echoctl status --follow, echoctl history list")


def run(options: Options, settings: Config, note: Callable[[str], None]) -> tuple[int, Exception | None]:
    """Show the dashboard until it is left; returns the exit code and the bug that ended it, if one did.

    `note` writes a line for the person, once the terminal is theirs again.
    """
    check_terminal()
    with _apart():
        app = Dashboard(options, settings)
        code = app.run()
    if not app.ear.join(SOON_S):
        note("sealing what is being recorded")
        app.ear.join(LATEST_S)
    if state.running():
        note(f"the listener in another terminal goes on{_pid()}: echoctl mute closes its microphone")
    elif app.ear.listened:
        note("the listener has ended: the microphone is closed")
    return (ExitCode.BUG if app.bug or app.return_code else code or ExitCode.OK), app.bug


def _pid() -> str:
    with contextlib.suppress(StoreError):  # nothing may fail here: the dashboard has been shown, and would be again
        return f" (pid {state.snapshot().pid})"
    return ""


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """Give the screen a descriptor of its own: C libraries write to 2, which is the log while this lasts."""
    before = sys.__stderr__
    with logs.c_libraries_to_log() as real, open(real, "w", encoding="utf-8", closefd=False) as screen:
        sys.__stderr__ = screen  # type: ignore[misc]  # where Textual draws
        try:
            yield
        finally:
            sys.__stderr__ = before  # type: ignore[misc]
