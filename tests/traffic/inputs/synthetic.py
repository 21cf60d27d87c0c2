"""Uploads made up for tests: packets of a kind, cut into windows as the meter does it."""

from collections.abc import Iterable

from echoctl.model.traffic import WINDOW_MS, Burst, Window
from echoctl.traffic.bursts import Segmenter

BEGIN_MS = 1_790_000_000_000
"""Unix time at which everything here begins."""

SPEAKER = "44:65:0d:00:00:50"
VOICE, METRICS = "203.0.113.10", "203.0.113.11"

Packet = tuple[float, int]
"""Seconds from the beginning, bytes of payload."""


def speech(at: float, seconds: float, kbit: float, frame: float = 0.1) -> list[Packet]:
    """An encoder at a constant rate, one packet per frame."""
    size = round(kbit * 125 * frame)
    return [(at + n * frame, size) for n in range(round(seconds / frame))]


def report(at: float, size: int = 20_000, width: float = 0.4) -> list[Packet]:
    """A status report: tall and narrow."""
    number = max(1, size // 1400)
    return [(at + n * width / number, size // number) for n in range(number)]


def windows(packets: Iterable[Packet], remote: str = VOICE, device: str = SPEAKER, port: int = 40000) -> list[Window]:
    """Uploaded packets as windows, in order."""
    held: dict[int, list[tuple[float, int]]] = {}
    for at, size in packets:
        ms = BEGIN_MS + at * 1000
        held.setdefault(int(ms // WINDOW_MS) * WINDOW_MS, []).append((ms, size))
    return [
        Window(device, remote, start, sum(size for _, size in some), 0, min(some)[0], max(some)[0], port)
        for start, some in sorted(held.items())
    ]


def segmented(some: Iterable[Window], segmenter: Segmenter | None = None) -> list[Burst]:
    """The final state of every burst, in order of time."""
    segmenter = segmenter or Segmenter()
    last = {}
    for window in sorted(some, key=lambda each: each.start_ms):
        for burst in segmenter.feed(window):
            last[burst.device, burst.remote, burst.start_ms] = burst
    for burst in segmenter.flush():
        last[burst.device, burst.remote, burst.start_ms] = burst
    return sorted(last.values(), key=lambda each: each.start_ms)
