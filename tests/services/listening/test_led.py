"""The light follows ear, microphone and mute, and never says that somebody listens who does not."""

import time
from collections.abc import Callable

import pytest

from echoctl import paths
from echoctl.services import mute_file, state
from echoctl.services.listening import led
from echoctl.store.database import db
from tests.services.listening.keeping import Event, Front


def lights(told: list[Event]) -> list[tuple[str, bool]]:
    return [(event["state"], event["muted"]) for event in told if event["type"] == "state"]


def mute(front: Front, muted: bool = True) -> None:
    """As `state.set_muted`, without waiting."""
    state._write_muted(muted, "a test")


def test_before_it_is_ready_it_has_no_light(front: Front) -> None:
    assert front.take("phase", phase="listening") == []
    assert front.keeper.look() == []
    assert state.snapshot().led == "off"


def test_a_muted_start_is_muted_from_its_first_light(front: Front) -> None:
    mute(front)
    front.keeper.look()
    told = front.take("ready", words=["alexa"], spotters={}, notes=[], sandbox={"holds": "none", "why": ""})
    front.answer(mute_file.CLOSED)
    told += front.keeper.look()
    assert lights(told) == [("muted", True)]


def test_it_follows_the_ear_and_tells_each_change_once(front: Front) -> None:
    assert lights(front.listen()) == [("idle", False)]
    told = [front.take("phase", phase=phase) for phase in ("listening", "listening", "thinking", "idle", "idle")]
    assert [lights(events) for events in told] == [
        [("listening", False)], [], [("thinking", False)], [("idle", False)], [],
    ]  # fmt: skip
    front.take("phase", phase="listening")
    assert state.snapshot().led == "listening"


def test_it_says_muted_once_the_microphone_is_closed(front: Front) -> None:
    front.listen()
    front.take("phase", phase="listening")
    mute(front)
    assert lights(front.keeper.look()) == [("listening", True)], "it is to be closed, and is still open"
    front.answer(mute_file.CLOSED)
    [event] = front.keeper.look()
    assert event == {"type": "state", "state": "muted", "muted": True, "by": "a test"}
    assert state.snapshot().led == "muted"


def test_it_says_muted_until_the_microphone_is_open_again(front: Front) -> None:
    front.listen()
    mute(front)
    front.answer(mute_file.CLOSED)
    front.keeper.look()
    mute(front, False)
    front.answer(mute_file.WAITING)
    assert lights(front.keeper.look()) == []
    front.answer(mute_file.OPEN)
    assert lights(front.said("opened", device="a mic")) == [("idle", False)]


def test_a_muted_microphone_waits_for_the_store_to_say_by_whom(front: Front) -> None:
    front.listen()
    mute_file.order(front.presence.lock, True)
    front.answer(mute_file.CLOSED)
    assert front.keeper.look() == []
    mute(front)
    assert [event["by"] for event in front.keeper.look()] == ["a test"]


def test_a_mute_that_a_full_disk_has_no_room_for_shows_all_the_same(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.listen()
    mute_file.order(front.presence.lock, True)
    front.answer(mute_file.CLOSED)
    now = time.monotonic()
    monkeypatch.setattr(led.time, "monotonic", lambda: now)
    assert front.keeper.look() == []
    now += led.PATIENCE_S + 0.01
    assert lights(front.keeper.look()) == [("muted", True)]


def test_a_pipe_is_muted_when_what_comes_is_dropped(fronts: Callable[..., Front]) -> None:
    front = fronts(input="-")
    front.take("ready", words=["alexa"], spotters={}, notes=[], sandbox={"holds": "none", "why": ""})
    front.answer(mute_file.OPEN)
    front.said("opened", device="standard input")
    mute(front)
    front.answer(mute_file.DROPPED)
    assert lights(front.keeper.look()) == [("muted", True)]
    assert state.snapshot().mic == "dropped"


def test_a_file_is_not_muted(fronts: Callable[..., Front]) -> None:
    front = fronts(input="x.wav")
    mute(front)
    front.keeper.look()
    front.answer(mute_file.NONE)
    front.said("opened", device="x.wav")
    told = front.take("ready", words=["alexa"], spotters={}, notes=[], sandbox={"holds": "none", "why": ""})
    assert lights(told) == [("idle", True)]
    assert lights(front.take("phase", phase="listening")) == [("listening", True)]


def test_a_row_that_another_program_wrote_is_shown_by_whom(front: Front) -> None:
    front.listen()
    with db.session(paths.database()) as other, db.immediate(other):
        other.execute("UPDATE state SET muted = 1, muted_by = 'a program'")
    front.keeper.look()
    assert mute_file.wanted(front.presence.lock)
    front.answer(mute_file.CLOSED)
    assert [event["by"] for event in front.keeper.look()] == ["a program"]


def test_a_dead_ear_listens_to_nobody(front: Front) -> None:
    front.listen()
    front.take("phase", phase="listening")
    assert lights(front.keeper.ear_died()) == [("error", False)]
    assert front.take("ready", words=["alexa"], spotters={}, notes=[], sandbox={"holds": "none", "why": ""}) == []
    assert lights(front.said("opened", device="a mic")) == [("idle", False)]


def test_the_next_ear_is_ready_once_its_own_microphone_is_open(front: Front) -> None:
    front.listen()
    front.presence.gone()
    front.keeper.ear_died()
    told = front.take("ready", words=["alexa"], spotters={}, notes=[], sandbox={"holds": "none", "why": ""})
    assert told == []
    front.answer(mute_file.OPEN)
    assert lights(front.said("opened", device="a mic")) == [("idle", False)]


def test_a_lost_microphone_shows_and_is_back(front: Front) -> None:
    front.listen()
    assert lights(front.said("lost", device="a mic", reason="ended")) == [("error", False)]
    front.take("phase", phase="idle")
    assert state.snapshot().led == "error"
    assert lights(front.said("opened", device="a mic")) == [("idle", False)]


def test_a_microphone_that_is_lost_and_muted_is_muted(front: Front) -> None:
    front.listen()
    front.said("lost", device="a mic", reason="ended")
    mute(front)
    front.answer(mute_file.CLOSED)
    assert lights(front.keeper.look())[-1] == ("muted", True)
