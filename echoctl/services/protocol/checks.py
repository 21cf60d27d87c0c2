"""What the front takes from an ear: known events, known fields, within limits, and text that is safe to show.

The ear hears the room and runs large libraries; whoever takes it over may say through this pipe what they like. So
nothing is believed: what is not exactly as below is a Violation, which ends that ear, and every text comes out of here
without control characters, so that no terminal need fear it.
"""

import binascii
import json
import math
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from echoctl.text.format import printable
from echoctl.vault import format as vault

Check = Callable[[Any], Any]
"""Takes a value from JSON and returns it, made safe; raises ValueError."""


class Violation(ValueError):
    """An ear said what no ear of ours says. Names the event and field, and never what was in it."""


def checked(line: bytes) -> dict[str, Any]:
    """The event of a line. Raises Violation."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        raise Violation("no JSON") from None
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str) or kind not in EVENTS:
        raise Violation("an event that there is not")
    fields = {name: value for name, value in event.items() if name != "type"}
    return {"type": kind, **_fields(kind, EVENTS[kind])(fields)}


def _fields(name: str, checks: Mapping[str, Check]) -> Check:
    """An object with exactly these fields."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or value.keys() != checks.keys():
            raise Violation(f"{name}: other fields than it has")
        taken = {}
        for field, one in checks.items():
            try:
                taken[field] = one(value[field])
            except (ValueError, TypeError, OverflowError):
                raise Violation(f"{name}: {field}") from None
        return taken

    return check


def _text(most: int) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise ValueError
        return printable(value)

    return check


def _number(low: float, high: float) -> Check:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError
        if not low <= value <= high:
            raise ValueError
        return value

    return check


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return check


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _one_of(*values: str) -> Check:
    def check(value: Any) -> str:
        if value not in values:
            raise ValueError
        return str(value)

    return check


def _list(one: Check, most: int) -> Check:
    def check(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError
        return [one(item) for item in value]

    return check


def _by_name(one: Check, most: int = 32, names: Check | None = None) -> Check:
    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > most:
            raise ValueError
        return {(names or _NAME)(name): one(item) for name, item in value.items()}

    return check


def _maybe(one: Check) -> Check:
    return lambda value: None if value is None else one(value)


def _bytes(*sizes: int, most: int = 0) -> Check:
    def check(value: Any) -> bytes:
        if not isinstance(value, str):
            raise ValueError
        try:
            data = b64decode(value, validate=True)
        except binascii.Error:
            raise ValueError from None
        if len(data) not in sizes and not 0 < len(data) <= most:
            raise ValueError
        return data

    return check


_NAME = _text(100)
_SENTENCE = _text(2000)
_SPOKEN = _text(20_000)
_SECONDS = _number(0, 1e9)
_MS = _whole(0, 1 << 47)
_SCORES = _by_name(_number(-1e6, 1e6), names=_one_of("spotter", "verifier", "grammar"))
"""By stage; any other name could carry words, and scores are stored in the clear."""
_MOST_WORDS = 4000
_MOST_SEALED = 12 << 20

_WORD = _fields("word", {"text": _text(200), "start": _number(-10, 1e6), "end": _number(-10, 1e6),
                         "confidence": _number(-1e3, 1e3)})  # fmt: skip

_RECORD = _fields(
    "record",
    {
        "epoch": _bytes(vault.ID_BYTES),
        "root": _bytes(0, vault.SEALED_ROOT_BYTES),
        "seq": _whole(0, vault.EPOCH_RECORDS - 1),
        "wrapped": _bytes(vault.WRAP_BYTES),
        "text": _maybe(_bytes(most=_MOST_SEALED)),
        "chunks": _list(_bytes(most=_MOST_SEALED), 1000),
    },
)

_SANDBOX = _fields("sandbox", {"holds": _one_of("full", "filter", "none"), "why": _SENTENCE})

MICROPHONE: Mapping[str, Mapping[str, Check]] = {
    "sandbox": {"sandbox": _SANDBOX},
    "opened": {"device": _NAME},
    "muted": {},
    "lost": {"device": _NAME, "reason": _one_of("ended", "stalled", "failed")},
    "retrying": {"device": _NAME, "message": _SENTENCE},
    "rate": {"device": _NAME, "stated": _whole(0, 1 << 31), "measured": _whole(0, 1 << 31)},
    "silent": {"device": _NAME, "seconds": _SECONDS},
    "sound": {"device": _NAME, "seconds": _SECONDS},
    "gap": {"dropped_ms": _MS},
    "health": {"overflows": _MS, "dropped_ms": _MS, "lag_ms": _MS},
}
"""What a microphone process says, as the ear hands it on."""


def _said_by_the_microphone(value: Any) -> Any:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in MICROPHONE:
        raise ValueError
    fields = {name: item for name, item in value.items() if name != "type"}
    return {"type": kind, **_fields(kind, MICROPHONE[kind])(fields)}


EVENTS: Mapping[str, Mapping[str, Check]] = {
    "ready": {"words": _list(_NAME, 100), "spotters": _by_name(_NAME, 100), "notes": _list(_SENTENCE, 100),
              "sandbox": _SANDBOX},
    "phase": {"phase": _one_of("idle", "listening", "thinking")},
    "wake": {"t": _SECONDS, "word": _NAME, "scores": _SCORES},
    "partial": {"text": _SPOKEN},
    "level": {"level": _number(0, 1), "score": _maybe(_number(-1e6, 1e6)), "threshold": _maybe(_number(-1e6, 1e6))},
    "near_miss": {"word": _NAME, "t": _SECONDS, "scores": _SCORES},
    "request": {"number": _whole(1, 1 << 47), "serial": _whole(1, 1 << 47), "at_ms": _MS,
                "duration_ms": _whole(0, 1 << 31), "word": _text(100),
                "scores": _SCORES, "text": _SPOKEN, "words": _list(_WORD, _MOST_WORDS), "id": _maybe(_text(26)),
                "record": _maybe(_RECORD)},
    "microphone": {"said": _said_by_the_microphone},
    "error": {"code": _whole(1, 255), "message": _SENTENCE, "hint": _SENTENCE, "fatal": _flag},
}  # fmt: skip
"""Event -> its fields. What is not here is not taken."""
