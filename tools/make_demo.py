"""Make the sample that `echoctl listen --demo` plays: two requests, spoken by flite's voice `slt` (apt: flite).

python tools/make_demo.py            write echoctl/audio/demo.flac
python tools/make_demo.py --check    write nothing; exit with 1 when its samples are not what would be made

flite speaks the same samples every time, and the room's noise comes from a fixed seed. Of flite's voices slt is the
one that wakes a neural spotter and a grammar alike (tests/speech/test_demo.py).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 16_000
TARGET = Path(__file__).resolve().parent.parent / "echoctl" / "audio" / "demo.flac"
REQUESTS = ("Alexa, what time is it?", "Alexa, turn on the kitchen light.")
BEFORE_S = 0.8
AFTER_S = 1.2
"""Of quiet around each request: more than the pause that ends one."""
PEAK = 0.5
ROOM_RMS = 4.0
"""The room's noise in sample units, -78 dBFS: no microphone gives zeros."""

Samples = npt.NDArray[np.int16]


def sample() -> Samples:
    """The whole sample, 16 kHz mono."""
    before, after = np.zeros(round(BEFORE_S * RATE)), np.zeros(round(AFTER_S * RATE))
    whole = np.concatenate([part for text in REQUESTS for part in (before, spoken(text), after)])
    room = np.random.RandomState(1).standard_normal(len(whole)) * ROOM_RMS
    return np.round(whole + room).astype(np.int16)


def spoken(text: str) -> npt.NDArray[np.float64]:
    """What flite makes of `text`, in sample units, its peak at PEAK of full scale."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", file.name], check=True)
        samples, rate = soundfile.read(file.name, dtype="float64")
    if rate != RATE:
        raise SystemExit(f"flite's slt speaks at {rate} Hz, not at {RATE}")
    return np.asarray(samples * (PEAK * 32767 / np.abs(samples).max()))


def main(check: bool) -> int:
    """Write the file, or only compare."""
    wanted = sample()
    if check:
        there = soundfile.read(TARGET, dtype="int16")[0] if TARGET.exists() else np.zeros(0, np.int16)
        same = np.array_equal(there, wanted)
        print(f"{TARGET.name}: {'as it should be' if same else 'stale; python tools/make_demo.py'}")
        return 0 if same else 1
    soundfile.write(TARGET, wanted, RATE, subtype="PCM_16", format="FLAC")
    print(f"{TARGET.name}: {len(wanted) / RATE:.1f} s, {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
