"""FLAC and WAV: the one module that knows soundfile (libsndfile)."""

import io
import wave

from echoctl.errors import VaultDamaged
from echoctl.model import SAMPLE_RATE, SAMPLE_WIDTH


def encode_flac(pcm: bytes) -> bytes:
    """Pack pcm without loss; decode_flac gives back the very same bytes. Raises ValueError when there is none."""
    if not pcm:
        raise ValueError("no audio to pack")
    import soundfile  # noqa: PLC0415 - 150 ms (it loads numpy) that only commands with audio should pay

    packed = io.BytesIO()
    with soundfile.SoundFile(packed, "w", SAMPLE_RATE, 1, "PCM_16", format="FLAC") as sound:
        sound.buffer_write(pcm, "int16")
    return packed.getvalue()


def decode_flac(data: bytes) -> bytes:
    """Unpack what encode_flac made.

    Raises VaultDamaged: the vault has already proved that these are the bytes it sealed, so FLAC that does not open
    was spoilt before.
    """
    import soundfile  # noqa: PLC0415 - 150 ms (it loads numpy) that only commands with audio should pay

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            if (sound.samplerate, sound.channels) != (SAMPLE_RATE, 1):
                raise VaultDamaged("the recording's audio is not 16 kHz mono", "echoctl db check looks at the rest")
            pcm = bytes(sound.buffer_read(dtype="int16"))
            whole = len(pcm) == sound.frames * SAMPLE_WIDTH
    except soundfile.LibsndfileError as exc:
        raise VaultDamaged("the recording's audio is not FLAC", "echoctl db check looks at the rest") from exc
    if not whole:
        raise VaultDamaged("the recording's audio ends early", "echoctl db check looks at the rest")
    return pcm


def write_wav(pcm: bytes) -> bytes:
    """Put a WAV header before pcm."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(SAMPLE_WIDTH)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(pcm)
    return packed.getvalue()
