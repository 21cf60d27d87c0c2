from collections.abc import Iterable
from enum import Enum
from typing import Any

class Model(str, Enum):
    ALEXA = "alexa"
    HEY_JARVIS = "hey_jarvis"
    HEY_MYCROFT = "hey_mycroft"
    OKAY_NABU = "okay_nabu"

class MicroWakeWordFeatures:
    def process_streaming(self, audio_bytes: bytes) -> Iterable[Any]: ...
    def reset(self) -> None: ...

class MicroWakeWord:
    @staticmethod
    def from_builtin(model: Model) -> MicroWakeWord: ...
    def process_streaming_prob(self, features: Any) -> float | None: ...
    def reset(self) -> None: ...
