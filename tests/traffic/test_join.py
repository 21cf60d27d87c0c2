import random

import pytest

from echoctl.model.traffic import Burst, BurstClass, ClockBasis, Upload, Wake
from echoctl.traffic import join
from tests.traffic.inputs.synthetic import BEGIN_MS, SPEAKER


def burst(at: float, seconds: float = 3, grade: BurstClass = BurstClass.VOICE, remote: str = "203.0.113.10") -> Burst:
    start = BEGIN_MS + round(at * 1000)
    return Burst(0, SPEAKER, remote, "", start, start + round(seconds * 1000), 40_000, 15, 3000, grade)


def uploads(*at: float) -> list[Upload]:
    return join.uploads([burst(each) for each in at], BurstClass.VOICE)


def wakes(*at: float) -> list[Wake]:
    return [Wake(BEGIN_MS + round(each * 1000), "alexa", number) for number, each in enumerate(at)]


def seconds(found: tuple[Upload, ...]) -> list[float]:
    return [(each.start_ms - BEGIN_MS) / 1000 for each in found]


def test_explained_unexplained_and_a_silent_wake() -> None:
    joined = join.join(uploads(10, 50), wakes(9.1, 80))
    assert seconds(joined.explained) == [10]
    assert joined.explained[0].late_ms == 900
    assert seconds(joined.unexplained) == [50]
    assert [wake.id for wake in joined.silent] == [1]


@pytest.mark.parametrize(("late", "explained"), [(-1.6, 0), (-1.4, 1), (0, 1), (3.9, 1), (4.1, 0)])
def test_an_upload_begins_soon_after_its_wake(late: float, explained: int) -> None:
    assert len(join.join(uploads(30), wakes(30 - late)).explained) == explained


def test_one_wake_explains_one_upload_and_the_likeliest() -> None:
    joined = join.join(uploads(10, 16), wakes(12.5))
    assert seconds(joined.explained) == [16]
    assert seconds(joined.unexplained) == [10]
    assert len(join.join(uploads(10), wakes(9, 9.2)).explained) == 1


def test_bursts_close_together_are_one_upload() -> None:
    merged = join.uploads([burst(10, 3), burst(14.5, 1, remote="203.0.113.11"), burst(20)], BurstClass.VOICE)
    assert seconds(tuple(merged)) == [10, 20]
    assert merged[0].bytes_up == 80_000
    assert merged[0].end_ms == BEGIN_MS + 15_500


def test_what_follows_a_request_belongs_to_its_answer() -> None:
    possible = join.uploads([burst(each, 2, BurstClass.POSSIBLE) for each in (5, 12, 20, 40)], BurstClass.POSSIBLE)
    assert seconds(tuple(join.apart(possible, uploads(10)))) == [5, 40]


def test_a_known_clock_is_taken() -> None:
    fit = join.settle([BEGIN_MS + 10_000], [BEGIN_MS], 9000)
    assert (fit.offset_ms, fit.basis, fit.matched) == (9000, ClockBasis.KNOWN, 1)


def test_clocks_that_fit_are_taken_as_right() -> None:
    assert join.settle([BEGIN_MS + 10_000], [BEGIN_MS + 9000], None).basis is ClockBasis.ASSUMED
    assert join.settle([], [BEGIN_MS], None).basis is ClockBasis.ASSUMED
    assert join.settle([BEGIN_MS], [], None).basis is ClockBasis.ASSUMED


def test_wakes_that_all_meet_an_upload_need_no_other_clock() -> None:
    starts = [BEGIN_MS + round(at * 1000) for at in (0.0, 8.6, 17.2, 26.8)]
    fit = join.settle(starts, [BEGIN_MS + at for at in (0, 9000, 18_000)], None)
    assert (fit.offset_ms, fit.basis) == (0, ClockBasis.ASSUMED)


def test_too_few_to_tell_by_how_much_the_clock_is_off() -> None:
    starts = [BEGIN_MS + at for at in (10_000, 60_000)]
    assert join.settle(starts, [at - 13_000 for at in starts], None).basis is ClockBasis.UNKNOWN


def test_an_unknown_offset_is_found_though_a_fifth_of_the_wakes_is_missed() -> None:
    rng, right, total = random.Random(5), 0, 0
    for _ in range(150):
        at, requests = 10.0, []
        for _ in range(rng.randint(5, 9)):
            requests.append(round(at, 3))
            at += rng.uniform(15, 50)
        offset = rng.uniform(-30, 30)
        heard = [rng.random() >= 0.2 for _ in requests]
        called = wakes(*(at - rng.gauss(1, 0.3) - offset for at, yes in zip(requests, heard, strict=True) if yes))
        found = uploads(*requests)
        fit = join.settle([each.start_ms for each in found], [wake.at_ms for wake in called], None)
        explained = seconds(join.join(found, called, fit.offset_ms).explained)
        right += sum((at in explained) == yes for at, yes in zip(requests, heard, strict=True))
        total += len(requests)
    assert right / total >= 0.95


def test_each_capture_is_settled_for_itself() -> None:
    captures = [(BEGIN_MS, BEGIN_MS + 100_000, 0), (BEGIN_MS + 200_000, BEGIN_MS + 300_000, -20_000)]
    starts = [BEGIN_MS + 10_000, BEGIN_MS + 210_000]
    placed, fit = join.align(captures, starts, wakes(9, 150, 229))
    assert [wake.at_ms - BEGIN_MS for wake in placed] == [9000, 209_000]
    assert [wake.id for wake in placed] == [0, 2]
    assert (fit.basis, fit.matched) == (ClockBasis.KNOWN, 1)
    _, fit = join.align([*captures, (BEGIN_MS + 400_000, BEGIN_MS + 500_000, None)], [BEGIN_MS + 450_000], wakes(420))
    assert fit.basis is ClockBasis.UNKNOWN
