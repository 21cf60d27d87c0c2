import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoctl.audio import devices
from echoctl.errors import DeviceError, NotFound, UsageError
from echoctl.services.listening.capture import AudioCapture, AudioCaptureSpec
from tests.audio.sounds import chirp, pcm_of, write
from tests.lab.sound import SoundLab

Event = tuple[str, dict[str, Any]]


class Heard:
    """A capture, what it gave and what it said."""

    def __init__(self, **spec: Any) -> None:
        self.events: list[Event] = []
        self.capture = AudioCapture(AudioCaptureSpec(**spec), self._event)
        self.pcm = bytearray()

    def _event(self, what: str, fields: Mapping[str, Any]) -> None:
        self.events.append((what, dict(fields)))

    def until(self, done: Callable[[], bool], limit_s: float = 15) -> bool:
        """Read on until something is so."""
        end = time.monotonic() + limit_s
        while not done() and time.monotonic() < end:
            self.pcm += self.capture.read(0.1) or b""
        return done()

    def hears(self, seconds: float = 0.5) -> bool:
        """Whether audio comes, counted from now."""
        self.pcm.clear()
        return self.until(lambda: len(self.pcm) >= seconds * 32000)

    def said(self, what: str) -> bool:
        return any(event[0] == what for event in self.events)


@pytest.fixture
def lab(sound_lab: SoundLab) -> Iterator[SoundLab]:
    devices.refresh()
    yield sound_lab


@pytest.fixture
def heard(lab: SoundLab) -> Iterator[Heard]:
    """An open capture that has given its first audio."""
    one = Heard(device="lab_mic")
    one.capture.open()
    assert one.hears(0.2)
    one.capture.discontinuous = False
    yield one
    lab.thaw()
    one.capture.close()


def test_a_file_goes_through_to_its_end(tmp_path: Path) -> None:
    one = Heard(input=write(tmp_path / "a.wav", chirp(1), 16000))
    one.capture.open()
    assert one.capture.is_open
    while chunk := one.capture.read(1):
        one.pcm += chunk
    assert chunk == b""
    assert bytes(one.pcm) == pcm_of(chirp(1))
    one.capture.close()
    one.capture.close()
    assert one.events == []


def test_a_file_that_is_none_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Heard(input=str(tmp_path / "none.wav")).capture.open()


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write_end = os.pipe()
    keep = os.dup(0)
    os.dup2(read, 0)
    try:
        os.write(write_end, pcm_of(chirp(0.1)))
        os.close(write_end)
        one = Heard(input="-")
        one.capture.open()
        assert one.capture.name == "standard input"
        assert one.capture.read(1) == pcm_of(chirp(0.1))[:2560]
        assert one.capture.read(1) == pcm_of(chirp(0.1))[2560:]
        assert one.capture.read(1) == b""
    finally:
        os.dup2(keep, 0)
        os.close(keep)
        os.close(read)


def test_what_comes_through_a_pipe_while_muted_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write_end = os.pipe()
    keep = os.dup(0)
    os.dup2(read, 0)
    try:
        one = Heard(input="-")
        one.capture.mute()
        one.capture.open()
        os.write(write_end, b"\1\0" * 1280)
        assert one.capture.read(1) is None
        assert one.capture.is_open
        one.capture.unmute()
        one_discontinuity, one.capture.discontinuous = one.capture.discontinuous, False
        assert one_discontinuity
        os.write(write_end, b"\2\0" * 1280)
        assert one.capture.read(1) == b"\2\0" * 1280
        one.capture.mute()
        os.close(write_end)
        assert one.capture.read(1) == b"", "the end is the end, muted or not"
    finally:
        os.dup2(keep, 0)
        os.close(keep)
        os.close(read)


def test_an_interrupt_ends_the_wait_of_who_is_muted() -> None:
    one = Heard()
    one.capture.mute()
    one.capture.open()
    assert not one.capture.is_open
    one.capture.interrupt()
    before = time.monotonic()
    assert one.capture.read(60) is None
    assert time.monotonic() - before < 30


def test_a_file_that_breaks_off_is_an_error_when_that_shows(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.flac", chirp(5), 16000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    one = Heard(input=str(path))
    one.capture.open()
    with pytest.raises(UsageError):
        one.until(lambda: False, 5)


@pytest.mark.lab
class TestMicrophone:
    def test_the_first_audio_belongs_to_nothing_before(self, lab: SoundLab) -> None:
        one = Heard(device="lab_mic")
        one.capture.open()
        assert one.capture.discontinuous
        assert one.capture.name == "lab_mic"
        assert one.hears()
        one.capture.close()
        assert lab.recorders() == []

    def test_no_usable_input_at_the_start_is_an_error(self, lab: SoundLab) -> None:
        lab.kill()
        devices.refresh()
        with pytest.raises(DeviceError) as none:
            Heard().capture.open()
        assert "--demo" in none.value.hint

    def test_a_server_that_hangs_at_the_start_is_an_error(self, lab: SoundLab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("echoctl.services.listening.capture.ANSWER_S", 0.5)
        lab.freeze()
        one = Heard(device="lab_mic")
        with pytest.raises(DeviceError, match="does not answer"):
            one.capture.open()
        lab.thaw()
        one.capture.close()

    @pytest.mark.slow
    def test_unplugged_and_plugged_in_again(self, lab: SoundLab, heard: Heard) -> None:
        lab.unplug()
        assert heard.until(lambda: heard.said("retrying"))
        assert heard.events[0] == ("lost", {"device": "lab_mic", "reason": "ended"})
        assert heard.capture.discontinuous
        assert not heard.capture.is_open
        lab.replug()
        assert heard.until(lambda: heard.said("back"))
        assert heard.hears()
        assert [what for what, _ in heard.events] == ["lost", "retrying", "back"]

    @pytest.mark.slow
    def test_the_server_dies_and_comes_back(self, lab: SoundLab, heard: Heard) -> None:
        lab.kill()
        assert heard.until(lambda: heard.said("retrying"))
        lab.up()
        assert heard.until(lambda: heard.said("back"))
        assert heard.hears()

    @pytest.mark.slow
    def test_a_device_falls_asleep_and_wakes(self, lab: SoundLab, heard: Heard) -> None:
        lab.suspend(True)
        assert heard.until(lambda: heard.said("lost"))
        assert heard.events[0][1]["reason"] == "stalled"
        lab.suspend(False)
        assert heard.until(lambda: heard.said("back"))
        assert heard.hears()

    @pytest.mark.slow
    def test_the_server_hangs_and_goes_on(self, lab: SoundLab, heard: Heard) -> None:
        lab.freeze()
        assert heard.until(lambda: heard.said("lost"))
        before = time.monotonic()
        heard.capture.read(0.1)
        assert time.monotonic() - before < 0.5, "a hanging server must not hold the loop"
        lab.thaw()
        assert heard.until(lambda: heard.said("back"))
        assert heard.hears()

    @pytest.mark.slow
    def test_mute_and_unmute_while_the_server_hangs(self, lab: SoundLab, heard: Heard) -> None:
        lab.freeze()
        assert heard.until(lambda: heard.said("lost"))
        before = time.monotonic()
        heard.capture.mute()
        assert time.monotonic() - before < 1.5
        lab.thaw()
        time.sleep(1)
        assert lab.recorders() == [], "what the overtaken attempt opened is closed"
        heard.capture.unmute()
        assert heard.hears()

    @pytest.mark.slow
    def test_a_muted_microphone_is_silent_and_stays_open(self, lab: SoundLab, heard: Heard, tmp_path: Path) -> None:
        noise = np.random.default_rng(3).normal(0, 0.05, 48000 * 30)
        player = lab.play(write(tmp_path / "noise.wav", noise, 48000), wait=False)
        assert heard.until(lambda: any(heard.pcm))
        lab.mute(True)
        assert heard.until(lambda: heard.said("silent"))
        assert heard.capture.is_open
        lab.mute(False)
        assert heard.until(lambda: heard.said("sound"))
        player.kill()
        player.wait()
        assert [what for what, _ in heard.events] == ["silent", "sound"]

    @pytest.mark.slow
    def test_a_stream_moved_to_a_silent_source_is_noticed(self, lab: SoundLab, heard: Heard, tmp_path: Path) -> None:
        noise = np.random.default_rng(3).normal(0, 0.05, 48000 * 40)
        player = lab.play(write(tmp_path / "noise.wav", noise, 48000), wait=False)
        assert heard.until(lambda: any(heard.pcm))
        lab.move()
        assert heard.until(lambda: heard.said("silent"))
        lab.replug()
        assert heard.until(lambda: heard.said("sound"))
        player.kill()
        player.wait()

    def test_mute_closes_and_unmute_opens(self, lab: SoundLab, heard: Heard) -> None:
        for _ in range(5):
            heard.capture.mute()
            assert lab.recorders() == []
            assert not heard.capture.is_open
            assert heard.capture.read(0.01) is None
            heard.capture.discontinuous = False
            heard.capture.unmute()
            assert heard.capture.discontinuous
            assert heard.hears(0.1)
            assert len(lab.recorders()) == 1
        assert heard.events == []

    @pytest.mark.slow
    def test_an_unmute_without_microphone_is_a_loss(self, lab: SoundLab, heard: Heard) -> None:
        heard.capture.mute()
        lab.kill()
        heard.capture.unmute()
        assert heard.events[0] == ("lost", {"device": "lab_mic", "reason": "failed"})
        lab.up()
        assert heard.until(lambda: heard.said("back"))
        assert heard.hears()

    def test_the_counters_live_through_a_mute(self, lab: SoundLab, heard: Heard) -> None:
        microphone: Any = heard.capture._source
        microphone._overflows, microphone._dropped = 3, 2 * 44100
        heard.capture.mute()
        heard.capture.unmute()
        assert heard.capture.health().overflows == 3
        assert heard.capture.health().dropped_ms == 1000
