"""The command table, and the one place where an error becomes a line and an exit code.

A command is named here with its help line and imported only when it runs: `echoctl --help` imports none of them.
"""

import difflib
import errno
import gc
import importlib
import os
from collections.abc import Sequence

import typer

from echoctl import __version__, sigint
from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import Command, CommandGroup, Context, HelpFormatter, command_group, name_values
from echoctl.errors import EchoctlError, ExitCode, UsageError

COMMANDS = {
    "listen": "Wait for a wake word, record, transcribe and store, sealed",
    "tui": "Show the dashboard: the ring, this moment, the history, the traffic",
    "mute": "Close the microphone, and keep it closed",
    "unmute": "Open the microphone again",
    "status": "Show state, mute and counters, once or as they change",
    "history": "List, search, show, play, export, correct and delete what was heard",
    "vault": "How recordings are sealed, and who can open them",
    "traffic": "Watch what a smart speaker sends, and judge it",
    "retention": "How long recordings are kept, and what goes next",
    "guest": "Stays: what a guest says goes when the guest does",
    "model": "Install, list, verify and remove speech models",
    "wake": "Measure wake words, and set how sure is sure",
    "devices": "Show microphones and speakers",
    "doctor": "Check the installation, each finding with its cure",
    "audit": "Try whether what listens can get out, and look for leaks",
    "config": "Show, check and find the settings",
    "db": "Find the database, and check that it is sound",
    "plugins": "List the plugins, without importing them",
    "completion": "Print the script that lets Tab complete all this",
}
"""Name -> help line."""

PLACES = {
    "listen": "listen.commands",
    "mute": "listen.mute",
    "unmute": "listen.unmute",
    "status": "listen.status",
    "wake": "listen.wake",
    "history": "history.commands",
    "vault": "vault.commands",
    "traffic": "traffic.commands",
}
"""Name -> where below echoctl.cli its `app` is; a command that is missing here has a module of its own name."""


def typer_app(name: str) -> typer.Typer:
    """Import the module of one command; returns its app."""
    app: typer.Typer = importlib.import_module(f"echoctl.cli.{PLACES.get(name, name)}").app
    return app


class LazyGroup(CommandGroup):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: Context) -> list[str]:
        """The names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import and build one command."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(typer_app(cmd_name))
        command.name = cmd_name
        name_values(command)
        gc.enable()  # echoctl.__main__ has switched it off, and commands may run for days
        sigint.raised()
        return command

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """As Typer does, with the likely meant command in the hint."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            raise UsageError(
                f"no such command: {args[0]}", f"did you mean {near[0]}?" if near else "echoctl --help lists them"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the table without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = command_group(
    "A smart speaker's ear without its cloud, on your own machine.\n\n"
    "\b\n"
    "echoctl listen             say: alexa, what time is it\n"
    "echoctl history list       what was heard\n"
    "echoctl mute               close the microphone\n"
    "echoctl traffic verdict    whether a smart speaker sent what nobody called for",
    cls=LazyGroup,
)


def _version(wanted: bool) -> None:
    if wanted:
        output.line(f"echoctl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of echoctl itself."""


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Every error ends here as one line and a hint."""
    try:
        return _run(argv)
    except BrokenPipeError:
        # The reader has gone (`| head -1`): not an error of ours, and nothing may be written at exit either.
        output.discard()
        return ExitCode.OK


def _run(argv: Sequence[str]) -> int:
    json = "--json" in argv
    try:
        code = _invoke(argv)
        output.flush()
        return code
    except EchoctlError as error:
        return diagnostics.report(error, json=json)
    except typer.TyperException as error:
        return diagnostics.report(_usage(error, argv), json=json)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.SIGINT
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise BrokenPipeError from error
        output.discard()  # what could not be written must not fail once more at exit
        return diagnostics.report(diagnostics.system_error(error))
    except Exception as error:
        if os.environ.get("ECHOCTL_DEBUG"):
            raise
        return diagnostics.report(diagnostics.bug(error), json=json)


def _invoke(argv: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        with command.make_context("echoctl", list(argv)) as context:
            command.invoke(context)
    except typer.Exit as leave:
        return leave.exit_code
    return ExitCode.OK


def _usage(error: typer.TyperException, argv: Sequence[str]) -> UsageError:
    """Typer's own complaint in echoctl's voice."""
    context = getattr(error, "ctx", None)  # none where an option lacks its value
    where = context.command_path if context else " ".join(["echoctl", *(word for word in argv[:1] if word in COMMANDS)])
    text = error.format_message().rstrip(".")
    return UsageError(text[:1].lower() + text[1:], f"{where} --help shows what it takes")
