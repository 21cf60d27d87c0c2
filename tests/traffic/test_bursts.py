import random

import pytest

from echoctl.model.traffic import BurstClass
from echoctl.traffic.bursts import Segmenter
from echoctl.traffic.thresholds import Rules
from tests.traffic.inputs.synthetic import BEGIN_MS, METRICS, SPEAKER, VOICE, report, segmented, speech, windows

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


def handshake(at: float) -> list[tuple[float, int]]:
    """A short connection of its own: a greeting, a question, a closing."""
    return [(at, 309), (at + 0.2, 790), (at + 0.4, 1070), (at + 0.6, 4500), (at + 0.8, 4500), (at + 1.0, 760)]


def test_reports_that_overlap_are_no_speech_unless_they_share_a_connection() -> None:
    first, second = handshake(1.0), handshake(1.9)
    apart = windows(first) + windows(second, port=40001)
    (burst,) = segmented(apart)
    assert burst.grade is STATUS
    assert burst.bytes_up == sum(size for _, size in first + second)
    assert grades(sorted(first + second)) == [VOICE_GRADE]


def test_music_on_another_connection_hides_no_speech() -> None:
    music = [window._replace(up=0, down=80_000, port=40001) for window in windows(speech(0.5, 5, 1))]
    asked = windows([(0.1, 60)], port=40001) + windows(speech(1, 3, 70))
    assert VOICE_GRADE in {burst.grade for burst in segmented([*asked, *music])}


@pytest.mark.parametrize(("beat", "every"), [(90, 1.0), (250, 1.0), (90, 0.4)])
def test_beats_in_the_same_connection_neither_begin_nor_prolong_a_request(beat: int, every: float) -> None:
    beats = [(0.3 + n * every, beat) for n in range(round(50 / every))]
    packets = sorted(beats + report(20, 20_000, 0.5) + speech(20.5, 3, 70) + speech(30, 3, 70))
    found = segmented(windows(packets))
    spoken = [burst for burst in found if burst.grade is VOICE_GRADE]
    begins, ends = ([getattr(each, key) - BEGIN_MS for each in spoken] for key in ("start_ms", "end_ms"))
    assert len(spoken) == 2
    assert all(abs(begin - at) <= 200 for begin, at in zip(begins, (20_000, 30_000), strict=True))
    assert all(0 <= end - at <= 500 for end, at in zip(ends, (23_400, 32_900), strict=True))
    assert sum(burst.bytes_up for burst in found) == sum(size for _, size in packets)
    assert len({burst.start_ms for burst in found}) == len(found)


def test_a_beat_shortly_before_a_request_is_no_part_of_it() -> None:
    found = segmented(windows([(1.0, 90), *speech(2.2, 3, 70)]))
    assert [(burst.grade, burst.start_ms - BEGIN_MS) for burst in found] == [
        (BurstClass.KEEPALIVE, 1000),
        (VOICE_GRADE, 2200),
    ]


def test_what_is_parted_from_a_burst_stays_parted_while_it_goes_on() -> None:
    beats = [(0.3 + second, 90) for second in range(20)]
    segmenter, told = Segmenter(), []
    for window in windows(sorted(beats + speech(10.5, 4, 70))):
        told += segmenter.feed(window)
    first = next(burst for burst in told if burst.grade is VOICE_GRADE)
    assert first.start_ms == BEGIN_MS + 10_500
    final = [burst for burst in [*told, *segmenter.flush()] if burst.start_ms == first.start_ms][-1]
    assert final.grade is VOICE_GRADE
    before = [burst for burst in told if burst.start_ms == BEGIN_MS + 300]
    assert [burst.grade for burst in before] == [BurstClass.KEEPALIVE]


@pytest.mark.parametrize(("kbit", "grade"), [(700, VOICE_GRADE), (1200, BurstClass.BULK)])
def test_what_is_faster_than_sound_is_bulk_however_wide(kbit: float, grade: BurstClass) -> None:
    assert grades(speech(1, 3, kbit, 0.02)) == [grade]


def test_a_log_behind_a_request_does_not_hide_it() -> None:
    assert grades(speech(1, 4, 70) + report(5.2, 400_000, 2)) == [VOICE_GRADE]


def test_a_trickle_is_no_speech_however_long() -> None:
    assert grades([(1 + n * 0.4, 120) for n in range(140)]) == [STATUS]
    assert VOICE_GRADE not in grades([(1 + n * 0.4, 400) for n in range(140)])


def test_words_with_pauses_in_which_nothing_is_sent_are_one_request() -> None:
    words = [packet for at in (1.0, 2.4, 3.8) for packet in speech(at, 0.8, 70)]
    assert [(burst.grade, burst.start_ms - BEGIN_MS) for burst in segmented(windows(words))] == [(VOICE_GRADE, 1000)]


def test_connections_of_a_burst_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoctl.traffic.bursts.MOST_LINES", 4)
    segmenter = Segmenter()
    for window in sorted(w for port in range(20) for w in windows([(1 + port / 50, 90)], port=port)):
        segmenter.feed(window)
    for window in windows(speech(2, 3, 70), port=99):
        segmenter.feed(window)
    assert len(next(iter(segmenter._open.values()))._lines) <= 5
    assert VOICE_GRADE in {burst.grade for burst in segmenter.flush()}


def test_speech_is_parted_also_from_another_connection() -> None:
    beats = windows([(0.2 + n * 0.2, 90) for n in range(30)], port=40001)
    found = segmented(beats + windows(speech(3, 3, 700, 0.02)))
    assert [(burst.grade, burst.start_ms - BEGIN_MS) for burst in found][1] == (VOICE_GRADE, 3000)
    assert [burst.grade for burst in segmented(beats + windows(speech(3, 3, 1500, 0.02)))][1] is BurstClass.BULK
