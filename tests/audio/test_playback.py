import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from echoctl.audio import devices, playback
from echoctl.errors import NotFound
from tests.audio.sounds import Samples, chirp, correlation, pcm_of, samples_of
from tests.lab.sound import SoundLab


@pytest.mark.parametrize("kind", ["start", "end"])
def test_a_chime_is_short_quiet_and_ends_in_silence(kind: playback.Chime) -> None:
    samples = samples_of(playback.chime(kind))
    assert 0.1 <= len(samples) / 16000 <= 0.3
    assert 0.05 < np.abs(samples).max() < 0.15
    assert np.abs(samples[-16:]).max() < 0.001
    assert np.abs(samples[:4]).max() < 0.01, "no click"


def test_the_two_chimes_differ() -> None:
    assert playback.chime("start") != playback.chime("end")


@pytest.fixture
def heard_from_speaker(sound_lab: SoundLab, tmp_path: Path) -> Iterator[Callable[[], Samples]]:
    """Records the speaker; calling it stops that and gives what was heard, at 48 kHz."""
    devices.refresh()
    recorder = sound_lab.record_speaker(tmp_path / "speaker.raw")

    def heard() -> Samples:
        time.sleep(0.5)
        recorder.send_signal(signal.SIGTERM)
        recorder.wait(10)
        return samples_of((tmp_path / "speaker.raw").read_bytes()[: (tmp_path / "speaker.raw").stat().st_size // 2 * 2])

    yield heard
    recorder.kill()
    recorder.wait(10)


@pytest.mark.lab
def test_the_speaker_plays_to_the_last_sample(heard_from_speaker: Callable[[], Samples]) -> None:
    positions: list[float] = []
    playback.play(pcm_of(chirp(1)), "lab_speaker", positions.append)
    heard = heard_from_speaker()
    loud = np.flatnonzero(np.abs(heard) > 0.01)
    assert loud[-1] - loud[0] > 0.99 * 48000
    piece = heard[loud[0] :][:48000]
    lags = [correlation(chirp(1, 48000)[lag:], piece) for lag in range(200)]
    assert max(lags) > 0.98
    assert positions == sorted(positions)
    assert positions[-1] == 1.0
    assert len(positions) >= 20


@pytest.mark.lab
def test_an_unknown_speaker_is_answered_with_those_there_are(sound_lab: SoundLab) -> None:
    devices.refresh()
    with pytest.raises(NotFound) as none:
        playback.play(bytes(320), "nonesuch")
    assert "lab_speaker" in none.value.hint
