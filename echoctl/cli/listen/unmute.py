"""`echoctl unmute`: let the listener open the microphone again."""

from echoctl import fastpath
from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group

app = command_group("Let the listener open the microphone again.")


@app.command()
def unmute(json: output.Json = False) -> None:
    """Let the listener open the microphone again."""
    output.text(fastpath.answer("unmute", as_json=json))
