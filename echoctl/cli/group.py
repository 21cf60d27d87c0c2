"""How a command or a group of commands is made, so that all of them look alike."""

import typer
from typer.core import TyperGroup


def command_group(text: str, *, cls: type[TyperGroup] = TyperGroup) -> typer.Typer:
    """A Typer app with echoctl's manners: plain help, no traceback boxes, no edits of anybody's shell files."""
    return typer.Typer(
        help=text,
        cls=cls,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
