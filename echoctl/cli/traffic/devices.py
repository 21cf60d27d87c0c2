"""`echoctl traffic devices`: the machines of the house, and what a person says of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import command_group
from echoctl.text.format import person_time

if TYPE_CHECKING:
    from echoctl.model.traffic import Device

app = command_group("List the devices that were seen, and say which of them are speakers.", alone=True)


@app.callback()
def devices(context: typer.Context, json: output.Json = False) -> None:
    """List the devices that were seen, speakers first; `devices name` says what one is."""
    if context.invoked_subcommand:
        return
    from echoctl.services.traffic import devices as service

    found = service.listing()
    if json:
        output.document({"devices": [as_json(device) for device in found]})
    elif found:
        output.table(
            [
                (each.mac, each.name, each.vendor, "yes" if each.speaker else "", each.model, person_time(each.last_ms))
                for each in found
            ],
            ["DEVICE", "NAME", "VENDOR", "SPEAKER", "MODEL", "LAST SEEN"],
        )
    if not found:
        diagnostics.note("no device was seen yet")
        diagnostics.hint(service.WATCH_HINT)
    elif not any(device.speaker for device in found):
        diagnostics.hint(f"say which is a speaker: echoctl traffic devices name {found[0].mac} kitchen --speaker")


@app.command()
def name(
    device: Annotated[str, typer.Argument(metavar="MAC", help="Its MAC address or name, or the beginning of one.")],
    called: Annotated[str, typer.Argument(metavar="NAME", help="What you call it: kitchen.")],
    speaker: Annotated[
        bool | None, typer.Option("--speaker/--no-speaker", help="Whether it is a smart speaker.", show_default=False)
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Its model, for thresholds of its own: echo, nest-mini, homepod …")
    ] = None,
    json: output.Json = False,
) -> None:
    """Say what a device is called, and whether it is a smart speaker: only speakers are judged."""
    from echoctl.services.traffic import devices as service

    changed = service.describe(device, called, speaker, model)
    if json:
        output.document(as_json(changed))
    else:
        diagnostics.note(f"{changed.mac} is {changed.name}{', a speaker' if changed.speaker else ''}")


def as_json(device: "Device") -> dict[str, object]:
    """A device as `--json` shows it."""
    import dataclasses

    plain = dataclasses.asdict(device)
    first, last = plain.pop("first_ms"), plain.pop("last_ms")
    return {**plain, "first": output.moment(first), "last": output.moment(last)}
