"""What the process that reads a capture is told, and what is taken of its answers: known fields, within limits.

It takes apart bytes that strangers choose, and whoever takes it over may answer what they like. So nothing is believed:
an answer that is not exactly as below is refused as a whole, and every text comes out of here without control
characters. What is left to them is to make up traffic that never was.

An order is a head and its bytes; an answer a head with the figures, an object of JSON, and seconds, packed because they
are many. A live capture has twenty answers a second, and most of them are no more than their head.
"""

import json
import re
import socket
import struct
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from echoctl.model.traffic import BurstClass, Naming
from echoctl.text.format import printable

ORDER = struct.Struct("<cI")
"""A kind, and how many bytes follow."""

BEGIN, READ, FEED, END, TICK, NAMES, FINISH = b"b", b"r", b"f", b"e", b"t", b"n", b"x"
"""What the store knows (JSON); read on in the file; bytes of a stream; its end; the capture's time (TIME); tell the
names of all that was told since the last time; the capture is over."""

TIME = struct.Struct("<Q")

HEAD = struct.Struct("<II7Q")
"""How many bytes of JSON follow (none where there is nothing but figures), how many of seconds; and the figures."""

SECOND = struct.Struct("<IIQQI")

MOST_JSON_BYTES = MOST_SECONDS_BYTES = 32 << 20

MOST_PAIRS = 1 << 19
"""Devices with their endpoints in one capture."""

MOST_GAPS = 1000

_MOST_MS = 1 << 43
"""A capture has 32 bits of seconds."""

_MOST_BYTES = 1 << 53
_MOST_COUNT = 1 << 47
_MOST_NAME = 253
_MOST_TEXT = 500
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")

_Word = TypeVar("_Word", bound=StrEnum)

SecondRow = tuple[int, int, int, int, int]
"""Pair, Unix second, bytes up, bytes down, packets. Pairs of device and endpoint are known by their place."""


class NameRow(NamedTuple):
    """What an endpoint is called."""

    pair: int
    name: str
    how: Naming
    older: bool


class BurstRow(NamedTuple):
    """A burst, as in model.traffic.Burst."""

    pair: int
    start_ms: int
    end_ms: int
    bytes_up: int
    windows: int
    span_ms: int
    grade: BurstClass


class Figures(NamedTuple):
    """The capture so far, as the meter has it (traffic/meter.py)."""

    packets: int = 0
    first_ms: int = 0
    last_ms: int = 0
    now_ms: int = 0
    jumps: int = 0
    unread: int = 0
    local_bytes: int = 0


class Answer(NamedTuple):
    """What came of an order."""

    figures: Figures = Figures()
    pairs: tuple[tuple[str, str], ...] = ()
    """(device, address) of those that were not there before."""
    names: tuple[NameRow, ...] = ()
    """Where they are new."""
    seconds: tuple[SecondRow, ...] = ()
    bursts: tuple[BurstRow, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    """Unix milliseconds: nothing was seen there."""
    ended: bool = False
    """Nothing more comes of this file or stream."""
    damage: str = ""
    """What ended it too early."""
    error: tuple[str, str] | None = None
    """Why it is no capture: a message and a hint."""


def packed(answer: Answer) -> bytes:
    """An answer as it travels."""
    if answer[1:] == _NOTHING:
        return HEAD.pack(0, 0, *answer.figures)
    seconds = b"".join(SECOND.pack(*row) for row in answer.seconds)
    text = json.dumps({name: getattr(answer, name) for name in _FIELDS}, separators=(",", ":")).encode()
    return HEAD.pack(len(text), len(seconds), *answer.figures) + text + seconds


def taken(figures: list[int], text: bytes, seconds: bytes, known: int) -> Answer:
    """The answer that arrived, when `known` pairs were there before. Raises ValueError, which says what is wrong."""
    checked = Answer(Figures(*_numbers(figures, _FIGURES)))
    if not text and not seconds:
        return checked
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    if not isinstance(said, dict) or said.keys() != _FIELDS:
        raise ValueError("other fields than there are")
    return _checked(checked, said, seconds, known)


_NOTHING = Answer()[1:]
_FIELDS = set(Answer._fields) - {"figures", "seconds"}


def _checked(answer: Answer, said: dict[str, Any], seconds: bytes, known: int) -> Answer:
    pairs = tuple((_device(device), _address(remote)) for device, remote in _rows(said["pairs"], 2))
    number = known + len(pairs)
    if number > MOST_PAIRS:
        raise ValueError("more endpoints than one capture may have")
    errors = [] if said["error"] is None else _rows([said["error"]], 2)
    return answer._replace(
        pairs=pairs,
        names=tuple(
            NameRow(_whole(pair, number - 1), _text(name, _MOST_NAME), _word(Naming, how), _flag(older))
            for pair, name, how, older in _rows(said["names"], 4)
        ),
        seconds=_seconds(seconds, number),
        bursts=tuple(_burst(row, number) for row in _rows(said["bursts"], 7)),
        gaps=tuple((_whole(begin, _MOST_MS), _whole(end, _MOST_MS)) for begin, end in _rows(said["gaps"], 2)),
        ended=_flag(said["ended"]),
        damage=_text(said["damage"], _MOST_TEXT),
        error=next(((_text(message, _MOST_TEXT), _text(hint, _MOST_TEXT)) for message, hint in errors), None),
    )


_FIGURES = (_MOST_COUNT, _MOST_MS, _MOST_MS, _MOST_MS, _MOST_COUNT, _MOST_COUNT, _MOST_BYTES)


def _burst(row: list[Any], number: int) -> BurstRow:
    pair, start, end, up, windows, span, grade = row
    return BurstRow(
        _whole(pair, number - 1),
        _whole(start, _MOST_MS),
        _whole(end, _MOST_MS),
        _whole(up, _MOST_BYTES),
        _whole(windows, _MOST_COUNT),
        _whole(span, _MOST_COUNT),
        _word(BurstClass, grade),
    )


def _seconds(data: bytes, number: int) -> tuple[SecondRow, ...]:
    if len(data) % SECOND.size:
        raise ValueError("half a second")
    rows: tuple[SecondRow, ...] = tuple(SECOND.iter_unpack(data))
    if any(pair >= number or up > _MOST_BYTES or down > _MOST_BYTES for pair, _, up, down, _ in rows):
        raise ValueError("a second that cannot be")
    return rows


def _rows(value: Any, size: int) -> list[list[Any]]:
    if type(value) is not list or any(type(row) is not list or len(row) != size for row in value):
        raise ValueError("no rows")
    return value


def _numbers(value: list[int], most: tuple[int, ...]) -> list[int]:
    return [_whole(one, limit) for one, limit in zip(value, most, strict=True)]


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a number that cannot be")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("neither yes nor no")
    return value


def _word(words: type[_Word], value: Any) -> _Word:
    if value not in tuple(words):
        raise ValueError("a word that there is not")
    return words(value)


def _text(value: Any, most: int) -> str:
    if type(value) is not str or len(value) > most:
        raise ValueError("no text, or too long")
    return printable(value)


def _device(value: Any) -> str:
    """A MAC address, or an IP address where the capture has none."""
    return value if type(value) is str and _MAC.fullmatch(value) else _address(value)


def _address(value: Any) -> str:
    """An IP address as socket.inet_ntop writes it."""
    if type(value) is not str:
        raise ValueError("no address")
    family = socket.AF_INET6 if ":" in value else socket.AF_INET
    try:
        plain = socket.inet_ntop(family, socket.inet_pton(family, value))
    except (OSError, ValueError):
        plain = ""
    if plain != value:
        raise ValueError("no address")
    return value
