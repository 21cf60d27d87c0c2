"""Which microphones and speakers there are, and which one a person means.

PortAudio numbers its devices anew each time it looks, and it looks only when it starts. So a device is remembered by
its name, and `refresh` starts PortAudio again, which no open stream survives.
"""

import atexit
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from echoctl.errors import DeviceError, NotFound

NO_MICROPHONE_HINT = "plug one in and see echoctl devices; without one: echoctl listen --demo"

_ALSA_CARD = re.compile(r" \(hw:\d+,\d+\)$")


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """One device in one direction, as PortAudio sees it."""

    index: int
    name: str
    rate: int
    """Hz at which the device wants to run."""
    channels: int
    """The most that it gives or takes."""
    default: bool


def portaudio() -> ModuleType:
    """Load sounddevice, which starts PortAudio. Raises DeviceError when the library is missing or cannot start."""
    try:
        import sounddevice  # noqa: PLC0415 - 60 ms, and it probes every device: only for commands with a microphone
    except OSError as exc:
        raise DeviceError(
            "the PortAudio library is missing", "apt install libportaudio2 (or your system's portaudio package)"
        ) from exc
    return sounddevice


def refresh() -> None:
    """Look for devices anew, only while no stream is open. Raises DeviceError when PortAudio does not start again."""
    sounddevice = portaudio()
    try:
        if sounddevice._initialized:
            sounddevice._terminate()
        sounddevice._initialize()
    except sounddevice.PortAudioError as exc:
        raise DeviceError(f"PortAudio does not start: {exc.args[0]}", "echoctl doctor looks into it") from exc


def abandon() -> None:
    """Leave PortAudio as it is at exit: it would wait for a server that hangs."""
    atexit.unregister(portaudio()._exit_handler)


def inputs() -> list[AudioDevice]:
    """The microphones, in PortAudio's order."""
    return _listed("input")


def outputs() -> list[AudioDevice]:
    """The speakers, in PortAudio's order."""
    return _listed("output")


def find_input(wanted: str) -> AudioDevice:
    """The microphone that a person means: by name, by a part of it, by number, or with "" the system's default.

    Raises NotFound when the text fits none or several, DeviceError when there is no microphone at all.
    """
    return _find(wanted, inputs(), "microphone")


def find_output(wanted: str) -> AudioDevice:
    """The speaker that a person means, as with find_input."""
    return _find(wanted, outputs(), "speaker")


def stable_name(name: str) -> str:
    """The name without ALSA's card number, which a device that is plugged in again may not get back."""
    return _ALSA_CARD.sub("", name)


def _listed(direction: str) -> list[AudioDevice]:
    sounddevice = portaudio()
    default = sounddevice.default.device[0 if direction == "input" else 1]
    return [_device(info, direction, default) for info in sounddevice.query_devices() if info[_channels(direction)]]


def _device(info: dict[str, Any], direction: str, default: int) -> AudioDevice:
    return AudioDevice(
        index=info["index"],
        name=info["name"],
        rate=round(info["default_samplerate"]),
        channels=info[_channels(direction)],
        default=info["index"] == default,
    )


def _channels(direction: str) -> str:
    return f"max_{direction}_channels"


def _find(wanted: str, present: list[AudioDevice], kind: str) -> AudioDevice:
    if not present:
        raise DeviceError(f"there is no {kind}", NO_MICROPHONE_HINT if kind == "microphone" else "echoctl devices")
    if not wanted:
        return next((device for device in present if device.default), present[0])
    fitting = _fitting(wanted, present)
    names = ", ".join(dict.fromkeys(device.name for device in fitting or present))
    if not fitting:
        raise NotFound(f"no {kind} is called {wanted!r}", f"there are: {names}")
    # The same name twice is one device reached through two systems (ALSA and JACK, say): the first is the usual one.
    if len({device.name for device in fitting}) > 1:
        raise NotFound(f"several {kind}s fit {wanted!r}", f"say which: {names}")
    return fitting[0]


def _fitting(wanted: str, present: list[AudioDevice]) -> list[AudioDevice]:
    """The devices that the text means; the stricter reading wins."""
    key = stable_name(wanted).casefold()
    return (
        [device for device in present if device.name == wanted]
        or [device for device in present if stable_name(device.name).casefold() == key]
        or [device for device in present if wanted.isdecimal() and device.index == int(wanted)]
        or [device for device in present if key in device.name.casefold()]
    )
