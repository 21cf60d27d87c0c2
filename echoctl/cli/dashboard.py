"""Starting the dashboard. Apart from its command, so that plain `echoctl tui` loads no command-line library."""

import dataclasses
import os

from echoctl.config import loader
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui import run, theme


def show(*, listen: bool = True, look: str | None = None, ascii_only: bool = False, motion: bool = True) -> int:
    """Show the dashboard until it is left; returns the exit code. Raises UsageError before anything is drawn."""
    run.check_terminal()
    settings = loader.load()
    plain = theme.COLOURLESS if os.environ.get("NO_COLOR") else theme.DEFAULT
    options = run.Options(
        spec=dataclasses.replace(EarSpec.configured(settings), level=True),
        listen=listen,
        theme=look or settings.tui.theme or plain,
        ascii=ascii_only or settings.tui.ascii,
        motion=settings.tui.motion and motion,
    )
    code, bug = run.run(options, settings, _note)
    if bug is not None:
        from echoctl.cli.terminal import diagnostics  # typer, once the screen is gone

        diagnostics.report(diagnostics.bug(bug))
    return code


def _note(text: str) -> None:
    from echoctl.cli.terminal import diagnostics  # typer, once the screen is gone

    diagnostics.note(text)
