"""Transcripts and corrections as the JSON that is sealed, and back: docs/vault-format.md, "Texts".

Sealing needs no secret, so anybody may have written what opens: it is checked value by value.
"""

import json

from echoctl.model.speech import Transcript, Word


def of_transcript(transcript: Transcript) -> bytes:
    """A transcript as sealed."""
    words = [
        [word.text, round(word.start, 3), round(word.end, 3), round(word.confidence, 3)] for word in transcript.words
    ]
    return _dumped({"text": transcript.text, "words": words})


def of_correction(text: str) -> bytes:
    """A correction as sealed."""
    return _dumped({"text": text})


def transcript(plain: bytes) -> Transcript:
    """The transcript that was sealed. Raises ValueError for what echoctl never seals."""
    value = _loaded(plain)
    words = value.get("words")
    if not isinstance(words, list):
        raise ValueError("no words")
    return Transcript(_text(value), tuple(_word(word) for word in words))


def correction(plain: bytes) -> str:
    """The correction that was sealed. Raises ValueError."""
    return _text(_loaded(plain))


def _dumped(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _loaded(plain: bytes) -> dict[str, object]:
    try:
        value = json.loads(plain)
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _text(value: dict[str, object]) -> str:
    text = value.get("text")
    if not isinstance(text, str):
        raise ValueError("no text")
    text.encode()  # JSON can name half of a surrogate pair, which is no character: a UnicodeError is a ValueError
    return text


def _word(found: object) -> Word:
    match found:
        case [str(text), int() | float() as start, int() | float() as end, int() | float() as confidence]:
            text.encode()
            return Word(text, start, end, confidence)
    raise ValueError("no word")
