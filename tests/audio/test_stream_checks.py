import pytest

from echoctl.audio.stream_checks import RateWatch, SilenceWatch


def measured(
    rate: float, seconds: float = 10, jitter: float = 0.03, gap: tuple[float, float] = (0, 0), every: int = 1
) -> float | None:
    """What the watch says of a stream of 80 ms blocks at `rate` by a device that states 48 kHz, looking at each
    `every`th block.
    """
    watch, frames, at, found = RateWatch(48000), 0, 100.0, None
    for n in range(round(seconds / 0.08)):
        frames += 3840
        at += 3840 / rate
        late = gap[1] if gap[0] <= n * 0.08 < gap[0] + gap[1] else 0.0
        if n % every:
            continue
        found = watch.feed(frames, max(at + (n % 3) * jitter, 100 + gap[0] + gap[1] if late else 0), 0) or found
    return found


@pytest.mark.parametrize("rate", [48000, 48400, 47600])
def test_a_true_rate_is_no_news(rate: float) -> None:
    assert measured(rate) is None


@pytest.mark.parametrize("rate", [44100, 32000, 16000, 96000])
def test_a_wrong_rate_is_measured(rate: float) -> None:
    found = measured(rate)
    assert found is not None
    assert abs(found / rate - 1) < 0.05


def test_a_wrong_rate_is_found_when_few_looks_are_taken() -> None:
    assert measured(44100, every=8) is not None
    assert measured(48000, every=8) is None


def test_a_wrong_rate_is_found_soon() -> None:
    assert measured(44100, seconds=5) is not None


def test_it_is_said_once() -> None:
    watch = RateWatch(48000)
    said = [watch.feed(n * 3840, n * 0.1, 0) for n in range(300)]
    assert len([rate for rate in said if rate is not None]) == 1


def test_a_server_that_stuttered_and_caught_up_is_no_wrong_rate() -> None:
    assert measured(48000, gap=(4, 1.2)) is None


def test_lost_audio_is_no_wrong_rate() -> None:
    watch = RateWatch(48000)
    said = [watch.feed(n * 3840 * 9 // 10, n * 0.08, losses=n // 10) for n in range(300)]
    assert said == [None] * 300


def test_zeros_are_reported_once_and_so_is_their_end() -> None:
    watch = SilenceWatch()
    said = [watch.feed(True, 0.08) for _ in range(200)]
    assert [s for s in said if s is not None] == [pytest.approx(5.04)]
    assert watch.feed(False, 0.08) == 0.0
    assert watch.feed(False, 0.08) is None


def test_the_least_noise_is_not_silence() -> None:
    watch = SilenceWatch()
    said = [watch.feed(n % 50 > 0, 0.08) for n in range(2000)]
    assert set(said) == {None}


def test_a_microphone_that_gates_its_noise_soon_is_no_news() -> None:
    watch = SilenceWatch()
    said = []
    for _ in range(50):
        said += [watch.feed(True, 0.08) for _ in range(110)]
        said += [watch.feed(False, 0.08)]
    assert len([s for s in said if s]) == 1
