"""The speaker: recordings, and two short chimes that are made here.

This runs in the front, never in the process that listens, so that nothing heard can be held up by it.
"""

import math
import struct
import time
from collections.abc import Callable
from typing import Literal

from echoctl.audio.devices import find_output, portaudio
from echoctl.audio.resample import for_speaker
from echoctl.errors import DeviceError
from echoctl.model.speech import BYTES_PER_SECOND, SAMPLE_RATE, SAMPLE_WIDTH

TAIL = bytes(BYTES_PER_SECOND // 20)
"""50 ms of silence after the sound: what a closing stream swallows."""

POSITIONS_PER_S = 20
"""How often the position is told, and how soon an interrupt is felt."""

NOTES: dict[str, tuple[float, ...]] = {"start": (659.26, 880.0), "end": (880.0, 659.26)}
"""Hz. Up when the request begins (E5, A5), down when it has been heard."""

NOTE_S = 0.09
LOUDNESS = 0.12
"""Of full scale: quieter than speech."""

Chime = Literal["start", "end"]


def play(pcm: bytes, device: str = "", on_position: Callable[[float], None] = lambda seconds: None) -> None:
    """Play pcm to its last sample; returns when it has been heard.

    `on_position` gets the seconds that have been handed over, some 20 times a second. Raises NotFound for a name that
    fits no speaker or several, DeviceError when there is none or it fails.
    """
    sounddevice = portaudio()
    speaker = find_output(device)
    channels = min(2, speaker.channels)  # a mono mode is rare, and many cards want their own rate
    frames = memoryview(for_speaker(pcm + TAIL, speaker.rate, channels))
    step = speaker.rate // POSITIONS_PER_S * channels * SAMPLE_WIDTH
    whole_s = len(pcm) / BYTES_PER_SECOND
    try:
        with sounddevice.RawOutputStream(
            speaker.rate, device=speaker.index, channels=channels, dtype="int16"
        ) as stream:
            for at in range(0, len(frames), step):
                stream.write(frames[at : at + step])
                on_position(min(whole_s, (at // step + 1) / POSITIONS_PER_S))
            time.sleep(stream.latency)
    except sounddevice.PortAudioError as exc:
        raise DeviceError(
            f"cannot play on {speaker.name}: {exc.args[0]}", "echoctl devices lists the speakers"
        ) from exc


def chime(kind: Chime) -> bytes:
    """The chime as pcm: sine notes with a second partial, each fading in over 5 ms and ringing out."""
    return b"".join(_note(frequency) for frequency in NOTES[kind])


def _note(frequency: float) -> bytes:
    count = round(NOTE_S * SAMPLE_RATE)
    samples = []
    for n in range(count):
        turn = 2 * math.pi * frequency * n / SAMPLE_RATE
        shape = min(1.0, n / (0.005 * SAMPLE_RATE)) * (1 - n / count) ** 2
        samples.append(round(32767 * LOUDNESS * shape * (math.sin(turn) + 0.2 * math.sin(2 * turn)) / 1.2))
    return struct.pack(f"<{count}h", *samples)
