import random

import pytest

from echoctl.model.traffic import Second
from echoctl.traffic import statistics
from echoctl.traffic.statistics import Watched
from tests.traffic.inputs.synthetic import BEGIN_MS


def test_watched_time_is_numbered_through_without_the_gaps() -> None:
    watched = Watched([(1_000_000, 1_010_000), (1_060_000, 1_065_500)])
    assert (watched.seconds, watched.ms) == (16, 15_500)
    times = (999_999, 1_000_000, 1_009_999, 1_010_000, 1_060_000, 1_065_400, 1_066_000)
    assert [watched.place(ms) for ms in times] == [None, 0, 9, None, 10, 15, None]
    assert watched.series([(1000, 5), (1062, 7), (1030, 99), (1000, 1)]) == {0: 6, 12: 7}


def sparse(series: list[int]) -> dict[int, int]:
    return {at: size for at, size in enumerate(series) if size}


def seconds(up: list[int], down: int = 0) -> list[Second]:
    return [Second("device", "remote", at, size, down, 1) for at, size in enumerate(up) if size]


def test_uploads_that_follow_wakes_are_no_chance() -> None:
    series = [20] * 300
    wakes = [31, 77, 140, 188, 296]
    for wake in wakes:
        for second in range(3):
            series[(wake + 1 + second) % 300] += 12_000
    followed = statistics.permutation_p(sparse(series), 300, wakes)
    assert followed is not None and followed <= 0.02
    assert statistics.permutation_p(sparse(series), 300, []) is None
    assert statistics.permutation_p({}, 0, wakes) is None


def test_the_p_value_is_calibrated() -> None:
    rng = random.Random(2)
    low = 0
    for _ in range(200):
        series = [0] * 400
        for _ in range(5):
            at = rng.randrange(397)
            series[at : at + 3] = [12_000] * 3
        wakes = [rng.randrange(400) for _ in range(5)]
        p = statistics.permutation_p(sparse(series), 400, wakes, shifts=99, seed=rng.randrange(999))
        low += p is not None and p <= 0.05
    assert low <= 20


def test_poisson_bounds_are_exact() -> None:
    assert statistics.poisson_upper(0, 1) == pytest.approx(2.9957, abs=1e-3)
    assert statistics.poisson_upper(0, 24) == pytest.approx(0.1248, abs=1e-3)
    assert statistics.poisson_upper(3, 1) == pytest.approx(7.7537, abs=1e-3)
    assert statistics.poisson_upper(60, 2) == pytest.approx(74.44 / 2, abs=0.1)


def test_hidden_speech_is_bytes_over_rate() -> None:
    hidden = statistics.hidden_speech(280_000, 1)
    assert round(hidden["6 kbit/s"]) == 373
    assert round(hidden["24 kbit/s"]) == 93
    assert round(hidden["PCM"], 1) == 8.8
    assert statistics.hidden_speech(280_000, 2)["16 kbit/s"] == 70


def test_padding_is_even_and_without_pause() -> None:
    rng = random.Random(1)
    assert statistics.padded(sparse([40_000] * 120), 120)
    assert statistics.padded(sparse([rng.randrange(4500, 5500) for _ in range(120)]), 120)
    assert not statistics.padded(sparse([400] * 120), 120)
    assert not statistics.padded(sparse([rng.randrange(0, 9000) for _ in range(120)]), 120)
    assert not statistics.padded(sparse([40_000] * 60), 120)
    assert not statistics.padded({}, 0)


def test_a_stream_goes_on_for_a_minute() -> None:
    stream = [0] * 30 + [4000] * 90
    assert statistics.streams(seconds(stream)) == [(30, 120, 360_000)]
    assert statistics.streams(seconds([0] * 30 + [4000] * 50)) == []
    breathing = [0 if at % 20 < 2 else 4000 for at in range(200)]
    assert statistics.streams(seconds(breathing)) == [(2, 200, 720_000)]
    assert statistics.streams(seconds(stream, down=400_000)) == []
    assert statistics.streams(seconds([500] * 200)) == []


def test_time_begins_anywhere() -> None:
    watched = Watched([(BEGIN_MS + 300, BEGIN_MS + 900)])
    assert watched.seconds == 1 and watched.place(BEGIN_MS + 500) == 0
