"""`echoctl doctor`: is everything there, and what to do where it is not."""

import typer

from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group

app = command_group("Check the installation.")


@app.command()
def doctor(json: output.Json = False) -> None:
    """Check everything that listening needs; each finding comes with its cure.

    Changes nothing. Exits with the code of the first failed check, and with 0 when there is none.
    """
    from echoctl.services.system import health

    found = list(health.checks())
    if json:
        output.document(
            {
                "ok": not health.exit_code(found),
                "checks": [
                    {"name": check.name, "grade": check.grade, "text": check.text, "fix": check.fix} for check in found
                ],
            }
        )
    else:
        for check in found:
            output.line(f"{check.grade.value:<4}  {check.name:<13} {check.text}")
            if check.fix:
                output.line(f"{'':<4}  {'':<13} fix: {check.fix}")
    raise typer.Exit(health.exit_code(found))
