"""`echoctl plugins`: which plugins there are. Looking imports none of them."""

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import command_group

app = command_group("Plugins hear what the listener does, each in a process of its own.")


@app.callback()
def _root() -> None:
    """Keeps `list` a command of its own: Typer would make an app with one command that command."""


@app.command("list")
def list_plugins(json: output.Json = False) -> None:
    """List the installed plugins, and whether they run. Imports none of them.

    \b
    echoctl plugins list
    ECHOCTL_PLUGINS=notify echoctl listen    only this one
    ECHOCTL_PLUGINS=none echoctl listen      none at all
    """
    # importlib.metadata and the settings: 40 ms that --help should not pay.
    from dataclasses import asdict

    from echoctl.config import loader
    from echoctl.hooks import plugins

    found, shared = plugins.installed(), loader.load().hooks.transcripts
    if json:
        output.document({"plugins": [asdict(plugin) for plugin in found], "transcripts": shared})
        return
    if not found:
        diagnostics.note("no plugin is installed")
        diagnostics.hint("pip install one, as echoctl-notify, beside echoctl")
        return
    output.table(
        [(p.name, "on" if p.enabled else "off", f"{p.distribution} {p.version}", p.summary) for p in found],
        ("PLUGIN", "STATE", "FROM", "WHAT IT DOES"),
    )
    for name in plugins.missing(found):
        diagnostics.note(f"there is no plugin {name}, which {plugins.VARIABLE} names")
    if any(not plugin.enabled for plugin in found):
        diagnostics.note(f"{plugins.VARIABLE} says which of them run")
    diagnostics.note(
        f"hooks.transcripts is {str(shared).lower()}: they {'see' if shared else 'do not see'} what was said"
    )
