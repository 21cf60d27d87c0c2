"""The words in which traffic is judged. Apart from the dataclasses, which `--help` and Tab must not wait for."""

from enum import StrEnum


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
    HTTP = "http"
    TUNNEL = "tunnel"
    """It is the far end of a tunnel; the name says of which kind."""
    STORED = "stored"
    """Seen in an earlier capture."""
    OWNER = "owner"
    """Only the owner of the address, from the table that comes with the program."""
    NONE = "none"


class ClockBasis(StrEnum):
    """How the capture's clock was brought together with the listener's."""

    KNOWN = "known"
    """Both are of one machine, or the other one was asked for the time."""
    ESTIMATED = "estimated"
    """From the pattern of wakes and uploads."""
    ASSUMED = "assumed"
    """Taken as right: wakes and uploads fit as they are, or there is nothing to compare."""
    UNKNOWN = "unknown"
    """Wakes and uploads do not fit, and there are too few to tell by how much."""


class VerdictWord(StrEnum):
    """The verdict in a word."""

    QUIET = "quiet"
    CALLED = "only when called"
    UNEXPLAINED = "unexplained uploads"
    STREAMING = "streaming"
    CANNOT_TELL = "cannot tell"


class Obstacle(StrEnum):
    """Why there is no telling."""

    UNWATCHED = "nothing watched"
    SHORT = "too short"
    TUNNELLED = "tunnelled"
    PADDED = "padded"
    CLOCK = "clock unknown"
