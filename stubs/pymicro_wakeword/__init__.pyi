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

class MicroWakeWord:
    id: str
    wake_word: str
    probability_cutoff: float
    sliding_window_size: int
    stride: int
    @staticmethod
    def from_config(
        config_path: str | Path, libtensorflowlite_c_path: str | Path | None = None
    ) -> MicroWakeWord: ...
    @staticmethod
    def from_builtin(
        model: Model, models_dir: str | Path = ..., libtensorflowlite_c_path: str | Path | None = None
    ) -> MicroWakeWord: ...
    def process_streaming(self, features: NDArray[Any]) -> bool | None: ...
    def process_streaming_prob(self, features: NDArray[Any]) -> float | None: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...

class MicroWakeWordFeatures:
    def process_streaming(self, audio_bytes: bytes) -> Iterable[NDArray[Any]]: ...
    def reset(self) -> None: ...
