"""A microphone is opened, heard, muted and lost; the device is played."""

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from echoctl.audio.mic import DeviceLost
from echoctl.audio.source import SourceHealth
from echoctl.errors import DeviceError, NotFound
from echoctl.services import mute_file
from echoctl.services.microphone import opening
from echoctl.services.protocol.microphone_spec import SILENT
from tests.services.microphone.rig import LOUD, QUIET, PlayedMicrophone, Rig

Rigs = Callable[..., Rig]


def fails(message: str = "cannot open a mic", kind: type[DeviceError] = DeviceError) -> Callable[[], PlayedMicrophone]:
    def opener() -> PlayedMicrophone:
        raise kind(message, "plug one in")

    return opener


@pytest.fixture
def device() -> PlayedMicrophone:
    return PlayedMicrophone()


@pytest.fixture
def rig(rigs: Rigs, device: PlayedMicrophone) -> Iterator[Rig]:
    """An open microphone."""
    made = rigs()
    made.openers = [lambda: device]
    made.start()
    made.until(lambda: made.done[0] == mute_file.OPEN)
    yield made


def test_what_the_device_gives_comes_out_after_it_was_opened(rig: Rig, device: PlayedMicrophone) -> None:
    chunks = [*(bytes([number]) * 2560 for number in range(19)), LOUD]
    for chunk in chunks:
        device.given.put(chunk)
    rig.until(lambda: len(rig.pcm()) == 20 * 2560)
    assert rig.frames == [{"type": "opened", "device": "a mic"}, *chunks]
    assert rig.locked == 1 and rig.running


def test_it_is_locked_before_anything_is_heard(rigs: Rigs) -> None:
    rig = rigs()
    seen: list[tuple[bytes, list[str]]] = []
    rig.opening._lock = lambda: seen.append((rig.done[0], rig.kinds()))
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    assert seen == [(mute_file.WAITING, [])]


def test_muted_it_opens_nothing(rigs: Rigs) -> None:
    rig = rigs()
    rig.order(True)
    rig.start()
    rig.until(lambda: rig.done == (mute_file.CLOSED, True))
    time.sleep(0.1)
    assert rig.attempts == [] and rig.locked == 0
    rig.order(False)
    rig.until(lambda: rig.done == (mute_file.OPEN, True))
    assert len(rig.attempts) == 1


def test_a_mute_that_is_repeated_stays_answered(rigs: Rigs) -> None:
    rig = rigs()
    rig.order(True)
    rig.start()
    for _ in range(5):
        rig.until(lambda: rig.done == (mute_file.CLOSED, True))
        rig.order(True)
    assert rig.running and rig.attempts == []


def test_a_mute_closes_it_and_is_answered_then(rig: Rig, device: PlayedMicrophone) -> None:
    before = time.monotonic()
    rig.order(True)
    rig.until(lambda: rig.done == (mute_file.CLOSED, True))
    assert device.closed
    assert time.monotonic() - before < 0.3, "it was interrupted while it waited for sound"
    rig.until(lambda: not rig.running)
    assert rig.kinds() == ["opened", "muted"]
    assert rig.exits == [] and rig.error is None


def test_a_close_that_hangs_ends_the_process(rigs: Rigs) -> None:
    rig, hangs = rigs(), threading.Event()
    device = PlayedMicrophone(close=lambda: hangs.wait(10) and None)
    rig.openers = [lambda: device]
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    before = time.monotonic()
    rig.order(True)
    rig.until(lambda: bool(rig.exits))
    assert opening.CLOSE_S * 0.9 < time.monotonic() - before < 2
    assert rig.exits[0] == SILENT and rig.done == (mute_file.CLOSED, True) and not device.closed
    hangs.set()


def test_a_close_that_hangs_after_a_loss_ends_the_process_as_well(rigs: Rigs) -> None:
    rig, hangs = rigs(), threading.Event()
    device = PlayedMicrophone(close=lambda: hangs.wait(10) and None)
    rig.openers = [lambda: device]
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    device.given.put(DeviceLost("a mic", "stalled"))
    rig.until(lambda: bool(rig.exits))
    assert rig.done == (mute_file.WAITING, True)
    hangs.set()


def test_a_device_that_hangs_in_a_read_ends_the_process(rigs: Rigs) -> None:
    rig, hangs = rigs(), threading.Event()
    device = PlayedMicrophone()
    device.read = lambda timeout_s: hangs.wait(10) and None  # type: ignore[method-assign]
    rig.openers = [lambda: device]
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    rig.order(True)
    rig.until(lambda: bool(rig.exits))
    assert rig.done == (mute_file.CLOSED, True)
    hangs.set()


def test_an_opening_that_hangs_while_muted_ends_the_process(rigs: Rigs) -> None:
    rig, hangs = rigs(), threading.Event()

    def opener() -> PlayedMicrophone:
        hangs.wait(10)
        return PlayedMicrophone()

    rig.openers = [opener]
    rig.start()
    rig.until(lambda: bool(rig.attempts))
    time.sleep(opening.CLOSE_S * 1.2)
    assert rig.exits == [], "nobody has muted yet"
    rig.order(True)
    rig.until(lambda: bool(rig.exits))
    assert rig.done == (mute_file.CLOSED, True)
    hangs.set()


def test_a_mute_while_it_opens_closes_what_was_opened(rigs: Rigs) -> None:
    rig, device = rigs(), PlayedMicrophone()

    def opener() -> PlayedMicrophone:
        rig.order(True)
        device.given.put(LOUD)
        return device

    rig.openers = [opener]
    rig.start()
    rig.until(lambda: not rig.running)
    assert device.closed and rig.pcm() == b""
    assert rig.done == (mute_file.CLOSED, True)


@pytest.mark.parametrize("kind", [DeviceError, NotFound])
def test_a_first_microphone_that_does_not_open_is_an_error(rigs: Rigs, kind: type[DeviceError]) -> None:
    rig = rigs()
    rig.openers = [fails("there is none", kind)]
    rig.start()
    rig.until(lambda: rig.error is not None)
    assert isinstance(rig.error, kind) and rig.error.message == "there is none"
    assert len(rig.attempts) == 1 and rig.kinds() == []


def test_a_later_one_is_tried_again_and_each_trouble_told_once(rigs: Rigs) -> None:
    rig = rigs(first=False, device="usb")
    rig.openers = [fails("one"), fails("one"), fails("two"), fails("two"), PlayedMicrophone]
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    assert rig.frames == [
        {"type": "retrying", "device": "usb", "message": "one"},
        {"type": "retrying", "device": "usb", "message": "two"},
        {"type": "opened", "device": "a mic"},
    ]
    waits = [after - before for before, after in zip(rig.attempts, rig.attempts[1:], strict=False)]
    assert waits[-1] > 4 * opening.FIRST_WAIT_S and waits == sorted(waits), "it waits longer each time"
    assert rig.refreshed == 4


def test_it_never_waits_longer_than_that(rigs: Rigs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LONGEST_WAIT_S", 0.05)
    rig = rigs(first=False)
    rig.openers = [fails()]
    rig.start()
    rig.until(lambda: len(rig.attempts) == 10)
    assert rig.attempts[-1] - rig.attempts[-2] < 0.5


def test_a_mute_ends_the_search(rigs: Rigs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FIRST_WAIT_S", 60.0)
    rig = rigs(first=False)
    monkeypatch.setattr(opening, "FIRST_WAIT_S", 60.0)
    rig.openers = [fails()]
    rig.start()
    rig.until(lambda: bool(rig.kinds()))
    rig.order(True)
    rig.until(lambda: not rig.running)
    assert rig.done == (mute_file.CLOSED, True)
    assert rig.kinds() == ["retrying", "muted"] and rig.exits == []


def test_a_search_in_vain_is_anothers(rigs: Rigs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "RENEW_S", 0.1)
    rig = rigs(first=False)
    rig.openers = [fails()]
    rig.start()
    rig.until(lambda: not rig.running)
    assert rig.error is None and rig.done == (mute_file.WAITING, True)


@pytest.mark.parametrize("reason", ["ended", "stalled"])
def test_a_lost_device_is_told_and_anothers(rig: Rig, device: PlayedMicrophone, reason: str) -> None:
    device.given.put(LOUD)
    rig.until(lambda: rig.pcm() == LOUD)
    device.given.put(DeviceLost("a mic", reason))
    rig.until(lambda: not rig.running)
    assert rig.frames[-1] == {"type": "lost", "device": "a mic", "reason": reason}
    assert device.closed and rig.done == (mute_file.WAITING, True)


def test_what_came_before_a_loss_is_handed_on(rigs: Rigs) -> None:
    rig, device = rigs(), PlayedMicrophone()
    for one in (LOUD, LOUD, DeviceLost("a mic", "ended")):
        device.given.put(one)
    rig.openers = [lambda: device]
    rig.start()
    rig.until(lambda: not rig.running)
    assert rig.pcm() == LOUD * 2


def test_quiet_gathers_and_talk_less_and_a_request_not_at_all(rig: Rig, device: PlayedMicrophone) -> None:
    device.given.put(QUIET)
    rig.until(lambda: device.patience == opening.QUIET_CHUNKS)
    device.given.put(LOUD)
    rig.until(lambda: device.patience == opening.TALK_CHUNKS)
    mute_file.hurry(rig.mute, True)
    device.given.put(LOUD)
    rig.until(lambda: device.patience == 1)
    device.given.put(QUIET)
    time.sleep(0.05)
    assert device.patience == 1, "a request ends in quiet, and must not wait"
    mute_file.hurry(rig.mute, False)
    for _ in range(10):
        device.given.put(QUIET)
    rig.until(lambda: device.patience == opening.QUIET_CHUNKS)


def test_quiet_is_held_back_and_goes_before_what_is_loud(rig: Rig, device: PlayedMicrophone) -> None:
    for _ in range(5):
        device.given.put(QUIET)
    rig.until(lambda: device.patience == opening.QUIET_CHUNKS)
    time.sleep(0.05)
    assert rig.pcm() == b""
    device.given.put(LOUD)
    rig.until(lambda: rig.pcm() == 5 * QUIET + LOUD)


def test_quiet_is_not_held_back_for_ever_nor_while_somebody_waits(rig: Rig, device: PlayedMicrophone) -> None:
    for _ in range(opening.HELD_CHUNKS + 1):
        device.given.put(QUIET)
    rig.until(lambda: len(rig.pcm()) >= opening.HELD_CHUNKS * len(QUIET))
    mute_file.hurry(rig.mute, True)
    device.given.put(QUIET)
    rig.until(lambda: len(rig.pcm()) == (opening.HELD_CHUNKS + 2) * len(QUIET))


def test_what_was_held_back_when_it_was_muted_is_never_handed_on(rig: Rig, device: PlayedMicrophone) -> None:
    for _ in range(3):
        device.given.put(QUIET)
    rig.until(lambda: device.patience == opening.QUIET_CHUNKS)
    rig.order(True)
    rig.until(lambda: "muted" in rig.kinds())
    assert rig.pcm() == b""


def test_what_was_lost_is_told_with_the_worst_lag(rig: Rig, device: PlayedMicrophone) -> None:
    device.now = SourceHealth(1, 80, 500)
    device.given.put(QUIET)
    rig.until(lambda: "health" in rig.kinds())
    device.now = SourceHealth(1, 80, 20)
    device.given.put(LOUD)
    rig.until(lambda: device.patience == opening.TALK_CHUNKS)
    told = [frame for frame in rig.frames if isinstance(frame, dict) and frame["type"] == "health"]
    assert told == [{"type": "health", "overflows": 1, "dropped_ms": 80, "lag_ms": 500}]


def test_what_is_odd_of_a_device_is_told(rig: Rig) -> None:
    rig.tell("silent", {"device": "a mic", "seconds": 10.0})
    rig.until(lambda: rig.frames[-1:] == [{"type": "silent", "device": "a mic", "seconds": 10.0}])


def test_nobody_to_listen_is_the_end(rigs: Rigs, device: PlayedMicrophone) -> None:
    rig = rigs()
    rig.openers = [lambda: device]
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, rig.sound)
    os.close(null)
    device.given.put(LOUD)
    rig.until(lambda: rig.error is not None)
    assert isinstance(rig.error, BrokenPipeError)


def test_where_the_kernel_tells_nothing_it_looks_and_ends_with_its_front(
    rigs: Rigs, device: PlayedMicrophone, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = rigs()
    rig.watch.close()
    rig.openers = [lambda: device]
    rig.start()
    rig.until(lambda: rig.done[0] == mute_file.OPEN)
    rig.order(True)
    rig.until(lambda: rig.done == (mute_file.CLOSED, True))
    assert device.closed
    monkeypatch.setattr(os, "getppid", lambda: 1)
    rig.until(lambda: rig.exits == [0])
