"""`echoctl tui`: the dashboard. What it shows is in echoctl/tui."""

import dataclasses
from typing import Annotated

import typer

from echoctl.cli import diagnostics
from echoctl.cli.group import command_group

app = command_group("Show the dashboard.")

NoListen = Annotated[bool, typer.Option("--no-listen", help="Only look: do not open the microphone.")]
Theme = Annotated[str | None, typer.Option("--theme", help="echoctl-dark, -light, -contrast, -mono or -ansi.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with plain ASCII characters.")]
NoMotion = Annotated[bool, typer.Option("--no-motion", help="Show each state as a still picture.")]


@app.command()
def tui(no_listen: NoListen = False, theme: Theme = None, ascii_: Ascii = False, no_motion: NoMotion = False) -> None:
    """Show the dashboard: the ring, this moment, the history, the traffic. Press ? for its keys.

    Listens itself when no listener runs; else it shows what the one in the other terminal does. The same without a
    screen: echoctl status --follow, echoctl history list, echoctl traffic verdict.
    """
    from echoctl.cli import wishes  # noqa: PLC0415 - settings: not for --help
    from echoctl.tui import run  # noqa: PLC0415 - Textual: fifteen bare interpreters
    from echoctl.tui import theme as themes  # noqa: PLC0415 - the same

    run.check_terminal()
    settings, spec = wishes.configured()
    chosen = theme or settings.tui.theme or (themes.DEFAULT if diagnostics.has_colour() else themes.COLOURLESS)
    options = run.Options(
        spec=dataclasses.replace(spec, level=True),
        listen=not no_listen,
        theme=chosen,
        ascii=ascii_ or settings.tui.ascii,
        motion=settings.tui.motion and not no_motion,
    )
    code, bug = run.run(options, settings, diagnostics.note)
    if bug is not None:
        diagnostics.report(diagnostics.bug(bug))
    if code:
        raise typer.Exit(code)
