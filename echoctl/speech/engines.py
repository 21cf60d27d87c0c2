"""Which wake word engines there are, and under which terms."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that finds or checks wake words."""

    name: str
    package: str
    version: str
    """Empty: not installed."""
    licence: str
    """Of its models."""
    words: str
    extra: str
    """The extra of echoctl that brings it; empty: always there."""


_ENGINES = (
    ("microWakeWord", "pymicro-wakeword", "Apache-2.0", "alexa, hey jarvis, hey mycroft, okay nabu", "neural"),
    ("openWakeWord", "pyopen-wakeword", "CC BY-NC-SA 4.0", "checks what microWakeWord found", "verify"),
    ("Vosk grammar", "vosk", "that of the speech model", "any word of the speech model", ""),
)


def engines() -> list[Engine]:
    """All engines, installed or not."""
    return [Engine(name, package, _version(package), *rest) for name, package, *rest in _ENGINES]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
