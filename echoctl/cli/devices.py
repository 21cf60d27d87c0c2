"""`echoctl devices`: the microphones and speakers of this machine."""

import dataclasses

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import command_group

app = command_group("Show microphones and speakers.")


@app.command()
def devices(json: output.Json = False) -> None:
    """Show the microphones and speakers of this machine; `listen --device` takes a name or a number of them."""
    from echoctl.services.system import devices as service  # PortAudio tries each device: 60 ms and more

    found = service.listing()
    if json:
        output.document({"devices": [dataclasses.asdict(device) for device in found]})
        return
    if found:
        output.table(
            [
                (
                    device.number,
                    _role(device.inputs, device.default_input),
                    _role(device.outputs, device.default_output),
                    f"{device.rate} Hz",
                    device.name,
                )
                for device in found
            ],
            ["NUMBER", "MICROPHONE", "SPEAKER", "RATE", "NAME"],
        )
    if not any(device.inputs for device in found):
        diagnostics.note("there is no microphone: echoctl listen --demo works without one")


def _role(channels: int, default: bool) -> str:
    return "default" if channels and default else "yes" if channels else "no"
