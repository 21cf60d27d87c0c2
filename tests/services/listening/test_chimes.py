import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoctl.errors import PluginError
from echoctl.services.listening.chimes import Chimes
from tests.audio.sounds import samples_of
from tests.lab.sound import SoundLab

REQUEST = [{"type": "state", "state": state} for state in ("listening", "thinking", "idle")]


@pytest.fixture
def chimes() -> Iterator[Chimes]:
    made = Chimes()
    yield made
    made.close()


@pytest.fixture
def played(chimes: Chimes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    kinds: list[str] = []
    monkeypatch.setattr(chimes, "_play", kinds.append)
    return kinds


def test_a_request_begins_and_ends_with_a_chime(chimes: Chimes, played: list[str]) -> None:
    for event in [{"type": "state", "state": "idle"}, {"type": "wake"}, *REQUEST, *REQUEST]:
        chimes(event)
    assert played == ["start", "end", "start", "end"]


@pytest.mark.parametrize("end", ["muted", "error", "off"])
def test_a_request_that_was_broken_off_ends_in_silence(chimes: Chimes, played: list[str], end: str) -> None:
    chimes(REQUEST[0])
    chimes({"type": "state", "state": end})
    assert played == ["start"]


def test_a_player_that_died_is_a_fault_and_no_more(chimes: Chimes) -> None:
    chimes._player.send_signal(signal.SIGKILL)
    chimes._player.wait()
    with pytest.raises(PluginError, match="died"):
        chimes(REQUEST[0])


@pytest.mark.lab
def test_the_speaker_sounds(sound_lab: SoundLab, tmp_path: Path) -> None:
    recorder = sound_lab.record_speaker(tmp_path / "speaker.raw")
    chimes = Chimes()
    for event in REQUEST:
        chimes(event)
        time.sleep(0.3)
    chimes.close()
    recorder.terminate()
    recorder.wait()
    heard = (tmp_path / "speaker.raw").read_bytes()
    loud = abs(samples_of(heard[: len(heard) // 2 * 2])) > 0.02
    onsets = [at for at in loud.nonzero()[0] if not loud[max(0, at - 4800) : at].any()]
    assert len(onsets) == 2


@pytest.mark.lab
def test_without_a_speaker_it_says_so_and_tries_again(sound_lab: SoundLab) -> None:
    sound_lab.unplug()
    chimes = Chimes()
    with pytest.raises(PluginError):
        chimes(REQUEST[0])
    sound_lab.replug()
    chimes(REQUEST[1])
    chimes.close()
