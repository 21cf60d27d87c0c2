"""The pipe from the ear to its front: one JSON object per line.

Text, level and scores exist here and in RAM, and nowhere else.
"""

import json
import os
import select
from typing import Any

from echoctl.errors import EchoctlError
from echoctl.model.speech import Recording, Transcript

PUBLIC = ("ready", "wake", "partial", "transcript", "recording", "near_miss", "state", "device", "error")
"""The events that `--json` prints and hooks hear; levels are for whoever draws the light."""

DROPPABLE = ("level", "partial")
"""What may be lost when the front does not keep up; everything else waits for it."""


class Pipe:
    """The ear's end. A front that died is a BrokenPipeError at the next line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, kind: str, **fields: Any) -> None:
        """Write one line; `level` and `partial` are dropped when the pipe is full."""
        if kind in DROPPABLE and not select.select([], [self._descriptor], [], 0)[1]:
            return
        data = json.dumps({"type": kind, **fields}, ensure_ascii=False).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]


def error_fields(error: EchoctlError) -> dict[str, Any]:
    """An error as it travels: without its type, which the code stands for."""
    return {"code": error.exit_code, "message": error.message, "hint": error.hint}


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


class EventReader:
    """The front's end: bytes in, whole lines out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The events that `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]
