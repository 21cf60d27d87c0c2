"""A line of an export's index, checked value by value: it may come from anybody."""

import json
from typing import Any

from echoctl.clock import id_bytes
from echoctl.model.speech import Feedback, Transcript, Word
from echoctl.services.history.archiving import VERSION
from echoctl.services.history.recorder import Kept

MOST_LINE_BYTES = 4 << 20
MOST_NAME = 200
"""Characters of a room, a wake word, a score's name or a file's name."""
MOST_TEXT = 100_000
MOST_WORDS = 20_000
_MOST_NUMBER = 1e9
MOST_MS = 24 * 3600 * 1000


def parse(raw: bytes) -> tuple[Kept, str | None]:
    """The recording of a line, without its sound, and the name of its sound file.

    Raises ValueError with a message for a person.
    """
    value = _object(raw)
    if value.get("v") != VERSION:
        raise ValueError(f"its version is not {VERSION}")
    uid, at_ms = _identity(value)
    text = _optional(value, "text", MOST_TEXT)
    words = _words(value.get("words", [])) if text is not None else ()
    correction = _optional(value, "correction", MOST_TEXT)
    if correction is not None and text is None:
        raise ValueError("it corrects text that it does not have")
    kept = Kept(
        id=uid,
        at_ms=at_ms,
        duration_ms=_whole(value, "duration_ms", MOST_MS),
        wake_word=_text(value, "wake_word", MOST_NAME),
        room=_text(value, "room", MOST_NAME),
        scores=_scores(value.get("scores", {})),
        feedback=_feedback(value),
        transcript=None if text is None else Transcript(text, words),
        correction=correction,
        pcm=b"",
    )
    return kept, _optional(value, "file", MOST_NAME)


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_LINE_BYTES:
        raise ValueError("the line is too long")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("the line is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("the line is not a JSON object")
    return value


def _identity(value: dict[str, Any]) -> tuple[str, int]:
    """The id, and the time, which the id repeats in its first 48 bits."""
    uid, at_ms = _text(value, "id", 26).upper(), _whole(value, "at_ms", (1 << 48) - 1)
    try:
        named = int.from_bytes(id_bytes(uid)[:6], "big")
    except ValueError:
        raise ValueError("its id is not one of echoctl's") from None
    if named != at_ms or uid[0] > "7":  # a first letter beyond 7 would be a second name for the same 128 bits
        raise ValueError("its id and its time do not agree")
    return uid, at_ms


def _text(value: dict[str, Any], key: str, most: int) -> str:
    found = value.get(key)
    if not isinstance(found, str) or len(found) > most:
        raise ValueError(f"its {key} is not text of at most {most} characters")
    return _encodable(found, key)


def _optional(value: dict[str, Any], key: str, most: int) -> str | None:
    return None if value.get(key) is None else _text(value, key, most)


def _encodable(text: str, key: str) -> str:
    try:
        text.encode()  # JSON can name half of a surrogate pair, which is no character
    except UnicodeEncodeError:
        raise ValueError(f"its {key} is not Unicode") from None
    return text


def _whole(value: dict[str, Any], key: str, most: int) -> int:
    found = value.get(key)
    if type(found) is not int or not 0 <= found <= most:
        raise ValueError(f"its {key} is not a number from 0 to {most}")
    return found


def _number(found: object, key: str) -> float:
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < _MOST_NUMBER:  # so no NaN
        return float(found)
    raise ValueError(f"its {key} has something that is not a number")


def _scores(found: object) -> dict[str, float]:
    if not isinstance(found, dict) or len(found) > MOST_NAME:
        raise ValueError("its scores are not an object of numbers")
    return {_encodable(str(name)[:MOST_NAME], "scores"): _number(score, "scores") for name, score in found.items()}


def _feedback(value: dict[str, Any]) -> Feedback | None:
    found = value.get("feedback")
    if found is None:
        return None
    try:
        return Feedback(found)
    except ValueError:
        raise ValueError("its feedback is neither right nor wrong") from None


def _words(found: object) -> tuple[Word, ...]:
    if not isinstance(found, list) or len(found) > MOST_WORDS:
        raise ValueError("its words are not a list")
    return tuple(_word(word) for word in found)


def _word(found: object) -> Word:
    if not isinstance(found, dict):
        raise ValueError("its words are not objects")
    times = (_number(found.get(key), "words") for key in ("start", "end", "confidence"))
    return Word(_text(found, "text", MOST_NAME), *times)
