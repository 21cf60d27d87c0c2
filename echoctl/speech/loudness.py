"""How loud a chunk is: for the energy gate, and for whoever draws it."""

import math

import numpy as np

QUIET_DB = -50.0
LOUD_DB = -12.0
"""dBFS that a drawing shows as empty and as full: the range of speech at a usual microphone."""


def rms(pcm: bytes) -> float:
    """Root mean square of s16le samples around their mean, in sample units (0 to 32768); 5 µs for a chunk.

    The mean is no sound: cheap microphones add a constant that may be larger than a voice.
    """
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    count = max(1, len(samples))
    mean = float(samples.sum()) / count
    return math.sqrt(max(0.0, float(np.dot(samples, samples)) / count - mean * mean))


def level(pcm: bytes) -> float:
    """The loudness of some pcm from 0 to 1, linear in dB between QUIET_DB and LOUD_DB."""
    db = 20 * math.log10(max(rms(pcm) / 32768, 1e-5))
    return round(min(1.0, max(0.0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB))), 3)
