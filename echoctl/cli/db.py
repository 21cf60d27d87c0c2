"""`echoctl db`: the database as a file."""

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import command_group
from echoctl.errors import StoreError

app = command_group("Find the database, and check that it is sound.")


@app.command()
def path(json: output.Json = False) -> None:
    """Print where the database is, or would be."""
    from echoctl.services.system import database

    if json:
        output.document({"path": database.path()})
    else:
        output.line(database.path())


@app.command()
def check(json: output.Json = False) -> None:
    """Look for damage, and empty the write-ahead log.

    Needs no key. What is sealed is not opened: a recording that was altered shows in `echoctl history list`.
    """
    from echoctl.services.system import database

    health = database.check()
    if health is None:
        diagnostics.note("there is no database yet: echoctl listen makes it")
        if json:
            output.document({"path": database.path(), "exists": False})
        return
    if json:
        output.document(
            {
                "path": database.path(),
                "exists": True,
                "size": health.size,
                "schema": health.schema,
                "problems": health.problems,
                "log_emptied": health.log_emptied,
            }
        )
    else:
        for problem in health.problems:
            output.line(problem)
    if health.problems:
        raise StoreError(
            f"{database.path()} has {len(health.problems)} problems",
            "make a copy of it first; what still opens is in: echoctl history export",
        )
    if not health.log_emptied:
        diagnostics.note("something else is reading, so the write-ahead log is not emptied yet")
    if not json:
        output.line(f"sound: {output.size_text(health.size)}, schema {health.schema}")
