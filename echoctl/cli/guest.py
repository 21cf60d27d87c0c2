"""`echoctl guest`: check guests in and out, and list their stays."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.history import delete
from echoctl.cli.terminal import confirm, diagnostics, output
from echoctl.cli.terminal.group import command_group
from echoctl.services import time_spec
from echoctl.text.format import plan_text, printable

if TYPE_CHECKING:
    from echoctl.services.purging import guests

app = command_group(
    "Stays: what a guest says goes when the guest does.\n\n"
    "\b\n"
    "echoctl guest check-in Ann --private    sealed to a key that only Ann gets\n"
    "echoctl guest check-out Ann             all of it is deleted\n"
    "echoctl guest list                      who is here, and who was when"
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who it is; forgotten at check-out.")]

_HEADERS = ("FROM", "TO", "GUEST", "ROOM", "KEPT", "RECORDINGS")


@app.command("check-in")
def check_in(
    name: Name,
    room: Annotated[str, typer.Option("--room", help="The room of what is recorded during the stay.")] = "",
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Leaves then: 3d, 2026-11-30; retention checks out.")
    ] = None,
    muted: Annotated[bool, typer.Option("--muted", help="Mute for the whole stay.")] = False,
    no_store: Annotated[bool, typer.Option("--no-store", help="Keep nothing of what the guest says.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Seal to a key that only the guest gets: you can delete, not open.")
    ] = False,
    json: output.Json = False,
) -> None:
    """Begin a guest's stay. One at a time; what is recorded from now on belongs to it, and goes at check-out.

    With --private the key is printed this once, as an age identity: give it to the guest. It is kept nowhere, and
    opens the stay's recordings with --identity. Who owns the machine could still change this program.
    """
    from echoctl.services.purging import guests

    until_ms = time_spec.later_ms(until, time.time_ns() // 1_000_000) if until else None
    line = guests.check_in(guests.CheckIn(name, room, until_ms, muted, not no_store, private))
    if json:
        output.document({"guest": name, "identity": line})
    elif line:
        output.line(line)
    diagnostics.note(f"{printable(name)} is checked in")
    if line:
        diagnostics.hint("the line is for the guest and shown this once: echoctl history list --identity FILE")


@app.command("check-out")
def check_out(name: Name, yes: confirm.Yes = False, dry_run: confirm.DryRun = False, json: output.Json = False) -> None:
    """End a stay and delete all that was recorded in it. Needs no passphrase; leaves a receipt."""
    from echoctl.services.purging import guests

    plan = guests.plan(name)
    if not confirm.ask(plan_text(plan), yes=yes, dry_run=dry_run):
        if json:
            output.document({"dry_run": True, "count": plan.count, "size": plan.size})
        return
    delete.show(guests.check_out(name), json)


@app.command("list")
def list_(json: output.Json = False) -> None:
    """List stays, the newest first. Of those that are over only the times are known."""
    from echoctl.services.purging import guests

    stays = guests.stays()
    if json:
        output.document({"stays": [_as_json(guest, count) for guest, count in stays]})
    elif stays:
        output.table([_row(guest, count) for guest, count in stays], _HEADERS)
    else:
        diagnostics.note("no guest was ever here")


def _as_json(guest: "guests.Guest", count: int) -> dict[str, object]:
    times = {"from": guest.started_ms, "until": guest.until_ms, "to": guest.ended_ms}
    return {
        "guest": guest.name or None,
        "room": guest.room or None,
        **{name: None if at_ms is None else output.moment(at_ms) for name, at_ms in times.items()},
        "stored": bool(guest.stored),
        "muted": bool(guest.muted),
        "private": guest.public is not None,
        "recordings": count,
    }


def _row(guest: "guests.Guest", count: int) -> tuple[str, ...]:
    to = output.person_time(guest.ended_ms) if guest.ended_ms else "here now"
    if guest.ended_ms is None and guest.until_ms:
        to = f"until {output.person_time(guest.until_ms)}"
    kept = "private" if guest.public else "yes" if guest.stored else "nothing"
    if guest.ended_ms is not None:
        kept = "no more"
    return (
        output.person_time(guest.started_ms),
        to,
        printable(guest.name) or "-",
        printable(guest.room) or "-",
        "muted" if guest.muted else kept,
        str(count),
    )
