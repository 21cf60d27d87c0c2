"""What one microphone process is told at its start."""

import json
from dataclasses import dataclass

from echoctl.model.listener import SandboxPolicy

SILENT = 20
"""Exit code of a microphone process that was muted and could not say so: its device hung, and the kernel closed it."""


@dataclass(frozen=True, slots=True)
class MicrophoneSpec:
    """What to listen to. Travels on the command line, which everybody may read: nothing private is in it."""

    sound: int
    """Descriptor of the pipe to the ear."""
    mute: int
    """Descriptor of the file by which it is muted (services/mute_file.py)."""
    input: str | None = None
    """Name of a sound file, "-" for raw pcm, None for a microphone."""
    source: int | None = None
    """Descriptor of that file or pipe."""
    device: str = ""
    """The microphone's name, part of its name, or number; "" for the system's default."""
    realtime: bool = False
    """Files and pipes: at the pace of a microphone."""
    first: bool = True
    """Whether a microphone that cannot be opened is an error; later it is a state, and is tried again."""
    sandbox: str = SandboxPolicy.TRY

    def to_json(self) -> str:
        """All fields as one JSON object."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> "MicrophoneSpec":
        """The inverse of `to_json`."""
        return cls(**json.loads(text))
