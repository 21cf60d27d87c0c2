"""`echoctl mute`: close the microphone, now and after every restart."""

from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group
from echoctl.text.status import mute_text, status_json

app = command_group("Close the microphone, and keep it closed until `echoctl unmute`.")


@app.command()
def mute(json: output.Json = False) -> None:
    """Close the microphone, and keep it closed until `echoctl unmute`, over restarts too.

    Waits until a running listener has closed it, and says so.
    """
    from echoctl.services import state

    now = state.set_muted(True, "echoctl mute")
    output.text(status_json(now) if json else mute_text(now))
