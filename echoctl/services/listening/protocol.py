"""The pipe from the ear to its front: one JSON object per line, and what the ear is told at its start.

Text, level and scores exist here and in RAM, and nowhere else.
"""

import json
import os
import select
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from echoctl.errors import EchoctlError
from echoctl.model.speech import Recording, Transcript

DROPPABLE = ("level", "partial")
"""What may be lost when the front does not keep up; everything else waits for it."""


@dataclass(frozen=True, slots=True)
class EarSpec:
    """What one ear does. Travels as JSON on the ear's command line: no secret, and no text, may be put in here."""

    words: tuple[str, ...] = ("alexa",)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    input: str | None = None
    """A sound file, "-" for raw pcm on stdin, None for the microphone."""
    device: str = ""
    realtime: bool = False
    model: str = ""
    room: str = ""
    store: str = "both"
    keep: bool = True
    """False: nothing is written but the state row."""
    once: bool = False
    now: bool = False
    """Begin with a request, as if a wake word had just been heard."""
    level: bool = False
    """Send levels: somebody draws them."""
    seal: str = "try"
    """How much of a seal it needs; services.sandbox.levels."""
    preroll_ms: int = 500
    pause_ms: int = 500
    min_speech_ms: int = 300
    no_speech_ms: int = 8000
    max_ms: int = 30000
    refractory_ms: int = 2000

    def to_json(self) -> str:
        """As one argument."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> "EarSpec":
        """The inverse of `to_json`."""
        fields = json.loads(text)
        return cls(**{**fields, "words": tuple(fields["words"])})


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
