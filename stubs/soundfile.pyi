# What echoctl uses of soundfile, which ships without type information.
import os
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

class SoundFileError(Exception): ...
class SoundFileRuntimeError(SoundFileError, RuntimeError): ...

class LibsndfileError(SoundFileRuntimeError):
    code: int
    @property
    def error_string(self) -> str: ...

class SoundFile:
    frames: int
    samplerate: int
    channels: int
    format: str
    subtype: str
    def __init__(
        self,
        file: str | bytes | int | os.PathLike[str] | BinaryIO,
        mode: str = "r",
        samplerate: int | None = None,
        channels: int | None = None,
        subtype: str | None = None,
        endian: str | None = None,
        format: str | None = None,
        closefd: bool = True,
    ) -> None: ...
    def read(self, frames: int = -1, dtype: str = "float64", always_2d: bool = False) -> NDArray[np.float32]: ...
    def write(self, data: NDArray[np.generic]) -> None: ...
    def buffer_read(self, frames: int = -1, dtype: str | None = None) -> memoryview: ...
    def buffer_write(self, data: bytes, dtype: str) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
def available_subtypes(format: str | None = ...) -> dict[str, str]: ...
