"""`echoctl traffic endpoints` and `bursts`: whom devices talk to, and what they uploaded."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.model.grades import BurstClass
from echoctl.services import time_spec
from echoctl.text.format import length, person_time, size_text

if TYPE_CHECKING:
    from echoctl.model.traffic import Burst
    from echoctl.services.traffic.devices import Contact

DeviceArgument = Annotated[
    str | None, typer.Argument(metavar="[DEVICE]", help="Its name or MAC address, or the beginning of one; else all.")
]
Since = Annotated[
    str,
    typer.Option(
        "--since", metavar="TIME", help="From then on: 7d, 12h, 30m, 2026-11-23; else all.", show_default=False
    ),
]


def endpoints(device: DeviceArgument = None, since: Since = "", json: output.Json = False) -> None:
    """List whom devices talk to, with bytes up and down, the busiest upload first.

    Names are those seen in captures; nothing is ever looked up. "owner" is only whose network an address is in.
    """
    from echoctl.services.traffic import devices as service

    found = service.contacts(device, _since_ms(since))
    if json:
        output.document({"endpoints": [_contact_json(each) for each in found]})
    elif found:
        rows = [
            (
                each.device.name or each.device.mac,
                each.row.name or "?",
                each.row.how,
                each.row.address,
                size_text(each.row.up),
                size_text(each.row.down),
                person_time(each.row.last_ms),
            )
            for each in found
        ]
        output.table(rows, ["DEVICE", "NAME", "HOW", "ADDRESS", "UP", "DOWN", "LAST SEEN"])
    else:
        _nothing("endpoint", since)
    if any(each.row.older for each in found):
        diagnostics.note("some names were never seen: those connections were open before the capture began")
        diagnostics.hint(service.OLDER_HINT)


def bursts(
    device: DeviceArgument = None,
    since: Since = "",
    grades: Annotated[
        list[BurstClass] | None,
        typer.Option("--class", help="Only these; may be given several times.", show_default=False),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="NAME", help="Only to this name or address.")
    ] = None,
    json: output.Json = False,
) -> None:
    """List upload bursts: voice, possible, status, bulk or keepalive, each with the wake word that explains it."""
    from echoctl.services.traffic import bursts as service

    found, names = service.listing(device, _since_ms(since), grades or [], endpoint)
    if json:
        output.document({"bursts": [burst_json(burst) for burst in found]})
    elif found:
        rows = [
            (
                person_time(burst.start_ms),
                length(burst.end_ms - burst.start_ms),
                names.get(burst.device) or burst.device,
                burst.name or burst.remote,
                size_text(burst.bytes_up),
                burst.grade,
                "" if burst.wake is None else f"wake {burst.wake}",
            )
            for burst in found
        ]
        output.table(rows, ["START", "LENGTH", "DEVICE", "ENDPOINT", "UP", "CLASS", "EXPLAINED BY"])
    else:
        _nothing("such burst" if grades or endpoint else "burst", since)


def _nothing(what: str, since: str) -> None:
    diagnostics.note(f"no {what} was seen {'in that time' if since else 'yet'}")


def burst_json(burst: "Burst") -> dict[str, Any]:
    """A burst as `--json` shows it; times are Unix seconds, so that they can be compared with a capture's."""
    return {
        "device": burst.device,
        "endpoint": burst.remote,
        "name": burst.name or None,
        "start": burst.start_ms / 1000,
        "end": burst.end_ms / 1000,
        "bytes_up": burst.bytes_up,
        "class": burst.grade.value,
        "wake": burst.wake,
    }


def _contact_json(contact: "Contact") -> dict[str, Any]:
    row = contact.row
    return {
        "device": row.device,
        "device_name": contact.device.name or None,
        "endpoint": row.address,
        "name": row.name or None,
        "how": row.how,
        "older": bool(row.older),
        "bytes_up": row.up,
        "bytes_down": row.down,
        "packets": row.packets,
        "first": output.moment(row.first_ms),
        "last": output.moment(row.last_ms),
    }


def _since_ms(text: str) -> int:
    return time_spec.moment_ms(text, time.time_ns() // 1_000_000) if text else 0
