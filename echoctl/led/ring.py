"""The ring: from a state, the time and the level of the voice to the colours of its segments.

Pure arithmetic, so that every light and every test sees the same ring. The states and colours follow the Echo's:
dark when ready, blue with a cyan point while listening, a blue chase while thinking, red when muted; yellow is ours
for an error. The symbols tell the states apart without colour.
"""

import math

from echoctl.model.speech import LedState

Rgb = tuple[int, int, int]

SEGMENTS = 12

SYMBOLS = {
    LedState.OFF: "·",
    LedState.IDLE: "○",
    LedState.LISTENING: "●",
    LedState.THINKING: "◐",
    LedState.MUTED: "■",
    LedState.ERROR: "!",
}
"""One distinct shape per state; all are in DejaVu and the usual terminal fonts."""

DARK: Rgb = (40, 44, 52)
BLUE: Rgb = (0, 90, 255)
CYAN: Rgb = (0, 220, 255)
RED: Rgb = (230, 30, 30)
YELLOW: Rgb = (240, 190, 0)

TURN_S = 1.2
"""One turn of a moving point."""


def colours(state: LedState, seconds: float, level: float = 0.0, segments: int = SEGMENTS) -> list[Rgb]:
    """The colour of each segment at `seconds` (any steady clock), with the voice's `level` from 0 to 1."""
    if state is LedState.MUTED:
        return [RED] * segments
    if state is LedState.ERROR:
        return [YELLOW] * segments
    if state in (LedState.OFF, LedState.IDLE):
        return [DARK] * segments
    point = seconds / TURN_S % 1.0
    if state is LedState.THINKING:
        return [mix(DARK, BLUE, _near(i / segments, point, 0.35)) for i in range(segments)]
    glow = 0.45 + 0.55 * min(1.0, max(0.0, level))
    return [mix(mix(DARK, BLUE, glow), CYAN, _near(i / segments, point, 0.2)) for i in range(segments)]


def animated(state: LedState) -> bool:
    """Whether the ring moves in this state; a still one need not be drawn again."""
    return state in (LedState.LISTENING, LedState.THINKING)


def brightness(state: LedState) -> float:
    """What a light of one colour shows, 0 to 1."""
    return {LedState.OFF: 0.0, LedState.IDLE: 0.0, LedState.MUTED: 1.0, LedState.ERROR: 1.0}.get(state, 0.6)


def _near(place: float, point: float, reach: float) -> float:
    """How near two places on a circle of length 1 are: 1 at the same place, 0 at `reach` and beyond."""
    distance = abs((place - point + 0.5) % 1.0 - 0.5)
    return max(0.0, math.cos(min(1.0, distance / reach) * math.pi / 2))


def mix(low: Rgb, high: Rgb, share: float) -> Rgb:
    """Between two colours: `low` at a share of 0, `high` at 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return red, green, blue
