"""`echoctl config`: what is set, where it comes from, and what is wrong with it."""

from typing import Annotated

import typer

from echoctl import paths
from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import command_group
from echoctl.errors import ExitCode, NotFound

app = command_group(
    "Show and check the settings: defaults, config.toml, ECHOCTL_ variables.\n\n"
    "\b\n"
    "echoctl config show listen.room\n"
    "echoctl config validate"
)


@app.command()
def show(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY…]", help="Only these, as listen.room.")] = None,
    json: output.Json = False,
) -> None:
    """Show every setting, its value and where the value comes from."""
    from echoctl.config import loader

    wanted = {loader.OLD_NAMES.get(key, key) for key in keys or ()}
    settings = [entry for entry in loader.entries(loader.load()) if not wanted or entry[0] in wanted]
    if absent := sorted(wanted - {entry[0] for entry in settings}):
        raise NotFound(f"no setting {absent[0]}", "echoctl config show lists them")
    if json:
        output.document(
            [{"key": key, "value": value, "origin": origin, "help": text} for key, value, origin, text in settings]
        )
        return
    output.table(
        [(key, loader.as_toml(value), origin, text) for key, value, origin, text in settings],
        ("KEY", "VALUE", "FROM", "WHAT IT DOES"),
    )


@app.command()
def validate(json: output.Json = False) -> None:
    """List unknown names and values of a wrong kind, in config.toml and the ECHOCTL_ variables.

    Exits with 2 when there is one. What a value means is checked by the command that uses it: whether a key of the
    dashboard is taken, a theme is there, a command can be split into words.
    """
    from echoctl.config import loader

    found = list(loader.problems())
    if json:
        output.document(
            {
                "ok": not found,
                "file": paths.config_file(),
                "problems": [{"message": problem.message, "hint": problem.hint} for problem in found],
            }
        )
    else:
        for problem in found:
            output.line(problem.message)
            diagnostics.hint(problem.hint)
        if not found:
            output.line("no problems")
    raise typer.Exit(ExitCode.USAGE if found else ExitCode.OK)


@app.command()
def path(json: output.Json = False) -> None:
    """Print the path of config.toml, whether it exists or not."""
    if json:
        output.document({"path": paths.config_file()})
    else:
        output.line(paths.config_file())
