"""What one ear is told at its start."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from echoctl.config.schema import Config, ListenSettings, VaultSettings, WakeSettings
from echoctl.model.listener import SandboxPolicy

_LISTEN, _WAKE, _VAULT = ListenSettings(), WakeSettings(), VaultSettings()
"""The owners of the defaults."""


@dataclass(frozen=True, slots=True)
class EarSpec:
    """What one ear does. Travels as JSON on the ear's command line: no secret, and no text, may be put in here.

    Words are spelled as somebody typed them: the wake detector knows how they are meant (model.speech.normal_word).
    """

    words: tuple[str, ...] = _LISTEN.wake_words
    thresholds: Mapping[str, float] = field(default_factory=dict)
    input: str | None = None
    """A sound file, "-" for raw pcm on stdin, None for the microphone."""
    device: str = _LISTEN.device
    realtime: bool = False
    model: str = ""
    room: str = _LISTEN.room
    store: str = _VAULT.store
    keep: bool = True
    """False: nothing is written but the state row."""
    once: bool = False
    now: bool = False
    """Begin with a request, as if a wake word had just been heard."""
    level: bool = False
    """Send levels: somebody draws them."""
    sandbox: str = SandboxPolicy.TRY
    """How much of a sandbox it needs; a SandboxPolicy."""
    preroll_ms: int = _LISTEN.preroll_ms
    pause_ms: int = _LISTEN.pause_ms
    min_speech_ms: int = _LISTEN.min_speech_ms
    no_speech_ms: int = _LISTEN.no_speech_ms
    max_ms: int = _LISTEN.max_ms
    refractory_ms: int = _WAKE.refractory_ms

    @classmethod
    def configured(cls, settings: Config) -> "EarSpec":
        """What the configuration says, before any flag."""
        own = settings.listen
        keep = settings.vault.store != "none"
        return cls(
            words=own.wake_words,
            thresholds=settings.wake.thresholds,
            device=own.device,
            model=settings.speech.model,
            room=own.room,
            store=settings.vault.store if keep else _VAULT.store,
            keep=keep,
            preroll_ms=own.preroll_ms,
            pause_ms=own.pause_ms,
            min_speech_ms=own.min_speech_ms,
            no_speech_ms=own.no_speech_ms,
            max_ms=own.max_ms,
            refractory_ms=settings.wake.refractory_ms,
            sandbox=SandboxPolicy.REQUIRE if own.require_sandbox else SandboxPolicy.TRY,
        )

    def to_json(self) -> str:
        """All fields as one JSON object, for the ear's command line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> "EarSpec":
        """The inverse of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "words": tuple(fields["words"])})
