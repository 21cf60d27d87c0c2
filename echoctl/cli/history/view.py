"""How a recording is written down: one JSON object, one row of a table, or a page of lines."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from echoctl.cli.terminal import output
from echoctl.model.speech import Recording
from echoctl.text.format import length, printable, said

if TYPE_CHECKING:
    from echoctl.services.history.statistics import Stats

HEADERS = ("WHEN", "ID", "LENGTH", "WAKE WORD", "ROOM", "TEXT")

_SHORT_ID = 10
"""The characters of an id that hold its time; more are shown where two recordings share a millisecond."""


def as_json(recording: Recording, *, words: bool = False) -> dict[str, Any]:
    """The object that docs/scripting.md describes; `words` adds each word with its times."""
    transcript = recording.transcript
    value = {
        "id": recording.id,
        "at": output.moment(recording.at_ms),
        "duration_ms": recording.duration_ms,
        "wake_word": recording.wake_word or None,
        "room": recording.room or None,
        "mode": recording.mode,
        "size": recording.size,
        "scores": dict(recording.scores),
        "feedback": recording.feedback,
        "text": transcript.text if transcript else None,
        "correction": recording.correction,
        "locked": recording.locked,
        "damaged": recording.damaged,
    }
    if words and transcript:
        value["words"] = [
            {"text": word.text, "start": word.start, "end": word.end, "confidence": word.confidence}
            for word in transcript.words
        ]
    return value


def table(recordings: Sequence[Recording]) -> None:
    """Print a table, the newest first as they come."""
    width = _id_width(recordings)
    rows = [
        (
            output.person_time(recording.at_ms),
            recording.id[:width],
            length(recording.duration_ms),
            printable(recording.wake_word) or "-",
            printable(recording.room) or "-",
            said(recording),
        )
        for recording in recordings
    ]
    output.table(rows, HEADERS)


def page(recording: Recording) -> None:
    """Print everything about one recording."""
    scores = ", ".join(f"{name} {score:.2f}" for name, score in recording.scores.items())
    wake = printable(recording.wake_word) or "none: push to talk"
    lines = [
        ("id", recording.id),
        ("when", output.person_time(recording.at_ms)),
        ("length", length(recording.duration_ms)),
        ("wake word", f"{wake} ({scores})" if scores else wake),
        ("room", printable(recording.room)),
        ("kept", f"{recording.mode}, {output.size_text(recording.size)}"),
        ("feedback", recording.feedback or ""),
        ("text", said(recording)),
    ]
    for name, value in lines:
        if value:
            output.line(f"{name:<10} {value}")


def stats_json(counted: "Stats | None") -> dict[str, Any]:
    """The counts as JSON; an empty history has them too."""
    if counted is None:
        return {"recordings": 0, "duration_ms": 0, "size": 0, "first": None, "last": None}
    value = dataclasses.asdict(counted)
    for end in ("first", "last"):
        at_ms = value.pop(f"{end}_ms")
        value[end] = None if at_ms is None else output.moment(at_ms)
    return value


def stats_lines(counted: "Stats") -> None:
    """Print the counts: a line for the whole, then one for each way of counting that has values."""
    output.line(
        f"recordings  {counted.recordings}, {length(counted.duration_ms)}, {output.size_text(counted.size)}",
    )
    if counted.first_ms is not None and counted.last_ms is not None:
        output.line(f"from        {output.person_time(counted.first_ms)}")
        output.line(f"to          {output.person_time(counted.last_ms)}")
    output.line(f"wakes       {counted.detections}, without a recording {counted.detections_alone}")
    named = {
        "wake word": counted.by_wake_word,
        "room": counted.by_room,
        "kept": counted.by_mode,
        "feedback": counted.by_feedback,
    }
    for name, counts in named.items():
        parts = [f"{printable(value) or '-'} {count}" for value, count in counts.items()]
        if parts and list(counts) != [""]:
            output.line(f"{name:<11} {' · '.join(parts)}")


def _id_width(recordings: Sequence[Recording]) -> int:
    """How many characters tell the recordings of a page apart, at least those of the time."""
    width = _SHORT_ID
    while len({recording.id[:width] for recording in recordings}) < len(recordings):
        width += 1
    return width
