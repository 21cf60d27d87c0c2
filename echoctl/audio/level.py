"""How loud is it, for a meter."""

import math

QUIET_DB = -50.0
LOUD_DB = -12.0
"""dBFS that a meter shows as empty and as full: the range of speech at a usual microphone."""


def level(pcm: bytes) -> float:
    """The loudness of some pcm from 0 to 1, linear in dB between QUIET_DB and LOUD_DB."""
    # Loaded already by whatever resamples or spots; at import time it would cost those who never listen.
    import numpy as np  # noqa: PLC0415 - see above

    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    if not len(samples):
        return 0.0
    rms = float(np.sqrt(np.mean(samples * samples))) / 32768
    db = 20 * math.log10(max(rms, 1e-5))
    return round(min(1.0, max(0.0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB))), 3)
