import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoctl.audio.resample import Resampler, mono
from tests.audio.sounds import Samples, chirp, correlation, pcm_of, samples_of


def resample(samples: Samples, rate: int, sizes: list[int]) -> bytes:
    resampler, out, at, turn = Resampler(rate), b"", 0, 0
    scaled = (samples * 32768).astype(np.float32)
    while at < len(scaled):
        size = sizes[turn % len(sizes)]
        out += resampler.feed(scaled[at : at + size])
        at, turn = at + size, turn + 1
    return out + resampler.flush()


@settings(deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000]),
    sizes=st.lists(st.integers(20, 9000), min_size=1, max_size=5),
    seconds=st.floats(0.01, 0.6),
)
def test_the_result_does_not_depend_on_the_blocks(rate: int, sizes: list[int], seconds: float) -> None:
    sound = chirp(seconds, rate)
    assert resample(sound, rate, sizes) == resample(sound, rate, [len(sound)])


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_keeps_sound_and_length(rate: int) -> None:
    out = samples_of(resample(chirp(2, rate), rate, [rate // 10]))
    assert abs(len(out) - 32000) <= 1
    assert correlation(out, chirp(2, 16000)) > 0.9999


def test_what_16_khz_cannot_hold_is_left_out() -> None:
    tone = chirp(1, 48000, 12000, 12000)
    assert np.abs(samples_of(resample(tone, 48000, [4800]))[800:-800]).max() < 0.001


def test_16_khz_is_not_touched() -> None:
    sound = chirp(0.3)
    assert resample(sound, 16000, [333]) == pcm_of(sound)


def test_silence_stays_exact_silence() -> None:
    assert not any(resample(np.zeros(48000), 48000, [4800]))


def test_too_loud_is_clipped_and_does_not_wrap() -> None:
    pcm = Resampler(16000).feed(np.array([40000, -40000], np.float32))
    assert list(np.frombuffer(pcm, "<i2")) == [32767, -32768]


def test_mono_is_the_mean_of_the_channels() -> None:
    both = np.array([[1, 3], [5, -5]], np.float32)
    assert list(mono(both)) == [2, 0]
