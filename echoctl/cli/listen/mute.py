"""`echoctl mute`: close the microphone, now and after every restart."""

from echoctl import fastpath
from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group

app = command_group("Close the microphone, and keep it closed until `echoctl unmute`.")


@app.command()
def mute(json: output.Json = False) -> None:
    """Close the microphone, and keep it closed until `echoctl unmute`, over restarts too.

    Waits until a running listener has closed it, and says so.
    """
    output.text(fastpath.answer("mute", as_json=json))
