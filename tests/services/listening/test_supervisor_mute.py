"""A mute reaches the microphone process, and one that does not obey does not live; both processes are played."""

import threading
import time
from collections.abc import Iterator

import pytest

from echoctl.errors import DeviceError
from echoctl.model.listener import Snapshot
from echoctl.services import state
from tests.services.listening.players import Event, Play, alive


class Muting:
    """`echoctl mute`, while the listener goes on."""

    def __init__(self, muted: bool) -> None:
        self.now: Snapshot | None = None
        self.error: DeviceError | None = None
        self.took_s = 0.0
        self._thread = threading.Thread(target=self._run, args=[muted])
        self._thread.start()

    def _run(self, muted: bool) -> None:
        before = time.monotonic()
        try:
            self.now = state.set_muted(muted, "a test")
        except DeviceError as error:
            self.error = error
        self.took_s = time.monotonic() - before

    def done(self) -> bool:
        return not self._thread.is_alive()


def mute(play: Play, muted: bool) -> tuple[Muting, list[Event]]:
    muting = Muting(muted)
    return muting, play.until(lambda events: muting.done())


def shown(play: Play, state: str, events: list[Event]) -> None:
    """Wait for a light, which may have been among these events."""
    play.until(lambda more: any(event.get("state") == state for event in [*events, *more]))


@pytest.fixture
def listening(play: Play) -> Iterator[Play]:
    play.begin()
    play.until_light("idle")
    yield play


def test_a_mute_ends_the_microphone_process_and_another_waits(listening: Play) -> None:
    first = listening.pids("microphone")
    for n in range(6):
        muted = n % 2 == 0
        muting, events = mute(listening, muted)
        assert muting.now and muting.now.mic == ("closed" if muted else "open")
        shown(listening, "muted" if muted else "idle", events)
        listening.until(lambda events, count=2 + n // 2: len(listening.pids("microphone")) == count)  # type: ignore[misc]
    assert len(listening.pids("microphone")) == 4 and not alive(first[0])
    assert len(listening.pids("ear")) == 1
    assert listening.orders == ["begin"], "the microphone says it itself, behind its sound"


def test_a_mute_that_is_taken_back_at_once_was_a_mute(play: Play) -> None:
    play.plays(microphone="import atexit; atexit.register(time.sleep, 0.3)")
    play.begin()
    play.until_light("idle")
    mute(play, True)
    Muting(False)
    play.until(lambda events: len(play.pids("microphone")) == 2)
    assert play.orders == ["begin"], "the microphone has said that it was muted; nothing may say that it was lost"


def test_a_microphone_that_does_not_obey_is_killed(play: Play) -> None:
    play.plays(when_open="time.sleep(60)")
    play.begin()
    play.until_light("idle")
    play.plays(when_open="")
    muting, _ = mute(play, True)
    assert muting.error is None and muting.now and muting.now.mic == "closed"
    assert muting.took_s < state.CONFIRM_S
    [first, *_] = play.pids("microphone")
    assert not alive(first)
    assert play.orders == ["begin", "forget"]
    play.until(lambda events: len(play.pids("microphone")) == 2)
    assert state.snapshot().mic == "closed", "the next one is muted from its beginning"
    assert mute(play, False)[0].now
    play.until(lambda events: state.snapshot().mic == "open")


def test_a_microphone_that_says_it_is_closed_and_goes_on_is_killed(play: Play) -> None:
    lies = "while not muted(): time.sleep(0.005)\nmute_file.answer(spec.mute, mute_file.CLOSED)\ntime.sleep(60)"
    play.plays(when_open=lies)
    play.begin()
    play.until_light("idle")
    play.plays(when_open="")
    assert mute(play, True)[0].now
    [liar, *_] = play.pids("microphone")
    play.until(lambda events: not alive(liar))
    play.until(lambda events: len(play.pids("microphone")) == 2)
    play.for_a_while(0.6)
    assert len(play.pids("microphone")) == 2, "one that has opened nothing may wait"


def test_a_muted_start_opens_nothing_until_it_is_unmuted(play: Play) -> None:
    state.set_muted(True, "a test")
    play.begin()
    shown(play, "muted", [])
    assert state.snapshot().mic == "closed"
    muting, events = mute(play, False)
    assert muting.now and muting.now.mic == "open"
    shown(play, "idle", events)


def test_a_lost_microphone_is_opened_by_another_process(play: Play) -> None:
    play.plays(when_open="pipe.event('lost', device='a mic', reason='ended'); os._exit(0)")
    play.begin()
    play.until(lambda events: any(event.get("what") == "lost" for event in events))
    play.plays(when_open="")
    play.until(lambda events: any(event.get("what") == "back" for event in events))
    assert play.orders == ["begin"] and len(play.pids("ear")) == 1
