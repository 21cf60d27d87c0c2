"""A real microphone process at a real sound server; the ear is played, and hands on what it is told."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from echoctl.errors import EchoctlError, ExitCode
from echoctl.services import state
from tests.audio.sounds import write
from tests.lab.sound import SoundLab
from tests.services.listening.players import Event, Play

pytestmark = pytest.mark.lab


@pytest.fixture
def started(sound_lab: SoundLab, play: Play) -> Iterator[Play]:
    play.real = ("microphone",)
    play.begin(device="lab_mic", sandbox="off")
    yield play
    sound_lab.thaw()


@pytest.fixture
def heard(started: Play) -> Play:
    """A listener whose microphone is open."""
    started.until_light("idle")
    return started


def until(play: Play, *what: str) -> list[Event]:
    """Wait for these events of the device; returns all of them."""
    events = play.until(lambda events: set(what) <= {event.get("what") for event in events}, 30)
    return [event for event in events if event["type"] == "device"]


def set_muted(play: Play, muted: bool) -> float:
    """Mute while the listener goes on; returns how long that took."""
    before = time.monotonic()
    thread = threading.Thread(target=state.set_muted, args=[muted, "a test"])
    thread.start()
    play.until(lambda events: not thread.is_alive())
    return time.monotonic() - before


def test_it_is_the_one_that_was_named(heard: Play, sound_lab: SoundLab) -> None:
    assert state.snapshot().device == "lab_mic"
    assert len(sound_lab.recorders()) == 1
    heard.end()
    assert sound_lab.recorders() == []


def test_mute_closes_and_unmute_opens(heard: Play, sound_lab: SoundLab) -> None:
    for _ in range(5):
        set_muted(heard, True)
        assert sound_lab.recorders() == [] and state.snapshot().mic == "closed"
        set_muted(heard, False)
        assert len(sound_lab.recorders()) == 1 and state.snapshot().mic == "open"


def test_no_usable_microphone_at_the_start_is_an_error(sound_lab: SoundLab, play: Play) -> None:
    sound_lab.kill()
    play.real = ("microphone",)
    play.begin(sandbox="off")
    with pytest.raises(EchoctlError) as none:
        play.for_a_while(20)
    assert none.value.exit_code == ExitCode.DEVICE and "--demo" in none.value.hint


@pytest.mark.slow
def test_unplugged_and_plugged_in_again(heard: Play, sound_lab: SoundLab) -> None:
    sound_lab.unplug()
    first = until(heard, "retrying")[0]
    assert first == {"type": "device", "what": "lost", "device": "lab_mic", "reason": "ended"}
    sound_lab.replug()
    until(heard, "back")
    assert len(sound_lab.recorders()) == 1


@pytest.mark.slow
def test_the_server_dies_and_comes_back(heard: Play, sound_lab: SoundLab) -> None:
    sound_lab.kill()
    until(heard, "retrying")
    sound_lab.up()
    until(heard, "back")


@pytest.mark.slow
def test_a_device_falls_asleep_and_wakes(heard: Play, sound_lab: SoundLab) -> None:
    sound_lab.suspend(True)
    assert until(heard, "lost")[0]["reason"] == "stalled"
    sound_lab.suspend(False)
    until(heard, "back")


@pytest.mark.slow
def test_mute_and_unmute_while_the_server_hangs(heard: Play, sound_lab: SoundLab) -> None:
    sound_lab.freeze()
    until(heard, "lost")
    assert set_muted(heard, True) < state.CONFIRM_S
    assert state.snapshot().mic == "closed"
    sound_lab.thaw()
    heard.for_a_while(1)
    assert sound_lab.recorders() == [], "what hung is dead"
    set_muted(heard, False)
    heard.until(lambda events: state.snapshot().led == "idle", 30)
    assert len(sound_lab.recorders()) == 1


@pytest.mark.slow
def test_an_unmute_without_microphone_is_a_loss(heard: Play, sound_lab: SoundLab) -> None:
    set_muted(heard, True)
    sound_lab.kill()
    thread = threading.Thread(target=state.set_muted, args=[False, "a test"])
    thread.start()
    assert until(heard, "retrying")[0] == {
        "type": "device", "what": "lost", "device": "lab_mic", "reason": "failed",
    }  # fmt: skip
    thread.join()
    sound_lab.up()
    until(heard, "back")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["muted", "moved"])
def test_a_microphone_that_gives_nothing_but_zeros_is_told(
    heard: Play, sound_lab: SoundLab, tmp_path: Path, how: str
) -> None:
    noise = np.random.default_rng(3).normal(0, 0.05, 48000 * 40)
    player = sound_lab.play(write(tmp_path / "noise.wav", noise, 48000), wait=False)
    heard.for_a_while(1)
    sound_lab.mute(True) if how == "muted" else sound_lab.move()
    until(heard, "silent")
    assert len(sound_lab.recorders()) == 1
    sound_lab.mute(False) if how == "muted" else sound_lab.replug()
    until(heard, "sound")
    player.kill()
    player.wait()
