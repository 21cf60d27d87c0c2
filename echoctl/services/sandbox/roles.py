"""What each process must have in sight to do its one duty: everything else does not exist for it."""

import contextlib
import os

from echoctl import paths
from echoctl.errors import DeviceError
from echoctl.sandbox import brokers
from echoctl.sandbox.confinement import Confinement, program_reads
from echoctl.speech.manifest import record_path

_SOUND_SETTINGS = (
    "/etc/alsa", "/etc/asound.conf", "/etc/pulse", "/etc/pipewire", "/etc/machine-id", "~/.asoundrc",
    "~/.config/alsa", "~/.config/pulse", "~/.config/pipewire", "~/.pulse-cookie",
)  # fmt: skip
"""What ALSA and the clients of sound servers read: how to reach a server, and its cookie."""

_SOUND_VARIABLES = (
    "ALSA_CONFIG_PATH", "ALSA_CONFIG_DIR", "ALSA_CONFIG_UCM", "ALSA_CONFIG_UCM2", "PULSE_CLIENTCONFIG",
    "PULSE_CONFIG_PATH", "PULSE_COOKIE", "PIPEWIRE_CONFIG_DIR",
)  # fmt: skip
"""Where a person may say that these lie elsewhere."""


def ear(model: str = "") -> Confinement:
    """What recognises speech: the program and the speech models. `model`: one that lies elsewhere."""
    models = paths.model_dirs()
    if os.path.isdir(model):
        models += [os.path.abspath(model), record_path(os.path.abspath(model))]
    return Confinement(program_reads(), hidden=_private(), models=tuple(models))


def microphone() -> Confinement:
    """What holds a sound device: the program, the devices, and the sound server's socket."""
    named = [path for name in _SOUND_VARIABLES for path in os.environ.get(name, "").split(":") if path]
    settings = tuple(os.path.expanduser(path) for path in (*_SOUND_SETTINGS, *named))
    return Confinement(
        (*program_reads(), *settings),
        hidden=_private(),
        usable=("/dev/snd", *brokers.sound_sockets(os.environ)),
        unix_sockets=True,
    )


def sound_view() -> tuple[tuple[str, int], ...]:
    """The sound server's sockets as a microphone process would see them: a server that begins anew makes new ones."""
    found = []
    for place in brokers.sound_sockets(os.environ):
        with contextlib.suppress(OSError):
            found.append((place, os.stat(place).st_ino))
    return tuple(found)


def decoder() -> Confinement:
    """What takes a file apart that came from elsewhere: the program alone; it gets the file as a descriptor."""
    return Confinement(program_reads(), hidden=_private())


def check_sound_server() -> None:
    """Raise DeviceError when the microphone is across a network, which a sandboxed process has none of."""
    if server := brokers.remote_sound(os.environ):
        raise DeviceError(
            f"the sound server {server} is across the network, where a sandboxed listener cannot reach it",
            "use a local one, or give up the sandbox: echoctl listen --no-sandbox",
        )


def _private() -> tuple[str, ...]:
    """Folders that are hidden even where they lie in the program's own: keys, recordings, settings."""
    return paths.keys_dir(), paths.data_dir(), paths.state_dir(), paths.config_dir(), paths.cache_dir()
