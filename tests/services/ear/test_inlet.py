import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from echoctl.services.ear.inlet import READ_BYTES, Inlet
from echoctl.services.protocol.events import Pipe
from echoctl.services.protocol.sound import FrameWriter

CHUNK = b"\1\2" * 1280


class Ends:
    """An inlet, and the ends of its pipes that microphone and front have."""

    def __init__(self) -> None:
        sound, self.microphone = os.pipe()
        orders, self.front = os.pipe()
        self.inlet = Inlet(sound, orders)
        self.sound = FrameWriter(self.microphone, live=True)
        self.orders = Pipe(self.front)
        self.open = {sound, self.microphone, orders, self.front}

    def close(self, *ends: int) -> None:
        for end in ends or tuple(self.open):
            os.close(end)
            self.open.discard(end)


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.close()


def test_frames_come_in_their_order(ends: Ends) -> None:
    ends.sound.event("opened", device="a mic")
    ends.sound.pcm(CHUNK)
    ends.sound.pcm(CHUNK[:4])
    got = [ends.inlet.next(1.0) for _ in range(3)]
    assert got == [({"type": "opened", "device": "a mic"}, None), (CHUNK, None), (CHUNK[:4], None)]
    assert ends.inlet.next(0.0) == (None, None)


def test_orders_come_before_the_sound_that_has_gathered(ends: Ends) -> None:
    ends.sound.pcm(CHUNK)
    ends.sound.pcm(CHUNK)
    assert ends.inlet.next(1.0) == (CHUNK, None)
    ends.orders.send("push")
    ends.orders.send("stop")
    assert [ends.inlet.next(1.0)[1] for _ in range(2)] == [{"type": "push"}, {"type": "stop"}]
    assert ends.inlet.next(1.0) == (CHUNK, None)


def test_a_wait_for_an_order_keeps_the_others_and_the_sound(ends: Ends) -> None:
    ends.orders.send("push")
    ends.orders.send("stored", number=1)
    ends.orders.send("stop")
    ends.sound.pcm(CHUNK)
    assert ends.inlet.order("stored", "failed", timeout_s=1.0) == {"type": "stored", "number": 1}
    assert [ends.inlet.next(1.0) for _ in range(3)] == [
        (None, {"type": "push"}),
        (None, {"type": "stop"}),
        (CHUNK, None),
    ]


def test_a_wait_for_an_order_ends_in_time(ends: Ends) -> None:
    ends.orders.send("push")
    before = time.monotonic()
    assert ends.inlet.order("stored", timeout_s=0.1) is None
    assert 0.09 < time.monotonic() - before < 2


def test_an_order_in_pieces_is_one(ends: Ends) -> None:
    line = json.dumps({"type": "address", "to": "x" * 100}).encode() + b"\n"
    os.write(ends.front, line[:50])
    assert ends.inlet.next(0.0) == (None, None)
    os.write(ends.front, line[50:])
    assert ends.inlet.next(1.0)[1] == {"type": "address", "to": "x" * 100}


@pytest.mark.parametrize("which", ["front", "microphone"])
def test_nobody_at_the_other_end_is_the_end(ends: Ends, which: str) -> None:
    ends.close(getattr(ends, which))
    with pytest.raises(BrokenPipeError):
        ends.inlet.next(1.0)


def test_a_front_that_goes_while_it_is_waited_for_is_the_end(ends: Ends) -> None:
    ends.close(ends.front)
    with pytest.raises(BrokenPipeError):
        ends.inlet.order("stored", timeout_s=5.0)


def test_what_is_drained_is_sound_and_not_what_the_microphone_said(ends: Ends) -> None:
    def event(number: int) -> dict[str, Any]:
        return {"type": "silent", "device": "a mic", "seconds": number}

    for number in range(3):
        ends.sound.pcm(CHUNK)
        ends.sound.event("silent", device="a mic", seconds=number)
    assert ends.inlet.next(1.0) == (CHUNK, None)
    ends.sound.pcm(CHUNK)
    ends.inlet.drain()
    ends.sound.pcm(CHUNK[:2])
    got = [ends.inlet.next(1.0)[0] for _ in range(4)]
    assert got == [event(0), event(1), event(2), CHUNK[:2]]


def test_nothing_to_drain_is_not_waited_for(ends: Ends) -> None:
    ends.inlet.drain()
    assert ends.inlet.next(0.0) == (None, None)


def test_all_that_has_arrived_is_drained() -> None:
    import fcntl

    ends = Ends()
    fcntl.fcntl(ends.microphone, fcntl.F_SETPIPE_SZ, 4 * READ_BYTES)
    for _ in range(2 * READ_BYTES // len(CHUNK)):  # each takes a page of the pipe
        ends.sound.pcm(CHUNK)
    ends.inlet.drain()
    try:
        assert ends.inlet.next(0.0) == (None, None)
    finally:
        ends.close()
