import io
import random
import wave

import pytest

from echoctl.audio.codec import decode_flac, encode_flac, write_wav
from echoctl.errors import VaultDamaged


def noise(samples: int) -> bytes:
    return random.Random(7).randbytes(2 * samples)


@pytest.mark.parametrize("samples", [1, 2, 1280, 4095, 16000 * 3])
def test_flac_gives_back_the_same_bytes(samples: int) -> None:
    pcm = noise(samples)
    assert decode_flac(encode_flac(pcm)) == pcm


def test_flac_keeps_the_extremes() -> None:
    pcm = b"\x00\x80\xff\x7f" * 4000
    assert decode_flac(encode_flac(pcm)) == pcm


def test_flac_saves_room() -> None:
    assert len(encode_flac(bytes(32000))) < 2000


def test_nothing_cannot_be_packed() -> None:
    with pytest.raises(ValueError, match="no audio"):
        encode_flac(b"")


@pytest.mark.parametrize("cut", [0, 1, 4, 40, 60, 0.5, -1])
def test_a_shortened_flac_is_damaged(cut: float) -> None:
    packed = encode_flac(noise(16000))
    end = round(cut * len(packed)) if isinstance(cut, float) else cut
    with pytest.raises(VaultDamaged):
        decode_flac(packed[:end])


def test_a_wav_in_the_place_of_flac_is_damaged() -> None:
    with pytest.raises(VaultDamaged):
        decode_flac(b"not audio at all" * 100)


def test_wav_holds_the_samples() -> None:
    pcm = noise(1000)
    with wave.open(io.BytesIO(write_wav(pcm))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
        assert sound.readframes(2000) == pcm
