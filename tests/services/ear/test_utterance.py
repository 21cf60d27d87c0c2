from collections.abc import Iterator
from typing import Any

import pytest

from echoctl.audio.endpoint import EndPoint, EndPointer
from echoctl.model.speech import CHUNK_BYTES, Transcript
from echoctl.services.ear.utterance import LEAD_IN_S, TAIL_MS, Utterance

VOICE, QUIET = b"\x01" * CHUNK_BYTES, bytes(CHUNK_BYTES)


class Listener:
    """Stands for the recogniser: remembers what it was given after the lead-in."""

    def __init__(self) -> None:
        self.heard = b""
        self.settled: list[int] = []

    def begin(self) -> None:
        self.heard = b""

    def feed(self, pcm: bytes) -> str | None:
        self.heard += pcm
        return None

    def settle(self) -> None:
        self.settled.append(len(self.heard))

    def finish(self) -> Transcript:
        return Transcript("")


class Flags:
    """Stands for the voice detector: two frames of 40 ms a chunk."""

    frame_ms = 40.0

    def feed(self, pcm: bytes) -> list[bool]:
        return [pcm[0] != 0] * 2

    def reset(self) -> None:
        pass


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def utterance(listener: Listener) -> Iterator[Utterance]:
    transcriber: Any = listener
    made = Utterance(
        word="alexa",
        scores={},
        at_ms=0,
        transcriber=transcriber,
        voice=Flags(),
        endpointer=EndPointer(pause_ms=500, min_speech_ms=300, no_speech_ms=8000, max_ms=4000),
    )
    listener.heard = b""
    yield made


def feed(utterance: Utterance, *chunks: bytes) -> EndPoint:
    verdict = EndPoint.CONTINUE
    for chunk in chunks:
        verdict, _ = utterance.feed(chunk)
    return verdict


def test_the_lead_in_is_silence(listener: Listener, utterance: Utterance) -> None:
    assert LEAD_IN_S > 0
    assert listener.heard == b""


def test_the_end_of_a_pause_is_recorded_and_not_decoded(listener: Listener, utterance: Utterance) -> None:
    assert feed(utterance, *[VOICE] * 5, *[QUIET] * 7) is EndPoint.PAUSE
    utterance.finish()
    assert len(utterance.pcm) == 12 * CHUNK_BYTES
    assert listener.heard == VOICE * 5 + QUIET * int(TAIL_MS / 80)


def test_a_voice_that_goes_on_is_decoded_with_the_pause_before_it(listener: Listener, utterance: Utterance) -> None:
    said = [*[VOICE] * 5, *[QUIET] * 5, *[VOICE] * 3]
    feed(utterance, *said)
    assert listener.heard == b"".join(said)


def test_the_words_are_asked_for_once_shortly_before_the_end(listener: Listener, utterance: Utterance) -> None:
    feed(utterance, *[VOICE] * 5, *[QUIET] * 4)
    assert listener.settled == []
    assert feed(utterance, QUIET) is EndPoint.CONTINUE
    assert listener.settled == [len(listener.heard)]
    assert feed(utterance, QUIET, QUIET) is EndPoint.PAUSE
    assert len(listener.settled) == 1


def test_a_voice_that_goes_on_is_settled_anew(listener: Listener, utterance: Utterance) -> None:
    assert feed(utterance, *[VOICE] * 5, *[QUIET] * 5, *[VOICE] * 3, *[QUIET] * 7) is EndPoint.PAUSE
    assert len(listener.settled) == 2


def test_a_pause_that_ends_nothing_settles_nothing(listener: Listener, utterance: Utterance) -> None:
    feed(utterance, *[VOICE] * 2, *[QUIET] * 10)
    assert listener.settled == []


def test_a_blip_in_the_pause_wakes_nobody(listener: Listener, utterance: Utterance) -> None:
    blip = VOICE[:1]
    feed(utterance, *[VOICE] * 5, *[QUIET] * 4)
    heard = listener.heard
    utterance.feed(blip + QUIET[1:])
    assert listener.heard == heard


def test_what_is_cut_off_at_full_length_is_decoded_whole(listener: Listener, utterance: Utterance) -> None:
    assert feed(utterance, *[VOICE] * 50) is EndPoint.FULL
    utterance.finish()
    assert listener.heard == VOICE * 50


def test_all_of_it_is_wiped(listener: Listener, utterance: Utterance) -> None:
    feed(utterance, *[VOICE] * 5, *[QUIET] * 5)
    held = utterance._waiting
    assert any(utterance.pcm) and held
    utterance.zero()
    assert not utterance.pcm and not held
