"""`echoctl tui`: the dashboard. What it shows is in echoctl/tui."""

from typing import Annotated

import typer

from echoctl.cli.terminal.group import command_group

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
    from echoctl.cli import dashboard  # Textual: fifteen bare interpreters

    if code := dashboard.show(listen=not no_listen, look=theme, ascii_only=ascii_, motion=not no_motion):
        raise typer.Exit(code)
