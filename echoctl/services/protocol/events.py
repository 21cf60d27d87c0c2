"""Lines of JSON between ear and front, one object each. Text, level and scores exist here and in RAM, and nowhere else.

From the ear: `ready`, `phase` (idle, listening, thinking), `wake`, `partial`, `level`, `near_miss`, `request` (one that
is over, with what is to be stored of it), `microphone` (what that process said) and `error`. The front checks them
(checks.py), stores what is to be stored, and makes the PUBLIC ones of them.
From the front: `begin`, `address` (to whom is sealed), `push`, `stop`, `forget`, and the answers to a `request`.
"""

import json
import os
import select
from collections.abc import Mapping
from typing import Any

from echoctl.errors import EchoctlError
from echoctl.model.speech import Recording, Transcript

PUBLIC = ("ready", "wake", "partial", "transcript", "recording", "near_miss", "state", "device", "error")
"""The events that `--json` prints and hooks hear; levels are for whoever draws the light."""

DROPPABLE = ("level", "partial")
"""What may be lost when the front does not keep up; everything else waits for it."""

STORED, AGAIN, FAILED = "stored", "again", "failed"
"""Answers: it is on the disk, or nothing was to be kept; seal it once more, for whom the answer says; it is not."""

MOST_LINE_BYTES = 16 << 20
"""A line longer than this is none of ours: a recording of two minutes takes 5 MB."""

Event = dict[str, Any]


class Pipe:
    """The writing end. A reader that died is a BrokenPipeError at the next line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, kind: str, **fields: Any) -> None:
        """Write one line; `level` and `partial` are dropped when the pipe is full."""
        if kind in DROPPABLE and not select.select([], [self._descriptor], [], 0)[1]:
            return
        data = memoryview(json.dumps({"type": kind, **fields}, ensure_ascii=False).encode() + b"\n")
        while data:
            data = data[os.write(self._descriptor, data) :]


class LineReader:
    """The reading end: bytes in, whole lines out."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends. Raises ValueError for one that is too long."""
        self._rest += data
        if b"\n" not in data:
            if len(self._rest) > MOST_LINE_BYTES:
                raise ValueError("a line without end")
            return []
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        return [bytes(line) for line in lines]


def error_fields(error: EchoctlError) -> dict[str, Any]:
    """An error as it travels: without its type, which the code stands for."""
    return {"code": int(error.exit_code), "message": error.message, "hint": error.hint}


def told(fields: Mapping[str, Any]) -> EchoctlError:
    """The error that somebody else met."""
    error = EchoctlError(fields["message"], fields["hint"])
    error.exit_code = fields["code"]
    return error


def transcript_fields(transcript: Transcript) -> dict[str, Any]:
    """What was understood; times in seconds of the recording."""
    words = [
        {"text": w.text, "start": round(w.start, 3), "end": round(w.end, 3), "confidence": round(w.confidence, 3)}
        for w in transcript.words
    ]
    return {"text": transcript.text, "words": words}


def recording_fields(recording: Recording) -> dict[str, Any]:
    """A recording that is on the disk."""
    return {
        "id": recording.id,
        "at_ms": recording.at_ms,
        "duration_ms": recording.duration_ms,
        "wake_word": recording.wake_word or None,
        "room": recording.room or None,
        "size": recording.size,
    }
