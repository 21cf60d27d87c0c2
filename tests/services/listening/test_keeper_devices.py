"""What a front makes of what the microphone says: when it is ready, what is lost, and when it is back."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from echoctl.services import mute_file, state
from echoctl.services.listening import keeper as module
from tests.services.listening.keeping import SANDBOX, Event, Front
from tests.services.purging.stored import rows

Fronts = Callable[..., Front]


def devices(told: list[Event]) -> list[Event]:
    return [{name: event[name] for name in event if name != "type"} for event in told if event["type"] == "device"]


def logged() -> list[Event]:
    return [json.loads(str(data)) for (data,) in rows("SELECT data FROM event WHERE kind = 'device' ORDER BY seq")]


def ready(front: Front) -> list[Event]:
    return front.take("ready", words=["alexa"], spotters={"alexa": "a fake"}, notes=["a note"], sandbox=SANDBOX)


def test_ready_is_told_once_the_microphone_is_open(front: Front) -> None:
    assert ready(front) == []
    assert front.keeper.look() == []
    front.said("sandbox", sandbox={"holds": "none", "why": "another"})
    front.answer(mute_file.OPEN)
    told = front.said("opened", device="a mic")
    assert [event["type"] for event in told] == ["ready", "state"]
    holds = {**SANDBOX, "sent_bytes": None, "microphone": {"holds": "none", "why": "another"}}
    assert told[0] == {
        "type": "ready", "words": ["alexa"], "spotters": {"alexa": "a fake"}, "notes": ["a note"], "device": "a mic",
        "store": "both", "room": "kitchen", "sandbox": holds, "seal": holds,
    }  # fmt: skip
    assert "ready" not in [event["type"] for event in front.said("opened", device="a mic")]


def test_ready_is_told_of_an_ear_that_takes_longer_than_the_microphone(front: Front) -> None:
    assert front.said("opened", device="a mic") == []
    assert [event["type"] for event in ready(front)] == ["ready", "state"]


def test_muted_it_is_ready_without_a_microphone(front: Front) -> None:
    state._write_muted(True, "a test")
    front.keeper.look()
    front.answer(mute_file.CLOSED)
    told = ready(front)
    assert [event["type"] for event in told] == ["ready", "state"]
    assert (told[0]["device"], told[1]["state"]) == ("", "muted")


def test_a_mute_while_it_starts_makes_it_ready(front: Front) -> None:
    ready(front)
    state._write_muted(True, "a test")
    front.answer(mute_file.CLOSED)
    assert [event["type"] for event in front.keeper.look()] == ["ready", "state"]


def test_a_file_is_named_when_it_is_ready_though_the_store_is_muted(fronts: Fronts) -> None:
    state._write_muted(True, "a test")
    front = fronts(input="x.wav")
    told = [*ready(front), *front.said("opened", device="x.wav")]
    assert [event["device"] for event in told if event["type"] == "ready"] == ["x.wav"]


def test_nothing_is_stored_is_said(fronts: Fronts) -> None:
    front = fronts(keep=False)
    assert front.listen()[0]["store"] == "none"


def test_lost_and_back_with_how_long_it_was_gone(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.listen()
    lost = {"what": "lost", "device": "a mic", "reason": "stalled"}
    assert devices(front.said("lost", device="a mic", reason="stalled")) == [lost]
    since = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: since + 2.5)
    [back] = devices(front.said("opened", device="a mic"))
    assert back == {"what": "back", "device": "a mic", "gone_ms": pytest.approx(2500, abs=200)}
    assert logged() == [lost, back]
    assert devices(front.said("opened", device="a mic")) == []


def test_a_loss_is_told_once_whoever_says_so(front: Front) -> None:
    front.listen()
    assert devices(front.said("lost", device="a mic", reason="ended"))
    assert devices(front.keeper.microphone_died()) == []
    front.said("opened", device="a mic")
    assert devices(front.keeper.microphone_died()) == [{"what": "lost", "device": "a mic", "reason": "ended"}]


def test_a_microphone_that_does_not_open_again_is_a_loss(front: Front) -> None:
    front.listen()
    told = devices(front.said("retrying", device="a mic", message="cannot open it"))
    assert told == [
        {"what": "lost", "device": "a mic", "reason": "failed"},
        {"what": "retrying", "device": "a mic", "message": "cannot open it"},
    ]
    told = devices(front.said("retrying", device="a mic", message="there is none"))
    assert [event["what"] for event in told] == ["retrying"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("rate", {"device": "a mic", "stated": 48000, "measured": 44100}),
        ("silent", {"device": "a mic", "seconds": 10.0}),
        ("sound", {"device": "a mic", "seconds": 0.0}),
    ],
)
def test_what_is_odd_is_told_and_logged(front: Front, kind: str, fields: dict[str, Any]) -> None:
    front.listen()
    assert devices(front.said(kind, **fields)) == [{"what": kind, **fields}] == logged()


def test_a_mute_and_a_gap_are_no_events_of_the_device(front: Front) -> None:
    front.listen()
    assert front.said("muted") == front.said("gap", dropped_ms=80) == []
    assert logged() == []


def test_nothing_is_logged_where_nothing_is_kept(fronts: Fronts) -> None:
    front = fronts(keep=False)
    front.listen()
    assert devices(front.said("lost", device="a mic", reason="ended"))
    assert logged() == []


def test_the_health_of_the_source_is_counted_with_its_worst_lag(front: Front) -> None:
    front.listen()
    front.said("health", overflows=1, dropped_ms=80, lag_ms=500)
    front.said("health", overflows=2, dropped_ms=160, lag_ms=10)
    front.take("phase", phase="listening")
    counters = state.snapshot().counters
    assert (counters["overflows"], counters["dropped_ms"], counters["lag_ms"]) == (2, 160, 500)


def test_the_counters_live_through_a_mute(front: Front) -> None:
    front.listen()
    front.said("health", overflows=3, dropped_ms=1000, lag_ms=0)
    front.said("muted")
    front.said("opened", device="a mic")  # by another process
    front.said("health", overflows=0, dropped_ms=80, lag_ms=0)
    front.take("phase", phase="listening")
    counters = state.snapshot().counters
    assert (counters["overflows"], counters["dropped_ms"]) == (3, 1080)


def test_a_push_hurries_the_microphone_until_it_is_forgotten(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.listen()
    lock = front.presence.lock
    front.keeper.pushed()
    front.keeper.look()
    assert mute_file.in_hurry(lock)
    monkeypatch.setattr(module, "PUSHED_S", 0.0)
    front.keeper.pushed()
    time.sleep(0.01)
    front.keeper.look()
    assert not mute_file.in_hurry(lock)


def test_a_request_hurries_the_microphone_to_its_end(front: Front) -> None:
    front.listen()
    lock = front.presence.lock
    for phase, wanted in (("listening", True), ("thinking", False), ("idle", False)):
        front.take("phase", phase=phase)
        front.keeper.look()
        assert mute_file.in_hurry(lock) is wanted
