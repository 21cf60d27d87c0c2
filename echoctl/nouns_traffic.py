"""The nouns of the traffic monitor, beside those of model.py. Standard library only, no behaviour to speak of.

A *device* is a machine of this house, named by its MAC address (by its IP address where the capture has no link
layer). An *endpoint* is who it talks to outside the house, named by IP address. "Up" is from the device out.
Bytes are payload bytes of TCP and UDP: headers and bare acknowledgements count 0, retransmissions count once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

WINDOW_MS = 200
"""The step in which uploads are looked at: the shortest piece of speech that a codec's packets show."""


class BurstClass(StrEnum):
    """What an upload looks like."""

    VOICE = "voice"
    POSSIBLE = "possible"
    STATUS = "status"
    BULK = "bulk"
    KEEPALIVE = "keepalive"


class Naming(StrEnum):
    """Where an endpoint's name comes from."""

    DNS = "dns"
    SNI = "sni"
    QUIC = "quic"
    STORED = "stored"
    """Seen in an earlier capture."""
    OWNER = "owner"
    """Only who owns the address, from the table that comes with the program."""
    NONE = "none"


class Window(NamedTuple):
    """200 ms of one device and one endpoint. A tuple, because a capture has millions of them."""

    device: str
    remote: str
    start_ms: int
    """Unix time; a multiple of WINDOW_MS."""
    up: int
    down: int
    first_ms: float
    """Unix time of the first packet with payload that went up in it; 0.0 when none did."""
    last_ms: float


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
    """Somebody outside whom a device talks to."""

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
    """The capturing machine's clock less ours, where it could be asked."""
    truncated: bool = False
    """The capture ends within a packet."""
