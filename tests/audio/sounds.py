"""Sounds made from code, and how alike two of them are."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def chirp(seconds: float, rate: int = 16000, low: float = 100, high: float = 3000) -> Samples:
    """A sweep at half of full scale, on the grid of 16 bits: no piece of it looks like another."""
    t = np.arange(round(seconds * rate)) / rate
    sweep = np.sin(2 * np.pi * (low + (high - low) * t / (2 * max(seconds, 1e-9))) * t)
    return np.asarray(np.rint(16384 * sweep) / 32768)


def pcm_of(samples: Samples) -> bytes:
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def samples_of(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def write(path: Path, samples: Samples, rate: int, subtype: str = "PCM_16") -> str:
    soundfile.write(path, samples, rate, subtype)
    return str(path)


def correlation(one: Samples, other: Samples) -> float:
    """Of two equally aligned sounds; 1 is alike."""
    length = min(len(one), len(other))
    a, b = one[:length], other[:length]
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12))
