from dataclasses import replace

import pytest

from echoctl.model.traffic import (
    BurstClass,
    ClockBasis,
    ClockFit,
    Obstacle,
    Stretch,
    Upload,
    Verdict,
    VerdictWord,
    Wake,
)
from echoctl.text.verdict_text import headline, sentences

AT = 1_790_000_000_000
WAKE = Wake(AT + 9_100, "alexa", 7)
CALLED = Upload("203.0.113.10", "avs.example", AT + 10_000, AT + 13_100, 48_000, BurstClass.VOICE, WAKE, 900)
ALONE = replace(CALLED, start_ms=AT + 50_000, end_ms=AT + 52_800, bytes_up=31_000, wake=None, late_ms=0)
GIVEN = Verdict(
    "44:65:0d:00:00:50", "kitchen", VerdictWord.UNEXPLAINED, None, AT, AT + 60_000, 60_000,
    (CALLED,), (ALONE,), p_value=0.02, most_per_hour=284.6, background=31_500,
    hidden={"6 kbit/s": 2520.0, "PCM": 59.1},
)  # fmt: skip


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def texts(given: Verdict) -> str:
    return "\n".join(sentence.text for sentence in sentences(given))


def test_the_two_sentences() -> None:
    said = {sentence.text: sentence.times for sentence in sentences(GIVEN)}
    explained = (
        "14:13:30: the speaker kitchen uploaded 48 kB over 3.1 s to avs.example,"
        ' 0.9 s after the word "Alexa" was heard: explained.'
    )
    alone = "14:14:10: the speaker kitchen uploaded 31 kB over 2.8 s to avs.example, and nobody called it."
    assert said[explained] == (CALLED.start_ms,)
    assert said[alone] == (ALONE.start_ms,)
    assert list(said).index(alone) < list(said).index(explained)
    assert headline(GIVEN) == "unexplained uploads: 1"


def test_every_sentence_names_its_times() -> None:
    many = replace(
        GIVEN,
        unexplained=(ALONE,) * 12,
        doubtful=(ALONE, ALONE),
        silent=(WAKE, WAKE),
        streams=(Stretch("203.0.113.10", "", AT, AT + 90_000, 360_000),),
        clock=ClockFit(-12_300, ClockBasis.ESTIMATED, 4),
    )
    assert all(sentence.times for sentence in sentences(many))
    said = texts(many)
    assert (
        "7 more uploads were called by nobody, at 14:14:10, 14:14:10, 14:14:10, 14:14:10, 14:14:10 and later." in said
    )
    assert "2 small even uploads that may be slow speech" in said
    assert "2 wake words that were heard led to no upload" in said
    assert "without pause for 1 min 30 s at 4.0 kB/s to 203.0.113.10" in said
    assert "clock is taken to be 12.3 s ahead of the capture's: 4 wakes fit so" in said


def test_the_limits_are_said_in_words() -> None:
    assert "Uploads" not in texts(GIVEN)
    said = texts(replace(GIVEN, explained=(CALLED,) * 3))
    assert "fewer than 285 per hour, with 95 % confidence" in said
    assert "Uploads follow the wake words" in said and "p = 0.020" in said
    assert "32 kB in all, could still hide this much speech per hour: 42 min at 6 kbit/s, 59 s at PCM" in said
    assert "No wake word at all" not in said
    assert "No wake word at all" in texts(replace(GIVEN, explained=()))


@pytest.mark.parametrize("obstacle", Obstacle)
def test_every_obstacle_is_explained(obstacle: Obstacle) -> None:
    given = replace(GIVEN, word=VerdictWord.CANNOT_TELL, obstacle=obstacle)
    assert headline(given) == f"cannot tell ({obstacle})"
    assert "fewer than" not in texts(given)
    assert len(sentences(given)[:2][-1].text) > 50


@pytest.mark.parametrize("obstacle", Obstacle)
def test_where_there_is_no_telling_nobody_is_accused(obstacle: Obstacle) -> None:
    stream = Stretch("203.0.113.10", "", AT, AT + 90_000, 360_000)
    given = replace(GIVEN, word=VerdictWord.CANNOT_TELL, obstacle=obstacle, explained=(), streams=(stream,))
    shapeless = obstacle in (Obstacle.TUNNELLED, Obstacle.PADDED)
    assert "nobody" not in texts(given) and "No wake word" not in texts(given)
    if obstacle is Obstacle.UNWATCHED:
        return
    assert ("uploaded 31 kB over 2.8 s to avs.example." in texts(given)) is not shapeless
    assert ("live microphone" in texts(given)) is not shapeless
    silent = replace(given, silent=(WAKE,))
    assert ("led to no upload" in texts(silent)) is (
        obstacle not in (Obstacle.CLOCK, Obstacle.TUNNELLED, Obstacle.PADDED)
    )


def test_a_time_that_was_not_watched_is_one_sentence() -> None:
    given = replace(GIVEN, word=VerdictWord.CANNOT_TELL, obstacle=Obstacle.UNWATCHED, watched_ms=0)
    assert texts(given) == "the speaker kitchen was not watched from 2026-09-21 14:13:20 on: nothing can be said."


def test_names_from_the_network_steer_no_terminal() -> None:
    assert "\x1b" not in texts(replace(GIVEN, unexplained=(replace(ALONE, name="\x1b[2Jx"),)))
