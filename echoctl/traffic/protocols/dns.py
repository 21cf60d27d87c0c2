"""DNS answers (RFC 1035): which name was asked for, and which addresses it has."""

import struct
from collections.abc import Iterator

from echoctl.traffic.protocols.hostname import hostname

_A, _AAAA = 1, 28
_ANSWER_WITHOUT_ERROR = 0x8000
_MOST_ANSWERS = 64
_MOST_LABELS = 40


def answers(message: bytes) -> tuple[str, list[bytes]]:
    """The name asked for and its addresses, packed; ("", []) for anything but a valid answer.

    Aliases (CNAME) are not followed here: all addresses go to the name that was asked. A message that was cut gives
    the addresses before the cut.
    """
    if len(message) < 12:
        return "", []
    flags, questions, number = struct.unpack_from(">HHH", message, 2)
    if flags & 0xF80F != _ANSWER_WITHOUT_ERROR or questions != 1:
        return "", []
    try:
        name, at = _name(message, 12)
        return name, [*_addresses(message, at + 4, min(number, _MOST_ANSWERS))] if name else []
    except (IndexError, struct.error):
        return "", []


def _addresses(message: bytes, at: int, number: int) -> Iterator[bytes]:
    for _ in range(number):
        try:
            at = _skip(message, at)
            kind, size = struct.unpack_from(">HxxxxxxH", message, at)
        except (IndexError, struct.error):  # cut off here
            return
        at += 10
        if (kind, size) in ((_A, 4), (_AAAA, 16)) and at + size <= len(message):
            yield message[at : at + size]
        at += size


def _name(message: bytes, at: int) -> tuple[str, int]:
    """The name of the question, and where it ends. A question stands first, so nothing it could point to exists."""
    labels: list[bytes] = []
    for _ in range(_MOST_LABELS):
        size = message[at]
        if size == 0:
            return hostname(b".".join(labels)), at + 1
        if size > 63 or at + 1 + size > len(message):
            break
        labels.append(message[at + 1 : at + 1 + size])
        at += 1 + size
    return "", at


def _skip(message: bytes, at: int) -> int:
    """Where a name ends: at a zero, or after a pointer."""
    for _ in range(_MOST_LABELS):
        size = message[at]
        if size == 0:
            return at + 1
        if size >= 0xC0:
            return at + 2
        at += 1 + size
    raise IndexError(at)
