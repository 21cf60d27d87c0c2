"""Moments as people write them: 7d, 12h, 30m, 2026-11-23, 2026-11-23T08:30, with an offset or without."""

import re
from datetime import datetime

from echoctl.errors import UsageError

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


def length_ms(text: str) -> int:
    """A length of time in milliseconds: 30d, 12h, 90m. Raises UsageError."""
    if length := _AGO.fullmatch(text.strip().lower()):
        return int(length[1]) * _UNIT_MS[length[2]]
    raise UsageError(f"'{text}' is not a length of time", "write 30d, 12h or 90m")


def later_ms(text: str, now_ms: int) -> int:
    """Unix milliseconds of a moment to come: as `moment_ms`, but a length of time counts from now on."""
    if _AGO.fullmatch(text.strip().lower()):
        return now_ms + length_ms(text)
    return moment_ms(text, now_ms)


def moment_ms(text: str, now_ms: int) -> int:
    """Unix milliseconds: a length of time counts back from now, a date or time is local unless it has an offset.

    Raises UsageError.
    """
    if ago := _AGO.fullmatch(text.strip().lower()):
        return now_ms - int(ago[1]) * _UNIT_MS[ago[2]]
    try:
        return round(datetime.fromisoformat(text.strip()).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"'{text}' is not a time", "write 7d, 12h or 30m (ago), 2026-11-23, or 2026-11-23T08:30"
        ) from None
