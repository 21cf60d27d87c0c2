"""`echoctl status`: what the listener does right now, once or as it changes."""

import time
from typing import Annotated

import typer

from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group
from echoctl.text.status import status_fields, status_json, status_text

app = command_group("Show state, mute and counters.")


@app.command()
def status(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on, with a line for every change.")] = False,
    json: output.Json = False,
) -> None:
    """Show what the listener does, who muted it and since when, and what was counted.

    With --follow: the state first, then a line for every change and every event, until Ctrl-C. Its plain lines suit
    a screen reader, its JSON lines a light or a script.
    """
    from echoctl.services import state

    if not follow:
        now = state.snapshot()
        output.text(status_json(now) if json else status_text(now))
        return
    from echoctl.services import events  # the model's nouns, which one look does not need

    shown: dict[str, object] | None = None
    for fresh in events.changes():
        for event in fresh:
            if json:
                output.event({"type": event.kind, "at": output.moment(event.at_ms), **event.data})
            else:
                detail = " ".join(f"{name}={value}" for name, value in event.data.items())
                output.line(f"{output.person_time(event.at_ms)}  {event.kind}  {detail}".rstrip())
                output.flush()
        shown = _show_state(shown, json)


def _show_state(shown: dict[str, object] | None, json: bool) -> dict[str, object]:
    """Print the state unless it reads as before."""
    from echoctl.services import state

    now = state.snapshot()
    fields = status_fields(now)
    if fields != shown:
        if json:
            output.event({"type": "state", **fields})
        else:
            since_ms = max(now.led_ms, now.muted_ms) or time.time_ns() // 1_000_000  # nothing has ever happened
            output.line(f"{output.person_time(since_ms)}  state  {now.led}")
            output.flush()
    return fields
