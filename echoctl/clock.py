"""Time and names made of time, in one place so that tests can hold them still."""

import os
import time
from typing import Protocol

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_BASE_32 = str.maketrans(_CROCKFORD + "ILOU", "0123456789ABCDEFGHIJKLMNOPQRSTUV" + "----")
"""From a ULID's letters to those of int(…, 32), in which it is read by C."""


class Clock(Protocol):
    """What tells the time."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


def new_id(at_ms: int) -> str:
    """Make a ULID (github.com/ulid/spec): 48 bits of Unix milliseconds and 80 random bits, 26 characters.

    Sorts by time; any unique prefix names a recording.
    """
    return id_text(at_ms.to_bytes(6, "big") + os.urandom(10))


def first_id(at_ms: int) -> str:
    """The smallest id of that millisecond; of the first or last one that an id can name, where it is outside."""
    return id_text(min(max(at_ms, 0), (1 << 48) - 1).to_bytes(6, "big") + bytes(10))


def id_text(raw: bytes) -> str:
    """The 26 characters of a ULID's 16 bytes."""
    number = int.from_bytes(raw, "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def id_bytes(text: str) -> bytes:
    """The 16 bytes of a ULID. Raises ValueError when `text` is none."""
    # int() also takes signs, underscores and the digits of other scripts, which no ULID has.
    if len(text) != 26 or not (text.isascii() and text.isalnum()):
        raise ValueError("a ULID has 26 letters and digits")
    digits = text.upper().translate(_AS_BASE_32)
    if "-" in digits:
        raise ValueError("I, L, O and U are in no ULID")
    return int(digits, 32).to_bytes(17, "big")[-16:]
