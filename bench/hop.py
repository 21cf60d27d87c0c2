"""How long sound takes from the microphone's process to the ear, over the pipe between them.

    python -m bench.hop [--chunks 500]

One process writes chunks of 80 ms at their own pace, each with the time at which it was handed to the pipe; another
waits for them as the ear does. Both are the listener's own code, and sleep in between, so waking up is in the figure.
"""

import argparse
import os
import statistics
import struct
import time

from echoctl.model.speech import CHUNK_BYTES
from echoctl.services.ear.inlet import Inlet
from echoctl.services.protocol.sound import FrameWriter

PACE_S = 0.08
BAR_MS = 10.0
_TIME = struct.Struct("=d")


def speak(pipe: FrameWriter, chunks: int) -> None:
    """Write chunks that begin with the moment at which they were written."""
    for _ in range(chunks):
        time.sleep(PACE_S)
        pipe.pcm(_TIME.pack(time.monotonic()).ljust(CHUNK_BYTES, b"\0"))
    pipe.event("end")


def hear(inlet: Inlet) -> list[float]:
    """How late each chunk came, in ms."""
    late: list[float] = []
    while not isinstance(frame := inlet.next(10.0)[0], dict):
        if frame:
            late.append((time.monotonic() - _TIME.unpack_from(frame)[0]) * 1000)
    return late


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chunks", type=int, default=500)
    chunks = parser.parse_args().chunks
    sound, end = os.pipe()
    orders, _held = os.pipe()
    if (child := os.fork()) == 0:
        try:
            speak(FrameWriter(end, live=True), chunks)
        finally:
            os._exit(0)
    late = sorted(hear(Inlet(sound, orders)))
    os.waitpid(child, 0)
    p95 = late[round(len(late) * 0.95) - 1]
    p50 = statistics.median(late)
    print(f"microphone to ear: p50 {p50:.2f} ms, p95 {p95:.2f} ms of {len(late)} (bar {BAR_MS:.0f} ms)")
    return int(p95 > BAR_MS)


if __name__ == "__main__":
    raise SystemExit(main())
