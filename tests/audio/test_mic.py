import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from echoctl.audio import devices
from echoctl.audio.mic import DeviceLost, Microphone, open_microphone
from echoctl.errors import DeviceError, NotFound
from tests.audio.sounds import Samples, chirp, samples_of, write
from tests.lab.sound import SoundLab

pytestmark = pytest.mark.lab


@pytest.fixture
def lab(sound_lab: SoundLab) -> Iterator[SoundLab]:
    devices.refresh()
    yield sound_lab


def listen(mic: Microphone, seconds: float) -> bytes:
    """This much audio, whatever time that takes up to three times as long."""
    heard = bytearray()
    for _ in range(round(3 * seconds / 0.08)):
        heard += mic.read(0.08) or b""
        if len(heard) >= seconds * 32000:
            break
    return bytes(heard)


def best_correlation(sound: Samples, heard: Samples) -> float:
    """Of a sound with the piece of `heard` in which it is found."""
    size = 1 << (len(sound) + len(heard)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size)), size)
    at = int(np.argmax(cross[: len(heard)]))
    piece = heard[at : at + len(sound)]
    return float(sound[: len(piece)] @ piece / (np.linalg.norm(sound) * np.linalg.norm(piece) + 1e-12))


@pytest.mark.parametrize("patience", [1, 6])
def test_what_is_played_in_the_room_is_heard_whole(lab: SoundLab, tmp_path: Path, patience: int) -> None:
    sound = chirp(3)
    mic = open_microphone("lab_mic")
    mic.patience = patience
    listen(mic, 0.3)
    player = lab.play(write(tmp_path / "a.wav", chirp(3, 48000), 48000), wait=False)
    heard = samples_of(listen(mic, 4.5))
    player.wait(20)
    health = mic.health()
    mic.close()
    assert best_correlation(sound, heard) > 0.99
    assert (health.overflows, health.dropped_ms) == (0, 0)


def test_chunks_are_whole_and_come_at_their_pace(lab: SoundLab) -> None:
    mic = open_microphone("lab_mic")
    chunks = [mic.read(1) for _ in range(10)]
    mic.close()
    assert {len(chunk or b"") for chunk in chunks} == {2560}


def test_nothing_in_time_is_none(lab: SoundLab) -> None:
    mic = open_microphone("lab_mic")
    assert mic.read(0) is None
    mic.close()


def test_an_interrupt_ends_a_patient_wait(lab: SoundLab) -> None:
    mic = open_microphone("lab_mic")
    listen(mic, 0.3)
    mic.patience = 6
    before = mic._written
    caller = threading.Timer(0.05, mic.interrupt)
    caller.start()
    while mic.read(60) is not None:  # what had gathered when patience began
        pass
    caller.join()
    assert mic._written - before < 60 * mic._rate * mic._frame_bytes / 2
    assert mic.read(1), "it goes on"
    mic.close()


def test_closed_means_that_nobody_records(lab: SoundLab) -> None:
    mic = open_microphone("lab_mic")
    listen(mic, 0.3)
    assert len(lab.recorders()) == 1
    mic.close()
    assert lab.recorders() == []
    assert not any(mic._buffer), "what was not read is wiped"


def test_who_reads_too_late_loses_audio_and_is_told(lab: SoundLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoctl.audio.mic.RING_S", 0.4)
    mic = open_microphone("lab_mic")
    listen(mic, 0.2)
    time.sleep(1.2)
    health = mic.health()
    mic.close()
    assert health.overflows >= 5
    assert 400 <= health.dropped_ms <= 1500
    assert 300 <= health.lag_ms <= 400 + 80


def test_an_unplugged_microphone_is_lost(lab: SoundLab) -> None:
    mic = open_microphone("lab_mic")
    listen(mic, 0.3)
    lab.unplug()
    with pytest.raises(DeviceLost) as lost:
        listen(mic, 3)
    assert lost.value.reason == "ended"
    mic.close()


def test_a_device_asleep_is_lost(lab: SoundLab) -> None:
    mic = open_microphone("lab_mic")
    listen(mic, 0.3)
    lab.suspend(True)
    with pytest.raises(DeviceLost) as lost:
        listen(mic, 5)
    assert lost.value.reason == "stalled"
    mic.close()


def test_names_that_fit_none_or_several_are_answered_with_the_candidates(lab: SoundLab) -> None:
    with pytest.raises(NotFound) as none:
        open_microphone("nonesuch")
    assert "lab_mic" in none.value.hint
    with pytest.raises(NotFound) as several:
        open_microphone("LAB_")
    assert "lab_mic, lab_speaker" in several.value.hint


def test_a_name_may_be_a_part_or_a_number(lab: SoundLab) -> None:
    wanted = next(device for device in devices.inputs() if device.name == "lab_mic")
    assert devices.find_input("Lab_M") == wanted
    assert devices.find_input(str(wanted.index)) == wanted
    assert devices.find_input("").default


def test_a_machine_without_microphone_has_a_hint(lab: SoundLab) -> None:
    lab.kill()
    devices.refresh()
    with pytest.raises(DeviceError) as none:
        open_microphone("")
    assert "--demo" in none.value.hint
