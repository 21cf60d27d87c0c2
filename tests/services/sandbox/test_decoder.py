import os
import signal
import struct
import time

import pytest

from echoctl.audio import codec
from echoctl.services.sandbox import decoder as decoding
from tests.heard import pcm
from tests.lab.cage import inner


def test_sound_of_any_kind_comes_back_as_pcm() -> None:
    sound = pcm(0.5)
    with decoding.Decoder() as decoder:
        assert decoder.pcm(codec.encode_flac(sound)) == sound
        assert decoder.pcm(codec.write_wav(sound)) == sound
        stereo = bytearray(codec.write_wav(sound))
        stereo[22:24] = struct.pack("<H", 2)
        assert len(decoder.pcm(bytes(stereo))) == len(sound) // 2


@pytest.mark.parametrize("data", [b"", b"x", b"RIFF", b"fLaC" + bytes(100), codec.write_wav(b""), bytes(100_000)])
def test_what_is_no_sound_is_refused_in_words_and_the_child_lives_on(data: bytes) -> None:
    with decoding.Decoder() as decoder:
        with pytest.raises(ValueError, match="sound"):
            decoder.pcm(data)
        child = decoder._child
        assert decoder.pcm(codec.encode_flac(bytes(640))) == bytes(640)
        assert decoder._child is child


def test_a_sound_that_is_too_long_is_refused() -> None:
    with decoding.Decoder() as decoder, pytest.raises(ValueError, match="10 minutes"):
        decoder.pcm(codec.encode_flac(bytes(601 * 32_000)))


def test_a_child_that_dies_or_hangs_costs_one_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    good = codec.encode_flac(bytes(640))
    with decoding.Decoder(limit_s=30.0) as decoder:
        decoder.pcm(good)
        assert decoder._child
        decoder._child.kill()
        decoder._child.wait()
        with pytest.raises(ValueError, match="fail"):
            decoder.pcm(good)
        assert decoder.pcm(good) == bytes(640)
        assert decoder._child
        os.kill(inner(decoder._child.pid), signal.SIGSTOP)
        decoder._limit_s = 0.2
        began = time.monotonic()
        with pytest.raises(ValueError, match="fail"):
            decoder.pcm(good)
        assert time.monotonic() - began < 10
        assert decoder._child is None


def test_the_child_can_write_no_file_and_has_a_limit_of_memory() -> None:
    """Asked of the kernel, once the child has answered and is therefore confined."""
    with decoding.Decoder() as decoder:
        decoder.pcm(codec.encode_flac(bytes(640)))
        assert decoder._child
        with open(f"/proc/{inner(decoder._child.pid)}/limits") as file:
            limits = {line[:26].strip(): line[26:].split()[0] for line in file}
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert limits["Max open files"] == "16"
    assert 0 < int(limits["Max address space"]) < 8 << 30
