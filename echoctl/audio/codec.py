"""FLAC and WAV: the one module that knows soundfile (libsndfile)."""

import contextlib
import io
import os
import stat
import struct
import wave
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from echoctl.audio.resample import FULL_SCALE, Resampler, mono
from echoctl.errors import NotFound, UsageError, VaultDamaged
from echoctl.model.speech import SAMPLE_RATE, SAMPLE_WIDTH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SALVAGE_FRAMES = 4096
"""FLAC's usual block: a damaged file is read up to the last whole block before the fault."""

_MOST_CHANNELS = 8

WAV_UNKNOWN_LENGTH = 0x7FFF_0000
"""A WAV header's length from here on means "I could not know": a gigabyte-long pipe, not a gigabyte of audio."""


def encode_flac(pcm: bytes) -> bytes:
    """Pack pcm without loss; decode_flac gives back the very same bytes. Raises ValueError when `pcm` is empty."""
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
    was damaged before.
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


def decode_start_of_flac(data: bytes) -> bytes:
    """Unpack as much as there is of a FLAC file that is cut off; b"" where not even its header is whole."""
    import soundfile  # noqa: PLC0415 - 150 ms (it loads numpy) that only commands with audio should pay

    pcm = bytearray()
    with contextlib.suppress(soundfile.LibsndfileError), soundfile.SoundFile(io.BytesIO(data)) as sound:
        while block := bytes(sound.buffer_read(_SALVAGE_FRAMES, dtype="int16")):
            pcm += block
    return bytes(pcm)


def encode_opus(pcm: bytes) -> bytes:
    """Pack pcm as Opus in Ogg, a fifth of FLAC and not lossless. Raises UsageError where libsndfile has no Opus."""
    import soundfile  # noqa: PLC0415 - 150 ms (it loads numpy) that only commands with audio should pay

    if "OPUS" not in soundfile.available_subtypes("OGG"):
        raise UsageError("this libsndfile cannot write Opus", "take --format flac, or update the soundfile package")
    packed = io.BytesIO()
    with soundfile.SoundFile(packed, "w", SAMPLE_RATE, 1, "OPUS", format="OGG") as sound:
        sound.buffer_write(pcm, "int16")
    return packed.getvalue()


def decode_any(data: bytes, most_s: float) -> bytes:
    """A sound file of any kind, rate and number of channels as pcm.

    Raises ValueError, with a message for a person, when it is no sound file, is cut short, or lasts longer than
    `most_s`. The bytes may be hostile: services.sandbox.decoder calls this in a process that may die of them.
    """
    import soundfile  # noqa: PLC0415 - 150 ms (it loads numpy) that only commands with audio should pay

    pcm = bytearray()
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            if not 0 < sound.frames <= most_s * sound.samplerate or sound.channels > _MOST_CHANNELS:
                raise ValueError(f"it holds no sound, or more than {most_s / 60:.0f} minutes")
            resampler = Resampler(sound.samplerate)
            read = 0
            while len(block := sound.read(sound.samplerate, dtype="float32", always_2d=True)):
                read += len(block)
                pcm += resampler.feed(mono(block) * FULL_SCALE)
            pcm += resampler.flush()
            if read < sound.frames:
                raise ValueError("its sound is cut short")
    except soundfile.LibsndfileError:
        raise ValueError("it is not a sound file, or a damaged one") from None
    return bytes(pcm)


def write_wav(pcm: bytes) -> bytes:
    """Put a WAV header before pcm."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(SAMPLE_WIDTH)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(pcm)
    return packed.getvalue()


class SoundFile:
    """A sound file of any kind that libsndfile knows, read in blocks as mono float32 in 16-bit scale."""

    def __init__(self, path: str, descriptor: int | None = None) -> None:
        """Open `path`, or read it from a descriptor of `open_checked`, which is closed with it.

        Raises NotFound, or UsageError when it cannot be read, is no audio, or is cut short.
        """
        import soundfile  # noqa: PLC0415 - 150 ms (it loads numpy) that only commands with audio should pay

        self._path = path
        own = open_checked(path) if descriptor is None else descriptor
        try:
            self._sound = soundfile.SoundFile(own, closefd=True)
        except soundfile.LibsndfileError as exc:
            with contextlib.suppress(OSError):  # libsndfile has closed it, or has not
                os.close(own)
            raise _no_audio(path) from exc
        if not self._sound.frames:
            self._sound.close()
            raise UsageError(f"{path} holds no audio", "give a file with something to hear")
        self.rate = self._sound.samplerate

    def blocks(self) -> "Iterator[NDArray[np.float32]]":
        """Yield up to a second at a time. Raises UsageError when the file breaks off."""
        import soundfile  # noqa: PLC0415 - loaded already by __init__

        read = 0
        while read < self._sound.frames:
            try:
                block = self._sound.read(self.rate, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as exc:
                raise _cut_short(self._path, read / self.rate, self._sound.frames / self.rate) from exc
            if not len(block):
                raise _cut_short(self._path, read / self.rate, self._sound.frames / self.rate)
            read += len(block)
            yield mono(block) * FULL_SCALE

    def close(self) -> None:
        """Let go of the file."""
        self._sound.close()


def open_checked(path: str) -> int:
    """Open a sound file for reading and return its descriptor, at its beginning.

    Raises a precise error, NotFound or UsageError, for what libsndfile reports alike: missing, a folder, unreadable,
    empty, cut short. Loads no library of sound.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UsageError(f"{path} is not a file", "a pipe of raw samples goes to --input -")
            if not found.st_size:
                raise UsageError(f"{path} is empty", "give a file with something to hear")
            declared, present, rate = _wav_length(file, found.st_size)
            descriptor = os.dup(file.fileno())
    except FileNotFoundError as exc:
        raise NotFound(f"no such file: {path}", "check the name") from exc
    except IsADirectoryError as exc:
        raise UsageError(f"{path} is a folder", "name a sound file in it") from exc
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}", "check its rights") from exc
    os.lseek(descriptor, 0, os.SEEK_SET)
    if present < declared:
        os.close(descriptor)
        raise _cut_short(path, present / rate, declared / rate)
    return descriptor


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # or opening a pipe would wait for its writer


def _wav_length(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Bytes of audio that a RIFF WAVE header declares, bytes that are there, and bytes per second; else (0, 0, 1).

    libsndfile reads what is there and says nothing. A program that wrote into a pipe could not know the length and
    left 0 or a number near 2 or 4 GiB: such a header declares nothing.
    """
    if file.read(4) != b"RIFF" or file.seek(8) != 8 or file.read(4) != b"WAVE":
        return 0, 0, 1
    rate = 1
    while len(header := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", header)
        if kind == b"data":
            unknown = length == 0 or length >= WAV_UNKNOWN_LENGTH
            return (0, 0, 1) if unknown else (length, size - file.tell(), rate)
        if kind == b"fmt ":
            rate = max(1, int.from_bytes(file.read(12)[8:], "little"))
            length -= 12
        file.seek(max(0, length) + length % 2, os.SEEK_CUR)
    return 0, 0, 1


def _no_audio(path: str) -> UsageError:
    return UsageError(
        f"{path} is not a sound file",
        "WAV and FLAC are understood; another kind converts with: ffmpeg -i IN -ac 1 -ar 16000 OUT.wav",
    )


def _cut_short(path: str, there_s: float, whole_s: float) -> UsageError:
    return UsageError(f"{path} is cut short: {there_s:.1f} s of {whole_s:.1f} s are there", "copy it again")
