"""Microphones and speakers: which there are, and playing on one."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from echoctl.audio import devices


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device, which may be a microphone, a speaker, or both."""

    number: int
    name: str
    rate: int
    """Hz at which it is opened."""
    inputs: int
    """Channels that it records; 0 when it is no microphone."""
    outputs: int
    """Channels that it plays; 0 when it is no speaker."""
    default_input: bool
    default_output: bool


def listing() -> list[SoundDevice]:
    """Look for devices. Raises DeviceError when PortAudio is missing; a machine without any has an empty list."""
    with _c_libraries_silent():
        inputs = {device.index: device for device in devices.inputs()}
        outputs = {device.index: device for device in devices.outputs()}
    found = []
    for number in sorted(inputs | outputs):
        microphone, speaker = inputs.get(number), outputs.get(number)
        either = microphone or speaker
        assert either is not None
        found.append(
            SoundDevice(
                number=number,
                name=either.name,
                rate=either.rate,
                inputs=microphone.channels if microphone else 0,
                outputs=speaker.channels if speaker else 0,
                default_input=bool(microphone and microphone.default),
                default_output=bool(speaker and speaker.default),
            )
        )
    return found


def play(flac: bytes, device: str = "", on_position: Callable[[float], None] = lambda seconds: None) -> None:
    """Play a FLAC file to its end; `on_position` gets the seconds so far, some 20 times a second.

    Raises NotFound for a name that fits no speaker, DeviceError when there is none or it fails.
    """
    from echoctl.audio import codec, playback  # noqa: PLC0415 - numpy and libsndfile, only to hear something

    with _c_libraries_silent():
        playback.play(codec.decode_flac(flac), device, on_position)


@contextlib.contextmanager
def _c_libraries_silent() -> Iterator[None]:
    """ALSA speaks on descriptor 2 about each device that it tries; what we say ourselves still gets through.

    To look or to listen is no reason to make a log file.
    """
    nowhere, real, ours = os.open(os.devnull, os.O_WRONLY), os.dup(2), sys.stderr
    os.dup2(nowhere, 2)
    try:
        with os.fdopen(real, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as sys.stderr:
            yield
    finally:
        sys.stderr = ours
        os.dup2(real, 2)
        os.close(real)
        os.close(nowhere)
