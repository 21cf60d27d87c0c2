"""What comes to the ear: sound and its events through one pipe, the front's orders through another."""

import json
import os
import select
import time
from collections import deque
from typing import Any

from echoctl.services.protocol.events import LineReader
from echoctl.services.protocol.sound import Frame, FrameReader

READ_BYTES = 65_536


class Inlet:
    """Both pipes. One thread reads them. Raises BrokenPipeError when the front has gone, who alone holds both."""

    def __init__(self, sound: int, orders: int) -> None:
        self._sound = sound
        self._orders = orders
        self._frames: deque[Frame] = deque()
        self._given: deque[dict[str, Any]] = deque()
        self._reader = FrameReader()
        self._lines = LineReader()

    def next(self, timeout_s: float) -> tuple[Frame | None, dict[str, Any] | None]:
        """The next frame of the microphone's, or the next order; (None, None) when nothing came in time.

        Orders come first: what has gathered of the sound may take a while.
        """
        if not self._given:
            self._wait(
                [self._orders] if self._frames else [self._sound, self._orders], 0 if self._frames else timeout_s
            )
        if self._given:
            return None, self._given.popleft()
        return (self._frames.popleft() if self._frames else None), None

    def order(self, *kinds: str, timeout_s: float) -> dict[str, Any] | None:
        """Wait for an order of one of these kinds, for nothing else; other orders are kept. None: not in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            for order in self._given:
                if order["type"] in kinds:
                    self._given.remove(order)
                    return order
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._wait([self._orders], left)

    def drain(self) -> None:
        """Drop the sound that has arrived; the microphone's events among it stay."""
        while self._wait([self._sound], 0):
            pass
        self._frames = deque(frame for frame in self._frames if isinstance(frame, dict))

    def _wait(self, descriptors: list[int], timeout_s: float) -> bool:
        """Read what there is, waiting for it; returns whether there was anything."""
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        found = poll.poll(timeout_s * 1000)
        for descriptor, _ in found:
            data = os.read(descriptor, READ_BYTES)
            if not data:
                raise BrokenPipeError
            if descriptor == self._sound:
                self._frames += self._reader.feed(data)
            else:
                self._given += map(json.loads, self._lines.feed(data))
        return bool(found)
