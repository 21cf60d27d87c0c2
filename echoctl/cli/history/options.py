"""The options that say which recordings, and what they mean together: one policy for every command that takes some."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.errors import NotFound
from echoctl.model.speech import Selection
from echoctl.services import time_spec

if TYPE_CHECKING:
    from echoctl.services.history.reader import History

NOTHING_YET = "nothing was heard yet: echoctl listen"

Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="From then on: 7d, 12h, 30m, 2026-11-23.")]
Before = Annotated[str | None, typer.Option("--before", metavar="TIME", help="Before then.")]
OlderThan = Annotated[str | None, typer.Option("--older-than", metavar="AGE", help="Older than that: 7d, 12h, 30m.")]
Room = Annotated[str | None, typer.Option("--room", help="Only of this room.")]
WakeWord = Annotated[str | None, typer.Option("--wake-word", help="Only those that this word began.")]
Guest = Annotated[str | None, typer.Option("--guest", metavar="NAME", help="Only of this guest's stay.")]


def selection(
    since: str | None, before: str | None, older_than: str | None, room: str | None, wake_word: str | None
) -> Selection:
    """The options as conditions; of `before` and `older_than` the earlier moment counts."""
    now_ms = time.time_ns() // 1_000_000
    ends = [time_spec.moment_ms(text, now_ms) for text in (before, older_than) if text is not None]
    return Selection(
        since_ms=time_spec.moment_ms(since, now_ms) if since is not None else None,
        before_ms=min(ends) if ends else None,
        room=room,
        wake_word=wake_word,
    )


def present(opened: "History | None", prefix: str) -> "History":
    """The history, when there is one. Raises NotFound."""
    if opened is None:
        raise NotFound(f"no recording {prefix}", NOTHING_YET)
    return opened
