"""One axis of time with the traffic of each speaker on it, filled by timeline_query.

Light to import: it is drawn first.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from echoctl.model.traffic import Burst, Device, Verdict

STEPS = 480
"""Steps of the axis; a screen shows as many as it has columns."""

SPANS_MS = tuple(minutes * 60_000 for minutes in (5, 15, 60, 360, 1440, 10080))
"""What the axis may span."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """Upload of a device, or of a device to one endpoint, in each step."""

    name: str
    """"" for an endpoint whose name was never seen."""
    up: tuple[int, ...]

    @property
    def total(self) -> int:
        """Bytes uploaded in all steps."""
        return sum(self.up)


@dataclass(frozen=True, slots=True)
class Speaker:
    """One device on the axis."""

    device: "Device"
    verdict: "Verdict"
    whole: TimelineRow
    endpoints: tuple[TimelineRow, ...]
    """The busiest first."""
    wakes: tuple[int, ...]
    """When a wake word was heard, Unix ms by the capture's clock."""
    bursts: "tuple[Burst, ...]"
    """Those that have the shape of speech."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that was watched in a time."""

    begin_ms: int
    end_ms: int
    speakers: tuple[Speaker, ...]

    def step(self, at_ms: float) -> int:
        """The step in which a moment lies; below 0 or beyond STEPS when it does not."""
        return int((at_ms - self.begin_ms) * STEPS // max(1, self.end_ms - self.begin_ms))


def zoomed(span_ms: int, by: int) -> int:
    """The next longer (1) or shorter (-1) span."""
    at = min(range(len(SPANS_MS)), key=lambda n: abs(SPANS_MS[n] - span_ms))
    return SPANS_MS[max(0, min(at + by, len(SPANS_MS) - 1))]
