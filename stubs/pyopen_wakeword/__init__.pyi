# The package is typed, but it is an extra: mypy must give the same answer where it is not installed.
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

class Model(str, Enum):
    OKAY_NABU = "okay_nabu"
    HEY_JARVIS = "hey_jarvis"
    HEY_MYCROFT = "hey_mycroft"
    ALEXA = "alexa"
    HEY_RHASSPY = "hey_rhasspy"

class OpenWakeWord:
    id: str
    @staticmethod
    def from_model(
        model_path: str | Path, libtensorflowlite_c_path: str | Path | None = None
    ) -> OpenWakeWord: ...
    @staticmethod
    def from_builtin(
        model: Model, models_dir: str | Path = ..., libtensorflowlite_c_path: str | Path | None = None
    ) -> OpenWakeWord: ...
    def process_streaming(self, embeddings: NDArray[Any]) -> Iterable[float]: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...

class OpenWakeWordFeatures:
    @staticmethod
    def from_builtin(
        models_dir: str | Path = ..., libtensorflowlite_c_path: str | Path | None = None
    ) -> OpenWakeWordFeatures: ...
    def process_streaming(self, audio_chunk: bytes) -> Iterable[NDArray[Any]]: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...
