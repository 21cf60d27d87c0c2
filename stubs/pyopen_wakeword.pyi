from collections.abc import Iterable
from enum import Enum
from typing import Any

class Model(str, Enum):
    ALEXA = "alexa"
    HEY_JARVIS = "hey_jarvis"
    HEY_MYCROFT = "hey_mycroft"
    HEY_RHASSPY = "hey_rhasspy"
    OKAY_NABU = "okay_nabu"

class OpenWakeWordFeatures:
    new_audio_samples: int
    @staticmethod
    def from_builtin() -> OpenWakeWordFeatures: ...
    def process_streaming(self, audio_chunk: bytes) -> Iterable[Any]: ...
    def reset(self) -> None: ...

class OpenWakeWord:
    @staticmethod
    def from_builtin(model: Model) -> OpenWakeWord: ...
    def process_streaming(self, embeddings: Any) -> Iterable[float]: ...
    def reset(self) -> None: ...
