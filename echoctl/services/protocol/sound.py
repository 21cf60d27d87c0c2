"""The pipe from the microphone to the ear: frames of pcm, and the microphone's events in between, in their order.

Each frame fits into PIPE_BUF bytes, so it is written whole or not at all (pipe(7)): a microphone that dies leaves no
half of one, and the next one writes into the same pipe.
"""

import fcntl
import json
import os
import select
import struct
import sys
import termios
from collections.abc import Mapping
from typing import Any

from echoctl.model.speech import BYTES_PER_SECOND

FRAME_BYTES = 4096
"""The largest frame: PIPE_BUF on Linux."""

_HEAD = struct.Struct(">cH")
_PCM, _EVENT = b"p", b"e"

_MOST_EVENTS = 32
"""Events that may wait for a pipe that is full."""

Frame = bytes | dict[str, Any]
"""A chunk of pcm, or an event."""


class FrameWriter:
    """The microphone's end. A live one never waits: what does not fit is dropped and counted, and told later.

    Raises BrokenPipeError when nobody is left to read.
    """

    def __init__(self, descriptor: int, *, live: bool) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._live = live
        self._rest = b""
        """What did not fit of a frame: only where PIPE_BUF is less than a frame."""
        self._events: list[bytes] = []
        self.dropped_ms = 0
        """Sound that was dropped because the ear did not keep up."""
        self._told_ms = 0

    def pcm(self, *chunks: bytes) -> None:
        """Write chunks of 16 kHz mono s16le: those that came together in one go, which wakes the ear once."""
        frames = [_HEAD.pack(_PCM, len(chunk)) + chunk for chunk in chunks]
        whole = b"".join(frames)
        pieces = [whole] if len(frames) > 1 and self._has_room(len(whole)) else frames
        for piece in pieces:
            if not (self._flush() and self._tell_gap() and self._put(piece)):
                self.dropped_ms += len(piece) * 1000 // BYTES_PER_SECOND

    def event(self, kind: str, **fields: object) -> None:
        """Write an event; a live microphone keeps it for later when the pipe is full."""
        self._queue({"type": kind, **fields})
        self._flush()

    def _has_room(self, size: int) -> bool:
        """Whether a write that does not wait takes so much whole, though it is more than PIPE_BUF.

        The kernel cuts such a write off for want of room alone, and not even when the process is killed.
        """
        try:
            filled = int.from_bytes(fcntl.ioctl(self._descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
            capacity = fcntl.fcntl(self._descriptor, fcntl.F_GETPIPE_SZ)
        except (OSError, AttributeError):
            return False
        return size < capacity // 2 - filled

    def _tell_gap(self) -> bool:
        """Tell what was dropped, before the sound that comes after it."""
        missing = self.dropped_ms - self._told_ms
        if missing and not self._put(_event({"type": "gap", "dropped_ms": missing})):
            return False
        self._told_ms = self.dropped_ms
        return True

    def _queue(self, event: Mapping[str, object]) -> None:
        self._events = [*self._events, _event(event)][-_MOST_EVENTS:]

    def _flush(self) -> bool:
        while self._events:
            if not self._put(self._events[0]):
                return False
            del self._events[0]
        return True

    def _put(self, frame: bytes) -> bool:
        """Write what is left of the frame before, and this one; False when not even a part of it went."""
        while self._rest:
            if not self._some(self._rest):
                return False
        sent = self._write(frame)
        self._rest = frame[sent:] if sent else b""
        return bool(sent)

    def _some(self, data: bytes) -> bool:
        sent = self._write(data)
        self._rest = data[sent:]
        return bool(sent)

    def _write(self, data: bytes) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                if self._live:
                    return 0
                select.select([], [self._descriptor], [])


class FrameReader:
    """The ear's end: bytes in, whole frames out."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises ValueError for what no microphone of ours writes."""
        self._rest += data
        frames: list[Frame] = []
        at = 0
        while len(self._rest) - at >= _HEAD.size:
            kind, size = _HEAD.unpack_from(self._rest, at)
            end = at + _HEAD.size + size
            if kind not in (_PCM, _EVENT) or size > FRAME_BYTES:
                raise ValueError("the microphone says what it never would")
            if end > len(self._rest):
                break
            content = bytes(self._rest[at + _HEAD.size : end])
            frames.append(content if kind == _PCM else _told(content))
            at = end
        self._rest[:at] = bytes(at)  # it is sound: wiped, and not only let go of
        del self._rest[:at]
        return frames


def _event(event: Mapping[str, object]) -> bytes:
    data = json.dumps(event).encode()
    if len(data) + _HEAD.size > FRAME_BYTES:
        raise ValueError("an event that no frame holds")
    return _HEAD.pack(_EVENT, len(data)) + data


def _told(content: bytes) -> dict[str, Any]:
    try:
        event = json.loads(content)
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(event, dict):
        raise ValueError("no object")
    return event
