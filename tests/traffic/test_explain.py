import random
from dataclasses import replace

import pytest

from echoctl.model.traffic import Burst, BurstClass, Wake
from echoctl.traffic import join
from echoctl.traffic.explain import REACH_MS, Recent, speech, with_wakes
from tests.traffic.inputs.synthetic import BEGIN_MS, SPEAKER


def burst(at: float, seconds: float = 3, grade: BurstClass = BurstClass.VOICE, remote: str = "203.0.113.10") -> Burst:
    start = BEGIN_MS + round(at * 1000)
    return Burst(0, SPEAKER, remote, "", start, start + round(seconds * 1000), 40_000, 15, 3000, grade)


def wake(number: int, at: float) -> Wake:
    return Wake(BEGIN_MS + round(at * 1000), "alexa", number)


def live(bursts: list[Burst], wakes: list[Wake], offset_ms: int = 0) -> list[Burst]:
    """What the live view says of each burst once all is over: it is told again when a burst closes."""
    recent = Recent()
    for each in wakes:
        recent.hear(each)
    for each in bursts:
        recent.explain(each, offset_ms)
    return [recent.explain(each, offset_ms) for each in bursts]


def judged(bursts: list[Burst], wakes: list[Wake], offset_ms: int = 0) -> list[Burst]:
    """What a verdict says of them."""
    return list(with_wakes(bursts, join.join(speech(bursts), wakes, offset_ms).explained))


def test_the_live_view_takes_the_wake_that_the_verdict_takes() -> None:
    # The second wake is nearer in time, the first is as far before the upload as wakes usually are.
    bursts, wakes = [burst(103.0)], [wake(1, 100.0), wake(2, 104.2)]
    assert [each.wake for each in judged(bursts, wakes)] == [1]
    assert [each.wake for each in live(bursts, wakes)] == [1]


def test_one_wake_explains_one_upload_live_as_well() -> None:
    bursts, wakes = [burst(10), burst(16)], [wake(1, 12.5)]
    assert [each.wake for each in live(bursts, wakes)] == [None, 1]


@pytest.mark.parametrize("seed", range(200))
def test_live_and_verdict_agree_whatever_happens(seed: int) -> None:
    chance = random.Random(seed)
    grades = [BurstClass.VOICE, BurstClass.VOICE, BurstClass.POSSIBLE, BurstClass.STATUS]
    bursts = sorted(
        (
            burst(
                chance.uniform(0, 50), chance.uniform(0.5, 5), chance.choice(grades), f"203.0.113.{chance.randrange(3)}"
            )
            for _ in range(chance.randrange(1, 8))
        ),
        key=lambda each: each.start_ms,
    )
    wakes = sorted((wake(n, chance.uniform(-3, 50)) for n in range(chance.randrange(6))), key=lambda each: each.at_ms)
    offset_ms = chance.choice([0, 0, 4321])
    assert live(bursts, wakes, offset_ms) == judged(bursts, wakes, offset_ms)


@pytest.mark.parametrize("seed", range(200))
def test_no_speech_that_the_verdict_counts_as_unexplained_is_shown_with_a_wake(seed: int) -> None:
    chance = random.Random(seed)
    grades = [BurstClass.VOICE, BurstClass.POSSIBLE]
    bursts = [burst(chance.uniform(0, 30), chance.uniform(0.5, 5), chance.choice(grades)) for _ in range(6)]
    joined = join.join(speech(bursts), [wake(n, chance.uniform(-3, 30)) for n in range(3)])
    for each in with_wakes(bursts, joined.explained):
        unexplained = any(
            upload.grade is BurstClass.VOICE and upload.start_ms <= each.start_ms <= upload.end_ms
            for upload in joined.unexplained
        )
        assert not (each.grade is BurstClass.VOICE and unexplained and each.wake is not None)


def test_speech_beside_an_explained_possibility_is_not_explained_by_it() -> None:
    bursts = [burst(1, 4, BurstClass.POSSIBLE), burst(4.5, 3.5)]
    assert [each.wake for each in judged(bursts, [wake(7, 0)])] == [7, None]
    assert [each.wake for each in live(bursts, [wake(7, 0)])] == [7, None]


def test_an_answer_belongs_to_the_request_that_came_last() -> None:
    bursts = [burst(1, 2), burst(9, 2), burst(12, 1, BurstClass.POSSIBLE)]
    wakes = [wake(1, 0), wake(2, 8)]
    assert [each.wake for each in judged(bursts, wakes)] == [1, 2, 2]
    assert [each.wake for each in live(bursts, wakes)] == [1, 2, 2]


def test_what_grows_replaces_itself_and_what_is_old_is_forgotten() -> None:
    recent = Recent()
    recent.hear(wake(1, 9))
    short = burst(10, 1)
    assert recent.explain(short).wake == recent.explain(replace(short, end_ms=short.end_ms + 2000)).wake == 1
    for number in range(100):
        recent.explain(burst(20 + number * REACH_MS / 1000))
        recent.hear(wake(number, 20 + number * REACH_MS / 1000))
    assert len(recent._bursts) <= 2
    assert len(recent._wakes) <= 2


def test_what_is_left_of_an_answer_is_no_speech_to_be_explained() -> None:
    request, answer, later = burst(1, 2), burst(5, 1, BurstClass.POSSIBLE), burst(30, 1, BurstClass.POSSIBLE)
    assert [each.start_ms for each in speech([request, answer, later])] == [request.start_ms, later.start_ms]


def test_speech_soon_after_a_request_is_not_its_answer() -> None:
    bursts = [burst(1, 2), burst(6.5, 2)]
    assert [each.wake for each in judged(bursts, [wake(1, 0)])] == [1, None]
    assert [each.wake for each in live(bursts, [wake(1, 0)])] == [1, None]


def test_a_burst_that_grows_into_bulk_takes_no_wake_any_more() -> None:
    recent = Recent()
    recent.hear(wake(1, 100))
    music = burst(99, 2)
    assert recent.explain(music).wake == 1
    recent.explain(replace(music, grade=BurstClass.BULK))
    assert recent.explain(burst(103.5)).wake == 1


def test_a_long_upload_keeps_the_wake_that_began_it() -> None:
    recent = Recent()
    recent.hear(wake(1, 100))
    long = burst(101, 60)
    assert recent.explain(long).wake == 1
    recent.hear(wake(2, 160.5))
    assert recent.explain(long).wake == 1


def test_a_piece_of_the_answer_is_explained_by_the_request() -> None:
    request, answer = burst(101, 2), burst(103.5, 1, BurstClass.POSSIBLE, "203.0.113.11")
    later = burst(120, 1, BurstClass.POSSIBLE)
    assert [each.wake for each in judged([request, answer, later], [wake(1, 100)])] == [1, 1, None]
    assert [each.wake for each in live([request, answer, later], [wake(1, 100)])] == [1, 1, None]


def test_another_device_does_not_take_the_wake() -> None:
    other = replace(burst(10), device="00:00:5e:00:53:01")
    recent = Recent()
    recent.hear(wake(1, 9))
    assert recent.explain(other).wake == 1
    assert recent.explain(burst(10)).wake == 1
    assert len(recent._bursts) == 2


def test_uploads_of_two_devices_are_two() -> None:
    recent = Recent()
    recent.hear(wake(1, 9))
    assert recent.explain(replace(burst(10), device="00:00:5e:00:53:01")).wake == 1
    assert recent.explain(burst(14.5)).wake is None, "too late for the wake, and no part of the other's upload"
