"""Asking before something is destroyed: plan, show, confirm. One policy for every command."""

import sys
from typing import Annotated

import typer

from echoctl.cli.terminal import diagnostics
from echoctl.errors import Refused

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and touch nothing.")]


def ask(plan: str, *, yes: bool, dry_run: bool = False, typed: str | None = None) -> bool:
    """Show the plan and find out whether to go on.

    Returns False for a dry run, True to go on. `typed` is a phrase that must be typed out where a mere y is too
    cheap. Raises Refused when the person says no, or when nobody is there to be asked and `yes` was not given.
    """
    for text in plan.splitlines():
        diagnostics.note(text)
    if dry_run:
        return False
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(
            "this needs a confirmation, and nobody is at the terminal", "say --yes, or look first with --dry-run"
        )
    answer = diagnostics.prompt(f"type '{typed}' to go on: " if typed else "go on? [y/N] ")
    if answer.strip().lower() != (typed or "y"):
        raise Refused("nothing was touched", "")
    return True
