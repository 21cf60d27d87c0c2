"""The nouns of the traffic monitor, beside those of model/speech.py. Standard library only, no behaviour to speak of.

A *device* is a machine of this house, named by its MAC address (by its IP address where the capture has no link
layer). An *endpoint* is a host it talks to outside the house, named by IP address. "Up" is from the device out.
Bytes are payload bytes of TCP and UDP: headers and bare acknowledgements count 0, retransmissions count once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from echoctl.model.grades import BurstClass as BurstClass
from echoctl.model.grades import ClockBasis as ClockBasis
from echoctl.model.grades import Naming as Naming
from echoctl.model.grades import Obstacle as Obstacle
from echoctl.model.grades import VerdictWord as VerdictWord

WINDOW_MS = 200
"""The step in which uploads are looked at: the shortest piece of speech that a codec's packets show."""


class Window(NamedTuple):
    """200 ms of one connection of a device. A tuple, because a capture has millions of them."""

    device: str
    remote: str
    start_ms: int
    """Unix time; a multiple of WINDOW_MS."""
    up: int
    down: int
    first_ms: float
    """Unix time of the first packet with payload that went up in it; 0.0 when none did."""
    last_ms: float
    port: int = 0
    """The device's own, which tells its connections to one endpoint apart."""


class Second(NamedTuple):
    """One second of one device and one endpoint in which bytes moved."""

    device: str
    remote: str
    at_s: int
    up: int
    down: int
    packets: int
    """Packets that carried payload."""


@dataclass(frozen=True, slots=True)
class Device:
    """A machine of this house."""

    mac: str
    name: str = ""
    vendor: str = ""
    speaker: bool = False
    """A person said that it is a smart speaker: only its uploads are judged."""
    model: str = ""
    """Which row of the thresholds table it is judged by."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """What an experiment found for this very device; beats the table."""
    first_ms: int = 0
    last_ms: int = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host outside the house that a device talks to."""

    address: str
    name: str = ""
    how: Naming = Naming.NONE
    older: bool = False
    """Its connection was open before the capture began, so no name could be seen."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Upload without a pause of more than a second and a half, by one device to one endpoint."""

    id: int
    """0 while it is not stored."""
    device: str
    remote: str
    name: str
    start_ms: int
    end_ms: int
    bytes_up: int
    windows: int
    """Windows in which something worth counting went up."""
    span_ms: int
    """The longest stretch of such windows that lie close together."""
    grade: BurstClass
    wake: int | None = None
    """The detection that explains it."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A stretch of time that was watched."""

    id: int
    source: str
    start_ms: int
    end_ms: int
    packets: int
    gaps: tuple[tuple[int, int], ...] = ()
    """Unix milliseconds from and to: nothing was seen there, which is not the same as silence."""
    clock_offset_ms: int | None = None
    """The capturing machine's clock minus ours, where it could be asked."""
    truncated: bool = False
    """The capture ends within a packet."""


@dataclass(frozen=True, slots=True)
class Wake:
    """A wake word that our own listener heard, or that a person says was said."""

    at_ms: int
    """Unix time, by the clock of whoever heard it."""
    word: str = ""
    id: int | None = None
    """The detection in the store; None where the time comes from elsewhere."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What one device sent in one go, though it may be several bursts to several endpoints."""

    remote: str
    name: str
    start_ms: int
    end_ms: int
    bytes_up: int
    grade: BurstClass
    wake: Wake | None = None
    """What explains it."""
    late_ms: int = 0
    """How long after the wake word it began."""


@dataclass(frozen=True, slots=True)
class ClockFit:
    """What to add to the time of a wake to have it in the capture's time."""

    offset_ms: int
    basis: ClockBasis
    matched: int = 0
    """Wakes that meet an upload with it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Upload to one endpoint that goes on for a minute or more."""

    remote: str
    name: str
    start_ms: int
    end_ms: int
    bytes_up: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a device did over a stretch of time, with the evidence."""

    device: str
    name: str
    """What a person calls it; else its MAC address."""
    word: VerdictWord
    obstacle: Obstacle | None
    since_ms: int
    until_ms: int
    watched_ms: int
    """How much of that time was really watched."""
    explained: tuple[Upload, ...] = ()
    unexplained: tuple[Upload, ...] = ()
    """Those that the verdict counts."""
    doubtful: tuple[Upload, ...] = ()
    """Possible speech that nobody called, no more of it than false alarms explain."""
    silent: tuple[Wake, ...] = ()
    """Wakes that no upload followed."""
    streams: tuple[Stretch, ...] = ()
    clock: ClockFit = ClockFit(0, ClockBasis.ASSUMED)
    p_value: float | None = None
    """The probability that uploads follow the wakes this closely by chance alone."""
    most_per_hour: float | None = None
    """Unexplained uploads per hour are fewer than this, at 95 % confidence."""
    background: int = 0
    """Bytes that went up outside explained uploads."""
    hidden: Mapping[str, float] = field(default_factory=dict)
    """Codec -> seconds of speech per hour that this background could hold."""
    at_ms: int = 0
    """When the verdict was given."""
