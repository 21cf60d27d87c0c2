from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoctl.audio.endpoint import EndPoint, EndPointer

FRAME_MS = 32.0


def pointer() -> EndPointer:
    return EndPointer(pause_ms=500, min_speech_ms=300, no_speech_ms=8000, max_ms=30000)


def run(flags: Iterable[bool]) -> tuple[EndPoint, float]:
    """The verdict and the time in ms at which it fell."""
    rule, at = pointer(), 0.0
    for flag in flags:
        at += FRAME_MS
        verdict = rule.feed(flag, FRAME_MS)
        if verdict is not EndPoint.CONTINUE:
            return verdict, at
    return EndPoint.CONTINUE, at


def frames(pattern: str) -> list[bool]:
    """`+` is a voiced frame of 32 ms, `.` an unvoiced one."""
    return [letter == "+" for letter in pattern]


def test_a_pause_after_speech_ends_it() -> None:
    verdict, at = run(frames("." * 10 + "+" * 20 + "." * 100))
    assert verdict is EndPoint.PAUSE
    assert 30 * FRAME_MS + 500 <= at < 30 * FRAME_MS + 500 + FRAME_MS


def test_a_short_pause_does_not() -> None:
    assert run(frames(("+" * 20 + "." * 14) * 5)) == (EndPoint.CONTINUE, 5 * 34 * FRAME_MS)


def test_too_little_speech_is_not_an_utterance() -> None:
    verdict, at = run(frames("+" * 8 + "." * 400))
    assert verdict is EndPoint.NOTHING
    assert 8000 <= at < 8000 + FRAME_MS


def test_silence_is_nothing() -> None:
    assert run([False] * 300)[0] is EndPoint.NOTHING


def test_blips_of_noise_are_not_speech() -> None:
    assert run(frames("++........" * 100))[0] is EndPoint.NOTHING


def test_blips_of_noise_do_not_hold_a_pause_open() -> None:
    verdict, at = run(frames("+" * 20 + "....+...++......" * 10))
    assert verdict is EndPoint.PAUSE
    assert at < 20 * FRAME_MS + 500 + 3 * FRAME_MS


def test_speech_that_begins_within_the_pause_goes_on() -> None:
    assert run(frames("+" * 20 + "." * 15 + "+" * 20))[0] is EndPoint.CONTINUE


def test_a_broken_start_still_counts_whole() -> None:
    rule = pointer()
    for flag in frames("+++++"):
        rule.feed(flag, FRAME_MS)
    assert rule.speech_ms == 5 * FRAME_MS


def test_endless_speech_is_full() -> None:
    verdict, at = run([True] * 2000)
    assert verdict is EndPoint.FULL
    assert 30000 <= at < 30000 + FRAME_MS


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=950, max_size=950))
def test_always_ends_and_never_too_early(flags: list[bool]) -> None:
    verdict, at = run(flags)
    assert verdict is not EndPoint.CONTINUE
    if verdict is EndPoint.PAUSE:
        assert at >= 300 + 500
    else:
        assert at >= (8000 if verdict is EndPoint.NOTHING else 30000)
