"""Files and pipes go the way of a microphone."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoctl.errors import DeviceError, UsageError
from echoctl.services import mute_file
from echoctl.services.microphone import process
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.protocol.sound import FrameReader
from tests.audio.sounds import chirp, pcm_of, write
from tests.services.microphone.rig import Rig

Rigs = Callable[..., Rig]
ONE, TWO = b"\1\0" * 1280, b"\2\0" * 1280


@contextlib.contextmanager
def opened(path: str) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    yield file
    with contextlib.suppress(OSError):
        os.close(file)


@pytest.mark.parametrize("muted", [True, False])
def test_a_file_goes_through_to_its_end_muted_or_not(rigs: Rigs, tmp_path: Path, muted: bool) -> None:
    path = write(tmp_path / "a.wav", chirp(1), 16000)
    rig = rigs(input=path, source=os.open(path, os.O_RDONLY))
    rig.order(muted)
    rig.start()
    rig.until(lambda: not rig.running)
    assert rig.pcm() == pcm_of(chirp(1))
    assert rig.kinds() == ["opened", "end"] and rig.frames[-1] == {"type": "end"}
    assert rig.frames[0] == {"type": "opened", "device": path}
    assert rig.done == (mute_file.NONE, True) and rig.locked == 1


def test_a_long_file_waits_for_its_ear(rigs: Rigs, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", chirp(20), 16000)
    rig = rigs(input=path, source=os.open(path, os.O_RDONLY))
    rig.start()
    rig.until(lambda: not rig.running)
    assert rig.pcm() == pcm_of(chirp(20))


@pytest.mark.parametrize("content", [b"no sound at all", b""])
def test_a_file_that_is_none_is_an_error(rigs: Rigs, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    rig = rigs(input="a.wav", source=os.open(tmp_path / "a.wav", os.O_RDONLY))
    rig.start()
    rig.until(lambda: rig.error is not None)
    assert isinstance(rig.error, UsageError) and rig.kinds() == []


def test_a_file_that_breaks_off_is_an_error_when_that_shows(rigs: Rigs, tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.flac", chirp(5), 16000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    rig = rigs(input=str(path), source=os.open(path, os.O_RDONLY))
    rig.start()
    rig.until(lambda: rig.error is not None)
    assert isinstance(rig.error, UsageError)
    assert rig.pcm() and "end" not in rig.kinds()


def test_standard_input_is_read(rigs: Rigs) -> None:
    read, end = os.pipe()
    keep = os.dup(0)
    os.dup2(read, 0)
    try:
        os.write(end, pcm_of(chirp(0.1)))
        os.close(end)
        rig = rigs(input="-", source=0).start()
        rig.until(lambda: not rig.running)
    finally:
        os.dup2(keep, 0)
        os.close(keep)
        os.close(read)
    sound = pcm_of(chirp(0.1))
    assert rig.frames == [
        {"type": "opened", "device": "standard input"}, sound[:2560], sound[2560:], {"type": "end"},
    ]  # fmt: skip


def test_what_comes_through_a_pipe_while_muted_is_dropped(rigs: Rigs) -> None:
    read, end = os.pipe()
    rig = rigs(input="-", source=read).start()
    os.write(end, ONE)
    rig.until(lambda: rig.pcm() == ONE)
    rig.order(True)
    rig.until(lambda: rig.done == (mute_file.DROPPED, True))
    os.write(end, ONE * 3)
    rig.order(False)
    rig.until(lambda: rig.kinds()[-1] == "opened" and rig.done == (mute_file.OPEN, True))
    os.write(end, TWO)
    rig.until(lambda: rig.pcm().endswith(TWO))
    assert rig.kinds() == ["opened", "muted", "opened"]
    assert rig.frames[-1] == TWO
    rig.order(True)
    rig.until(lambda: rig.done == (mute_file.DROPPED, True))
    os.close(end)
    rig.until(lambda: not rig.running)
    assert rig.kinds() == ["opened", "muted", "opened", "muted", "end"], "the end is the end, muted or not"
    os.close(read)


def test_a_pipe_that_is_muted_from_the_start_is_not_heard(rigs: Rigs) -> None:
    read, end = os.pipe()
    rig = rigs(input="-", source=read)
    rig.order(True)
    os.write(end, ONE)
    rig.start()
    rig.until(lambda: rig.done == (mute_file.DROPPED, True))
    os.close(end)
    rig.until(lambda: not rig.running)
    assert rig.pcm() == b""
    os.close(read)


def test_errors_travel_through_the_pipe_and_are_the_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*what: object) -> None:
        raise DeviceError("no microphone", "plug one in")

    sound, end = os.pipe()
    mute = os.open(tmp_path / "mute", os.O_RDWR | os.O_CREAT)
    monkeypatch.setattr(process, "listen", fail)
    monkeypatch.setattr(process.signal, "signal", lambda *what: None)
    assert process.main([MicrophoneSpec(sound=end, mute=mute).to_json()]) == 4
    assert FrameReader().feed(os.read(sound, 4096)) == [
        {"type": "error", "code": 4, "message": "no microphone", "hint": "plug one in"}
    ]
    for descriptor in (sound, end, mute):
        os.close(descriptor)


def test_an_ear_that_has_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*what: object) -> None:
        raise BrokenPipeError

    sound, end = os.pipe()
    mute = os.open(tmp_path / "mute", os.O_RDWR | os.O_CREAT)
    monkeypatch.setattr(process, "listen", gone)
    monkeypatch.setattr(process.signal, "signal", lambda *what: None)
    assert process.main([MicrophoneSpec(sound=end, mute=mute).to_json()]) == 0
    for descriptor in (sound, end, mute):
        os.close(descriptor)
