"""The settings: every section and key of config.toml with its default and the line that `config show` prints of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from echoctl.model.speech import StoreMode


def _key(default: Any, text: str, *, low: int = 0, high: int = 0) -> Any:
    return field(default=default, metadata={"help": text, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """[listen]: the loop."""

    wake_words: tuple[str, ...] = _key(("alexa",), "words that wake it, several at once")
    device: str = _key("", "microphone by name or number; empty: the system's default")
    preroll_ms: int = _key(500, "how much is kept from before the wake word", low=0, high=2000)
    pause_ms: int = _key(500, "a pause this long ends the recording", low=100, high=5000)
    min_speech_ms: int = _key(300, "speech needed before a pause counts", low=0, high=5000)
    no_speech_ms: int = _key(8000, "give up when nothing is said after the wake word", low=1000, high=60000)
    max_ms: int = _key(30000, "longest recording", low=1000, high=120000)
    room: str = _key("", "a label for what is recorded here")
    chime: bool = _key(False, "play a sound at start and end of a request")
    require_sandbox: bool = _key(False, "refuse to listen when the kernel cannot keep the listener off the network")
    exec: str = _key("", "command that gets each event as JSON on its stdin")


@dataclass(frozen=True, slots=True)
class WakeSettings:
    """[wake]: how sure is sure."""

    refractory_ms: int = _key(2000, "no second wake within this time", low=0, high=60000)
    thresholds: Mapping[str, float] = field(
        default_factory=dict, metadata={"help": "per word, the spotter's score that counts, 0 to 1"}
    )


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """[vault]: what is kept, and how it is opened."""

    store: str = _key(StoreMode.BOTH.value, "what is kept of a request: times, transcript, audio or both")
    passphrase_command: str = _key("", "command whose first line of output is the passphrase")


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """[speech]: recognisers."""

    model: str = _key("", "speech model: a folder, or the name of an installed one")


@dataclass(frozen=True, slots=True)
class LedSettings:
    """[led]: lights."""

    sysfs: str = _key("", "a light of /sys/class/leds that follows the state, by its name or its folder")


@dataclass(frozen=True, slots=True)
class HookSettings:
    """[hooks]: plugins."""

    transcripts: bool = _key(False, "let plugins and --exec see what was said")


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """[tui]: the dashboard."""

    theme: str = _key("", "theme of the dashboard; empty: echoctl-dark, without colours echoctl-mono")
    motion: bool = _key(True, "let the ring move; false shows each state as a still picture")
    ascii: bool = _key(False, "draw with plain ASCII characters only")
    auto_lock_min: int = _key(5, "minutes without a key until texts are locked; 0: never", low=0, high=1440)
    keys: Mapping[str, str] = field(
        default_factory=dict, metadata={"help": 'other keys, by the id that ? shows: { mute = "x" }', "texts": True}
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, and where each came from (`origins`: "listen.device" -> "default", a file, or a variable)."""

    listen: ListenSettings = ListenSettings()
    wake: WakeSettings = WakeSettings()
    vault: VaultSettings = VaultSettings()
    speech: SpeechSettings = SpeechSettings()
    led: LedSettings = LedSettings()
    hooks: HookSettings = HookSettings()
    tui: DashboardSettings = DashboardSettings()
    origins: Mapping[str, str] = field(default_factory=dict)
