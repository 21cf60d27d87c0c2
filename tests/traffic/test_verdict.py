from dataclasses import replace

import pytest

from echoctl.model.traffic import BurstClass, ClockBasis, Device, Obstacle, Second, VerdictWord, Wake, Window
from echoctl.traffic import join, verdict
from echoctl.traffic.verdict import Case
from tests.traffic.inputs.synthetic import BEGIN_MS, METRICS, SPEAKER, VOICE, Packet, report, segmented, speech, windows

KITCHEN = Device(SPEAKER, "kitchen", speaker=True)
NAMES = {VOICE: "avs-alexa-4-na.amazon.com", METRICS: "device-metrics-us.amazon.com"}


def seconds(some: list[Window]) -> list[Second]:
    held: dict[tuple[str, int], int] = {}
    for window in some:
        key = (window.remote, window.start_ms // 1000)
        held[key] = held.get(key, 0) + window.up
    return [
        Second(SPEAKER, remote, at_s, up, 0, 1) for (remote, at_s), up in sorted(held.items(), key=lambda x: x[0][1])
    ]


def case(
    packets: list[Packet],
    wakes: list[float] | None = None,
    metrics: list[Packet] | None = None,
    length: float = 120,
    clock_ms: int | None = 0,
) -> Case:
    some = windows(sorted(packets)) + windows(sorted(metrics or []), METRICS)
    bursts = [replace(burst, name=NAMES.get(burst.remote, "")) for burst in segmented(some)]
    end = BEGIN_MS + round(length * 1000)
    called = [Wake(BEGIN_MS + round(at * 1000), "alexa", number) for number, at in enumerate(wakes or [])]
    starts = [burst.start_ms for burst in bursts if burst.grade is BurstClass.VOICE]
    spoken = [burst for burst in bursts if burst.grade in (BurstClass.VOICE, BurstClass.POSSIBLE)]
    total = sum(burst.bytes_up for burst in bursts)
    placed, clock = join.align([(BEGIN_MS, end, clock_ms)], starts, called)
    return Case(KITCHEN, BEGIN_MS, end, [(BEGIN_MS, end)], spoken, total, seconds(some), placed, clock, names=NAMES)


def test_beats_and_reports_are_quiet() -> None:
    given = verdict.judge(case([(at, 90) for at in range(0, 120, 5)] + report(40)))
    assert given.word is VerdictWord.QUIET
    assert given.most_per_hour == pytest.approx(3.0 * 30, abs=0.3)
    assert given.p_value is None
    assert given.background == 24 * 90 + 14 * (20_000 // 14)
    assert given.hidden["6 kbit/s"] == pytest.approx(given.background * 8 / 6000 * 30)


def test_an_upload_after_each_wake_is_only_when_called() -> None:
    given = verdict.judge(case(speech(20, 3, 100) + speech(70, 3, 100), [19, 69.2]))
    assert given.word is VerdictWord.CALLED
    assert [each.late_ms for each in given.explained] == [1000, 800]
    assert given.background == 0
    assert given.p_value is not None and given.p_value < 0.05


def test_an_upload_that_nobody_called() -> None:
    given = verdict.judge(case(speech(20, 3, 100) + speech(70, 3, 100), [19, 100]))
    assert given.word is VerdictWord.UNEXPLAINED
    assert [each.start_ms - BEGIN_MS for each in given.unexplained] == [70_000]
    assert [wake.id for wake in given.silent] == [1]


def test_an_even_minute_and_more_is_streaming() -> None:
    packets = [(at, 300 + 500 * (n % 7)) for n, at in enumerate(x / 5 for x in range(100, 500))]
    given = verdict.judge(case(packets, [19]))
    assert given.word is VerdictWord.STREAMING
    assert (given.streams[0].start_ms - BEGIN_MS, given.streams[0].end_ms - BEGIN_MS) == (20_000, 100_000)
    assert given.streams[0].name == NAMES[VOICE]


@pytest.mark.parametrize(
    ("made", "obstacle"),
    [
        (case(speech(5, 3, 100), [4], length=20), Obstacle.SHORT),
        (case(speech(0, 120, 320, 0.02)), Obstacle.PADDED),
        (case(speech(20, 3, 100) + speech(60, 3, 100), [7.5], clock_ms=None), Obstacle.CLOCK),
        (replace(case(speech(20, 3, 100)), tunnels=frozenset({VOICE})), Obstacle.TUNNELLED),
        (replace(case([]), watched=[]), Obstacle.UNWATCHED),
    ],
)
def test_where_there_is_no_telling(made: Case, obstacle: Obstacle) -> None:
    given = verdict.judge(made)
    assert (given.word, given.obstacle) == (VerdictWord.CANNOT_TELL, obstacle)


def test_a_known_clock_needs_no_wake_to_accuse() -> None:
    assert verdict.judge(case(speech(20, 3, 100), [90])).word is VerdictWord.UNEXPLAINED


def test_the_offset_is_estimated_and_reported() -> None:
    at = [15.0, 41.0, 60.0, 99.0]
    packets = [packet for each in at for packet in speech(each, 3, 100)]
    given = verdict.judge(case(packets, [each - 1 + 12 for each in at], length=130, clock_ms=None))
    assert given.word is VerdictWord.CALLED
    assert given.clock.basis is ClockBasis.ESTIMATED
    assert given.clock.offset_ms == pytest.approx(-12_000, abs=100)
    assert given.clock.matched == 4


def test_possible_speech_counts_once_false_alarms_do_not_explain_it() -> None:
    slow = case(speech(50, 3, 16))
    assert verdict.judge(slow).word is VerdictWord.UNEXPLAINED
    day = replace(slow, until_ms=BEGIN_MS + 86_400_000, watched=[(BEGIN_MS, BEGIN_MS + 86_400_000)])
    given = verdict.judge(day)
    assert given.word is VerdictWord.QUIET
    assert len(given.doubtful) == 1


def test_possible_speech_to_a_host_of_updates_or_metrics_is_no_alarm() -> None:
    assert verdict.judge(case([], metrics=speech(50, 3, 16))).word is VerdictWord.QUIET
    assert verdict.judge(case([], metrics=speech(50, 3, 100))).word is VerdictWord.UNEXPLAINED


def test_a_wake_while_nobody_watched_is_not_called_silent() -> None:
    made = replace(case(speech(20, 3, 100), [19, 60]), watched=[(BEGIN_MS, BEGIN_MS + 40_000)])
    assert verdict.judge(made).silent == ()


def test_seconds_that_were_forgotten_are_not_taken_for_silence() -> None:
    old = replace(case(speech(20, 3, 100) + speech(70, 3, 100) + report(40), [19]), seconds=[])
    given = verdict.judge(old)
    assert given.background == old.uploaded - given.explained[0].bytes_up
    assert given.p_value is None
