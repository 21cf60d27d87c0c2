"""What counts as speech: the thresholds, per model of speaker, and what they were learnt from.

Speech is a sustained upload, not a tall one: status reports are as tall as a spoken request, but over in less than a
second. docs/traffic-method.md has the figures that each number comes from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from echoctl.model.traffic import Device


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds that one device is judged by. Bytes are payload bytes that go up."""

    windows: int = 7
    """voice: at least this many active windows of 200 ms, close together,"""
    span_ms: int = 1300
    """voice: over at least this time from the first to the last of them,"""
    bytes: int = 12_000
    """voice: with at least this much in them, each window cut down to `STANDS_OUT` times the median."""
    possible_bytes: int = 2500
    """possible: at least this much of an even upload; what 3 s at 6 kbit/s or 1.3 s at 16 kbit/s take."""


ACTIVE_BYTES = 200
"""A window with less is not active for `voice`: beats and acknowledgements of a protocol."""

HOP = 4
"""Active windows at most this far apart belong together: a pause between words in which nothing is sent is shorter."""

WITHIN = 40
"""… as far as they are no older than this: 12 kB in 8 s are 12 kbit/s, and less is no sound that speakers send."""

STANDS_OUT = 4
"""The first second of a request holds what was said before it was decided to send it, all at once."""

FINE_BYTES = 50
"""A window with less is not active for `possible`: a third of what speech at 6 kbit/s fills."""

FINE_HOP = 2
FINE_WITHIN = 25
"""2.5 kB in 5 s are 4 kbit/s, with which speech at 6 kbit/s has its pauses."""

LONG_WINDOWS = 10
"""possible: this many active windows in a row, with no more than one idle between two of them, or …"""

EVEN_WINDOWS = 8
EVEN_WITHIN = 9
"""… EVEN_WINDOWS of EVEN_WITHIN in a row …"""

EVEN_RATIO = 3
"""… whose sizes differ at most by this factor, the largest and the smallest left out: an encoder's packets are alike, a
status report's are not."""

DOWN_MOST = 20
"""Where more than this many times as much comes down, what goes up acknowledges it: QUIC does so in payload."""

GAP_MS = 1500
"""This long without upload ends a burst."""

LONGEST_MS = 60_000
"""A stream without end is cut into bursts of this length."""

BULK_BYTES = 1_500_000
BULK_RATE = 64_000
"""bulk: BULK_BYTES, at more bytes per second than sound of any usual kind: twice 16 kHz PCM."""

FAST_RATE = 100_000
"""bulk: what has the shape of speech, but at more bytes per second in its median window. Three times 16 kHz PCM; the
fastest speaker that was seen (a Nest Mini) catches up at 53,000."""

QUIETER = 4
"""Windows this many times smaller than those of speech neither begin nor prolong it: beats between packets of it."""

LEAD_MS = 600
"""What precedes speech by more than this is another burst."""

STATUS_BYTES = 2000
"""status: at least this much; less is a keepalive."""

DEFAULT = Rules()

MODELS: Mapping[str, Rules] = {
    "echo": DEFAULT,  # 2018: 20-27 kB at once, then 70 kbit/s; 45 kB in all at the least
    "echo-dot": DEFAULT,  # 2021: 22-25 kB per request, the smallest that was seen
    "echo-dot-3": replace(DEFAULT, bytes=24_000),  # PCM at 263 kbit/s: 43 kB in 1.3 s
    "echo-spot": DEFAULT,  # 64-81 kB per request; its volume buttons send 23 kB in 0.6 s
    "echo-studio": DEFAULT,  # 40-42 kB per request
    "homepod": DEFAULT,  # 12-15 kB at once, then 42 kbit/s
    "nest-mini": replace(DEFAULT, bytes=24_000),  # 175-208 kB per request, over QUIC
}
"""Model -> thresholds. A model that is not here is judged by the default, which none of these needs to miss."""

LEARNT_FROM = 3
"""An experiment with fewer requests changes no threshold."""

_HOUSEKEEPING = re.compile(
    r"(^|[.-])(ntp|time|ota|fota|firmware|metrics|msmetrics|telemetry|diagnostics|crashreports?|logs|logsink|logging"
    r"|mesu|gdmf|xp"
    r"|(soft|firm)?ware-?updates?|updates?|updater|swdist|swcdn)[^.]*\.",
    re.IGNORECASE,
)


def housekeeping(name: str) -> bool:
    """Whether a host's name says updates, metrics or time: a small even upload there is no alarm.

    Words of names as speakers' makers use them, not whole names, since those change.
    """
    return _HOUSEKEEPING.search(name) is not None


def of_device(device: Device) -> Rules:
    """What a device is judged by: its model's row, then what an experiment found for this very device."""
    rules = MODELS.get(device.model, DEFAULT)
    known = {field.name for field in fields(Rules)}
    return replace(rules, **{name: int(value) for name, value in device.thresholds.items() if name in known})


def learn(requests: Sequence[int]) -> dict[str, float]:
    """Thresholds for a device from the bytes of requests that it certainly uploaded; {} when they are too few.

    A third of the smallest, within sense: neither below what codecs need for a word nor above what the shortest
    request of a talkative model takes.
    """
    if len(requests) < LEARNT_FROM:
        return {}
    return {"bytes": float(min(max(min(requests) // 3, 4000), 2 * DEFAULT.bytes))}
