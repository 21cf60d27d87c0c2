"""`echoctl unmute`: let the listener open the microphone again."""

from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group
from echoctl.text.status import mute_text, status_json

app = command_group("Let the listener open the microphone again.")


@app.command()
def unmute(json: output.Json = False) -> None:
    """Let the listener open the microphone again."""
    from echoctl.services import state

    now = state.set_muted(False, "echoctl unmute")
    output.text(status_json(now) if json else mute_text(now))
