import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoctl.audio.files import open_file, open_stdin
from echoctl.audio.source import AudioSource
from echoctl.errors import DeviceError, NotFound, UsageError
from echoctl.model.speech import CHUNK_BYTES
from tests.audio.sounds import chirp, correlation, pcm_of, samples_of, write


def chunks(source: AudioSource) -> list[bytes]:
    """All chunks to the end of the stream; none may be missing in between."""
    out = []
    while (chunk := source.read(5)) != b"":
        assert chunk is not None
        out.append(chunk)
    assert source.read(0) == b"", "the end stays the end"
    source.close()
    source.close()
    return out


def piped(*pieces: bytes) -> AudioSource:
    """A pipe that these bytes were written to before it was closed."""
    read, write = os.pipe()
    for piece in pieces:
        os.write(write, piece)
    os.close(write)
    return open_stdin(fd=read)


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.flac", "PCM_16"), ("a.wav", "FLOAT")])
@pytest.mark.parametrize("seconds", [0.08, 0.5, 2.345])
def test_16_khz_mono_comes_sample_by_sample(tmp_path: Path, name: str, subtype: str, seconds: float) -> None:
    sound = samples_of(pcm_of(chirp(seconds)))
    got = chunks(open_file(write(tmp_path / name, sound, 16000, subtype)))
    assert b"".join(got) == pcm_of(sound)
    assert all(len(chunk) == CHUNK_BYTES for chunk in got[:-1])
    assert 0 < len(got[-1]) <= CHUNK_BYTES


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_width_sounds_the_same(tmp_path: Path, subtype: str) -> None:
    got = b"".join(chunks(open_file(write(tmp_path / "a.wav", chirp(0.5), 16000, subtype))))
    assert correlation(samples_of(got), chirp(0.5)) > 0.999
    assert len(got) == 16000


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_every_rate_sounds_the_same(tmp_path: Path, rate: int) -> None:
    got = b"".join(chunks(open_file(write(tmp_path / "a.wav", chirp(1.5, rate), rate))))
    assert correlation(samples_of(got), chirp(1.5)) > 0.9999
    assert abs(len(got) - 48000) <= 2


def test_channels_are_mixed(tmp_path: Path) -> None:
    left, right = chirp(0.5), chirp(0.5, low=500, high=900)
    path = write(tmp_path / "a.wav", np.column_stack([left, right]), 16000, "FLOAT")
    assert np.allclose(samples_of(b"".join(chunks(open_file(path)))), (left + right) / 2, atol=1e-4)


def test_float_beyond_full_scale_is_clipped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.array([2.0, -2.0, 0.5]), 16000, "FLOAT")
    assert chunks(open_file(path)) == [struct.pack("<3h", 32767, -32768, 16384)]


def test_realtime_takes_its_time(tmp_path: Path) -> None:
    source = open_file(write(tmp_path / "a.wav", chirp(0.4), 16000), realtime=True)
    start = time.monotonic()
    assert source.read(0.01) is None, "the first chunk is not over yet"
    assert len(chunks(source)) == 5
    assert 0.39 < time.monotonic() - start < 0.8


def test_without_realtime_it_does_not(tmp_path: Path) -> None:
    source = open_file(write(tmp_path / "a.wav", chirp(20), 16000))
    start = time.monotonic()
    assert len(chunks(source)) == 250
    assert time.monotonic() - start < 2


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        open_file(str(tmp_path / "none.wav"))


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder"):
        open_file(str(tmp_path))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is not a file"):
        open_file(str(tmp_path / "pipe"))


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(UsageError, match="is empty"):
        open_file(str(tmp_path / "a.wav"))


def test_a_header_without_samples_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no audio"):
        open_file(write(tmp_path / "a.wav", np.zeros(0), 16000))


@pytest.mark.parametrize("content", [b"hello", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt ", b"\0" * 5000])
def test_what_is_not_audio_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UsageError, match="not a sound file"):
        open_file(str(tmp_path / "a.wav"))


def test_a_wav_that_is_cut_short_is_refused_at_once(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.wav", chirp(2), 16000))
    path.write_bytes(path.read_bytes()[:32044])
    with pytest.raises(UsageError, match=r"cut short: 1\.0 s of 2\.0 s"):
        open_file(str(path))


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000 + 44])
def test_a_wav_from_a_pipe_knows_no_length_and_is_heard_whole(tmp_path: Path, length: int) -> None:
    path = Path(write(tmp_path / "a.wav", chirp(1), 16000))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", length)
    path.write_bytes(data)
    assert b"".join(chunks(open_file(str(path)))) == pcm_of(chirp(1))


def test_a_flac_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.flac", chirp(3), 16000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UsageError, match=r"cut short|not a sound file"):
        chunks(open_file(str(path)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=12))
def test_a_pipe_gives_the_same_chunks_however_it_was_written(sizes: list[int]) -> None:
    data = bytes(range(251)) * (sum(sizes) // 251 + 1)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    got = chunks(piped(*pieces))
    assert b"".join(got) == data[: at // 2 * 2], "half a sample at the end is left out"
    assert all(len(chunk) == CHUNK_BYTES for chunk in got[:-1])


def test_a_pipe_through_which_nothing_came_says_so() -> None:
    with pytest.raises(UsageError, match="nothing came"):
        chunks(piped())


def test_a_silent_pipe_is_no_end() -> None:
    read, write = os.pipe()
    source = open_stdin(fd=read)
    assert source.read(0.02) is None
    os.write(write, b"ab")
    assert source.read(0.02) is None
    os.close(write)
    assert source.read(0.02) == b"ab"
    os.close(read)


def test_a_pipe_can_be_paced() -> None:
    read, write = os.pipe()
    os.write(write, bytes(3 * CHUNK_BYTES))
    os.close(write)
    start = time.monotonic()
    assert len(chunks(open_stdin(fd=read, realtime=True))) == 3
    assert time.monotonic() - start > 0.23


def test_a_sound_file_in_a_pipe_is_not_raw(tmp_path: Path) -> None:
    wav = Path(write(tmp_path / "a.wav", chirp(0.5), 16000)).read_bytes()
    with pytest.raises(UsageError, match="not raw"):
        chunks(piped(wav))


def test_a_terminal_is_not_audio() -> None:
    master, slave = os.openpty()
    with pytest.raises(UsageError, match="is a terminal"):
        open_stdin(fd=slave)
    os.close(master)
    os.close(slave)


def test_a_descriptor_that_cannot_be_read_is_a_device_error() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(DeviceError, match="cannot read"):
        open_stdin(fd=read).read(1)


def test_a_standard_input_that_was_never_open_says_so() -> None:
    program = "from echoctl.audio.files import open_stdin; open_stdin().read(1)"
    run = subprocess.run(
        [sys.executable, "-c", program], preexec_fn=lambda: os.close(0), capture_output=True, text=True, check=False
    )
    assert "nothing came through standard input" in run.stderr
