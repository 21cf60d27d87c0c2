"""How a command or a group of commands is made, so that all of them look alike."""

from typing import Any, TypeAlias

import typer
from typer.core import TyperGroup

from echoctl.cli.terminal import output

Command: TypeAlias = Any
Context: TypeAlias = Any
HelpFormatter: TypeAlias = Any
"""Typer's copy of Click has no public names for these: docs/decisions/0002."""


class CommandGroup(TyperGroup):
    """A group that shows its help when nothing else is asked of it, with the whole first sentence of each command."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """As Typer does; without arguments the help is the answer, not an error."""
        if not args and not self.invoke_without_command:
            output.line(ctx.get_help())
            raise typer.Exit
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the table of commands; Typer would cut each line at 45 characters."""
        rows = [(name, first_sentence(command.help)) for name, command in self.commands.items() if not command.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def command_group(text: str, *, cls: type[TyperGroup] = CommandGroup, alone: bool = False) -> typer.Typer:
    """A Typer app with echoctl's manners: plain help, no traceback boxes, no edits of anybody's shell files.

    `alone`: of a group, its callback is a command as well.
    """
    return typer.Typer(
        help=text,
        cls=cls,
        invoke_without_command=alone,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def first_sentence(text: str | None) -> str:
    """The first sentence of a help text, on one line and without its full stop."""
    paragraph = (text or "").strip().split("\n\n")[0].split("\b")[0]
    return " ".join(paragraph.split()).split(". ")[0].rstrip(".")


def name_values(command: Command) -> None:
    """Let the help say `--room ROOM` and `--limit N` where Typer says `<str>` and `<int range>`."""
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.metavar and not getattr(parameter, "is_flag", False):
            if parameter.type.name in ("str", "text"):
                parameter.metavar = max(parameter.opts, key=len).strip("-").upper()
            elif parameter.type.name.startswith(("int", "float")):
                parameter.metavar = "N"
    if isinstance(command, TyperGroup):
        for sub in command.commands.values():
            name_values(sub)
