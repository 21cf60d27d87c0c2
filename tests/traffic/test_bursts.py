import random

import pytest

from echoctl.nouns_traffic import BurstClass
from echoctl.traffic.bursts import Segmenter
from echoctl.traffic.rules import Rules
from tests.traffic.synthetic import BEGIN_MS, METRICS, SPEAKER, VOICE, report, segmented, speech, windows

VOICE_GRADE, POSSIBLE, STATUS = BurstClass.VOICE, BurstClass.POSSIBLE, BurstClass.STATUS


def grades(packets: list[tuple[float, int]]) -> list[BurstClass]:
    return [burst.grade for burst in segmented(windows(packets))]


@pytest.mark.parametrize(
    ("packets", "grade"),
    [
        (speech(1, 3, 70), VOICE_GRADE),  # an Echo of 2018
        (report(1, 24_000, 0.9) + speech(1.9, 2, 70), VOICE_GRADE),  # with what was said before it was decided
        (speech(1, 1.6, 256), VOICE_GRADE),  # PCM
        (report(1, 23_100, 0.6), STATUS),  # a volume button is as tall
        (report(1, 71_000, 0.1), STATUS),  # metrics
        (speech(1, 1, 256), STATUS),  # too short for speech, however much
        (report(1, 11_000, 0.4) + speech(1.4, 1.4, 5), STATUS),  # a report with beats behind it is no wider
        (report(1, 14_000, 0.2) + speech(1.2, 1.6, 12), POSSIBLE),  # nor does its height make a slow tail sure
        (speech(1, 0.4, 8), BurstClass.KEEPALIVE),
        (speech(1, 8, 3000), BurstClass.BULK),
        (speech(1, 59, 256), VOICE_GRADE),  # a live stream is not bulk, however long
    ],
)
def test_the_grade_is_in_the_width(packets: list[tuple[float, int]], grade: BurstClass) -> None:
    assert grades(packets) == [grade]


@pytest.mark.parametrize("frame", [0.02, 0.06, 0.1])
@pytest.mark.parametrize(("seconds", "kbit"), [(2, 16), (5, 6), (2, 24), (10, 6)])
def test_slow_codecs_are_possible_at_any_phase(seconds: float, kbit: float, frame: float) -> None:
    for phase in range(20):
        assert grades(speech(1 + phase / 100, seconds, kbit, frame)) in ([POSSIBLE], [VOICE_GRADE])


def test_a_varying_rate_and_late_packets_are_possible_too() -> None:
    rng, found = random.Random(7), 0
    for _ in range(100):
        packets = [
            (at + rng.uniform(0, 0.1), max(1, round(size * rng.lognormvariate(0, 0.3))))
            for at, size in speech(rng.uniform(1, 2), 2, 16)
        ]
        found += POSSIBLE in grades(sorted(packets))
    assert found >= 95


def test_two_reports_side_by_side_are_not_speech() -> None:
    rng = random.Random(3)
    for _ in range(200):
        packets = report(1, 6000, 0.5) + report(1.5 + rng.uniform(0.2, 0.9), 6000, 0.5)
        assert grades(sorted(packets)) == [STATUS]


def test_it_is_decided_while_it_happens() -> None:
    segmenter, seen = Segmenter(), []
    for window in windows(speech(1, 4, 70)):
        seen += [(burst.grade, window.start_ms - BEGIN_MS - 1000) for burst in segmenter.feed(window)]
    assert [grade for grade, _ in seen] == [POSSIBLE, VOICE_GRADE] or [grade for grade, _ in seen] == [VOICE_GRADE]
    assert seen[-1][1] <= 1600
    final = segmenter.flush()
    assert [burst.grade for burst in final] == [VOICE_GRADE]
    assert final[0].start_ms == BEGIN_MS + 1000
    assert final[0].bytes_up == 40 * 875


def test_a_pause_ends_a_burst_and_a_stream_is_cut() -> None:
    two = segmented(windows(speech(1, 2, 70) + speech(4.6, 2, 70)))
    assert [burst.start_ms - BEGIN_MS for burst in two] == [1000, 4600]
    one = segmented(windows(speech(1, 2, 70) + speech(4.3, 2, 70)))
    assert len(one) == 1
    pieces = segmented(windows(speech(1, 150, 70)))
    assert [burst.grade for burst in pieces] == [VOICE_GRADE] * 3
    assert all(burst.end_ms - burst.start_ms <= 60_200 for burst in pieces)


def test_a_burst_closes_when_others_go_on() -> None:
    segmenter = Segmenter()
    for window in windows(speech(1, 2, 70)):
        segmenter.feed(window)
    closed = []
    for window in windows(speech(5, 3, 70), METRICS):
        closed += segmenter.feed(window)
    assert [burst.remote for burst in closed if burst.start_ms == BEGIN_MS + 1000] == [VOICE]
    assert not [burst for burst in segmenter.flush() if burst.remote == VOICE]


def test_endpoints_and_devices_are_kept_apart() -> None:
    half = speech(1, 3, 70)
    mixed = windows(half[::2]) + windows(half[1::2], METRICS) + windows(half, VOICE, "02:00:00:00:00:60")
    found = segmented(mixed)
    assert {(burst.device, burst.remote) for burst in found} == {
        (SPEAKER, VOICE),
        (SPEAKER, METRICS),
        ("02:00:00:00:00:60", VOICE),
    }


def test_a_device_has_thresholds_of_its_own() -> None:
    slow = windows(speech(1, 3, 24))
    assert [burst.grade for burst in segmented(slow)] == [POSSIBLE]
    learnt = Segmenter({SPEAKER: Rules(bytes=5000)})
    assert [burst.grade for burst in segmented(slow, learnt)] == [VOICE_GRADE]


def test_what_comes_down_is_no_upload() -> None:
    down = [window._replace(up=0, down=window.up) for window in windows(speech(1, 3, 70))]
    assert segmented(down) == []


def test_acknowledging_a_download_is_no_speech() -> None:
    music = [window._replace(down=window.up * 40) for window in windows(speech(1, 5, 70, 0.02))]
    assert [burst.grade for burst in segmented(music)] == [STATUS]
    between = [window._replace(up=0, down=400_000) for window in windows(speech(1, 5, 1))]
    assert [burst.grade for burst in segmented([*between, *windows(speech(1, 5, 70))])] == [STATUS]
