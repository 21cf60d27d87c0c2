"""`echoctl traffic`: what a smart speaker sends, to whom, and whether anybody called it. One module per verb."""

from echoctl.cli import traffic_verdict
from echoctl.cli.group import command_group

app = command_group("Watch a smart speaker's packets, name who it talks to, and judge what it uploads.")


@app.callback()
def _group() -> None:
    """A group, however few its verbs."""


app.command("verdict")(traffic_verdict.verdict)
