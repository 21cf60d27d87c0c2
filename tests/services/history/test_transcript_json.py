import json

import pytest

from echoctl.model.speech import Transcript, Word
from echoctl.services.history import transcript_json

HEARD = Transcript("turn it off", (Word("turn", 0.1, 0.4, 0.9), Word("it", 0.5, 0.6, 1), Word("off", 0.7, 1.0, 0.25)))


def test_what_was_sealed_comes_back() -> None:
    assert transcript_json.transcript(transcript_json.of_transcript(HEARD) + b"   ") == HEARD
    assert transcript_json.correction(transcript_json.of_correction("turn it on")) == "turn it on"


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        "turn",
        {},
        {"text": 1, "words": []},
        {"text": "x"},
        {"text": "x", "words": {}},
        {"text": "x", "words": ["x"]},
        {"text": "x", "words": [["x", 1, 2]]},
        {"text": "x", "words": [["x", 1, 2, "3"]]},
        {"text": "x", "words": [[["x"], 1, 2, 3]]},
        {"text": "\ud800", "words": []},
        {"text": "x", "words": [["\ud800", 1, 2, 3]]},
    ],
)
def test_what_echoctl_never_seals_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        transcript_json.transcript(json.dumps(value).encode())


@pytest.mark.parametrize("plain", [b"", b"\xff", b"{", b"[" * 100_000, b'{"text": ["x"]}'])
def test_a_correction_is_looked_at_as_well(plain: bytes) -> None:
    with pytest.raises(ValueError):
        transcript_json.correction(plain)
