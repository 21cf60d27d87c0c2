"""What the front and the microphone say to an ear."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from echoctl.errors import EchoctlError
from echoctl.model.speech import SAMPLE_RATE
from echoctl.services.ear import ear as module
from tests.services.ear.stage import LOUD, Spotter, Stage, somebody, sound, stored, to

REQUEST = sound((2, 0), (1, LOUD), (2, 0))
TWO = sound((2, 0), (1, LOUD), (3, 0), (1, LOUD), (2, 0))


def kept_s(stage: Stage) -> float:
    return len(stage.ring.tail(10)) / 2 / SAMPLE_RATE


def test_requests_that_are_stored_share_an_epoch() -> None:
    stage = Stage(TWO, Spotter([2.0, 6.4]))
    stage.ear.run()
    first, second = stage.requests
    assert (first["number"], second["number"]) == (1, 2)
    assert first["record"]["epoch"] == second["record"]["epoch"]
    assert [first["record"]["seq"], second["record"]["seq"]] == [0, 1]
    assert first["record"]["root"] and not second["record"]["root"]
    assert first["serial"] == second["serial"] == 1


def test_again_seals_once_more_in_a_new_epoch_for_the_new_recipient() -> None:
    stage = Stage(REQUEST, Spotter([2.0]))
    other = somebody()

    def again(request: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        return [{"type": "again", "number": request["number"], "to": to(other, 2)}]

    stage.pipe.answers = [again]
    stage.ear.run()
    first, second = stage.requests
    assert (first["serial"], second["serial"]) == (1, 2)
    assert stage.sealer._recipient == other
    assert first["record"]["epoch"] != second["record"]["epoch"]
    assert (second["record"]["seq"], bool(second["record"]["root"])) == (0, True)
    assert stage.sealer.sounds[0] == stage.sealer.sounds[1] != b""
    assert (first["at_ms"], first["text"]) == (second["at_ms"], second["text"])
    assert stage.pipe.kinds()[-1] == "idle"


def test_again_for_the_same_recipient_is_a_new_epoch_as_well() -> None:
    stage = Stage(REQUEST, Spotter([2.0]))
    stage.pipe.answers = [
        lambda request: [{"type": "again", "number": request["number"], "to": to(stage.recipient, 2)}]
    ]
    stage.ear.run()
    first, second = stage.requests
    assert first["record"]["epoch"] != second["record"]["epoch"]


def test_again_for_nobody_says_what_was_heard_and_seals_nothing() -> None:
    stage = Stage(REQUEST, Spotter([2.0]))
    stage.pipe.answers = [lambda request: [{"type": "again", "number": request["number"], "to": to(None, 2)}]]
    stage.ear.run()
    assert [bool(request["record"]) for request in stage.requests] == [True, False]


@pytest.mark.parametrize("answers", [[{"type": "failed", "number": 1}], []])
def test_a_request_that_failed_or_was_not_answered_leaves_its_epoch(answers: list[dict[str, Any]]) -> None:
    stage = Stage(TWO, Spotter([2.0, 6.4]))
    stage.pipe.answers = [lambda request: answers]
    stage.ear.run()
    first, second = stage.requests
    assert first["record"]["epoch"] != second["record"]["epoch"]
    assert (second["record"]["seq"], bool(second["record"]["root"])) == (0, True)
    assert stage.inlet.waits == ([] if answers else [module.ANSWER_S])


def test_an_answer_that_comes_too_late_is_none_to_the_next_request() -> None:
    stage = Stage(TWO, Spotter([2.0, 6.4]))
    late = {"type": "again", "number": 1, "to": to(somebody(), 9)}
    stage.pipe.answers = [
        lambda request: [],
        lambda request: [late, {"type": "stored", "number": request["number"]}],
    ]
    stage.ear.run()
    assert [request["number"] for request in stage.requests] == [1, 2]
    assert stage.ear._serial == 1


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    stage = Stage(REQUEST, Spotter([2.0]))
    stage.order("again", number=7, to=to(somebody(), 9))
    stage.ear.run()
    assert [request["serial"] for request in stage.requests] == [1]


def test_an_address_holds_from_the_next_request_on() -> None:
    stage = Stage(TWO, Spotter([2.0, 6.4]))
    other = somebody()
    stage.at(5.0, lambda: stage.order("address", to=to(other, 2)))
    stage.ear.run()
    first, second = stage.requests
    assert (first["serial"], second["serial"]) == (1, 2)
    assert first["record"]["epoch"] != second["record"]["epoch"]
    assert stage.sealer._recipient == other


@pytest.mark.parametrize("who", ["front", "microphone"])
def test_a_mute_wipes_ring_request_and_what_is_on_its_way(who: str) -> None:
    stage = Stage(sound((2, 0), (4, LOUD)), Spotter([2.0]))
    held: list[bytearray] = []
    seen: list[tuple[float, int]] = []

    def mute() -> None:
        assert stage.ear._utterance is not None
        held.append(stage.ear._utterance.pcm)
        stage.order("push")
        stage.order("forget") if who == "front" else stage.say("muted")

    stage.at(3.04, mute)
    stage.at(3.12, lambda: seen.append((kept_s(stage), stage.inlet.drained)))
    stage.ear.run()
    assert not held[0] and stage.requests == [] and stage.sealer.sounds == []
    assert seen == [(pytest.approx(0.08), 1)], "nothing is left but what came since"
    assert stage.pipe.kinds()[:4] == ["ready", "wake", "listening", "idle"]
    assert stage.spotter.resets and stage.typist.fed == b""
    assert [said["said"] for said in stage.pipe.of("microphone")] == ([] if who == "front" else [{"type": "muted"}])


def test_a_push_before_a_mute_begins_nothing_after_it() -> None:
    stage = Stage(sound((4, LOUD)), Spotter([]))
    stage.at(1.0, lambda: (stage.order("push"), stage.order("forget")))
    stage.ear.run()
    assert stage.pipe.kinds() == ["ready"]


@pytest.mark.parametrize("who", ["front", "microphone"])
def test_a_lost_microphone_ends_the_request_and_keeps_what_was_said(who: str) -> None:
    stage = Stage(sound((2, 0), (4, LOUD), (2, 0)), Spotter([2.0]))
    lost = {"device": "a mic", "reason": "ended"}
    stage.at(3.5, lambda: stage.order("lost") if who == "front" else stage.say("lost", **lost))
    stage.ear.run()
    (request,) = stage.requests
    assert request["duration_ms"] == pytest.approx(1500 + 600 + 500, abs=90)
    kinds = ["ready", "wake", "listening", "thinking", "request", "idle"]
    assert stage.pipe.kinds() == (kinds if who == "front" else [*kinds, "microphone"])


def test_a_lost_microphone_after_the_wake_word_alone_is_no_request() -> None:
    stage = Stage(sound((4, 0)), Spotter([2.0]))
    stage.at(2.5, lambda: stage.order("lost"))
    stage.ear.run()
    assert stage.requests == []
    assert stage.pipe.kinds() == ["ready", "wake", "listening", "idle"]


@pytest.mark.parametrize("said", [{"type": "gap", "dropped_ms": 80}, {"type": "opened", "device": "a mic"}])
def test_sound_before_a_gap_is_not_heard_with_sound_after_it(said: dict[str, Any]) -> None:
    stage = Stage(sound((3, LOUD)), Spotter([]))
    lengths: list[float] = []
    stage.at(1.0, lambda: stage.say(**{"kind": said["type"], **{k: v for k, v in said.items() if k != "type"}}))
    stage.at(2.0, lambda: lengths.append(kept_s(stage)))
    stage.ear.run()
    assert lengths == [pytest.approx(1.0, abs=0.1)]
    assert stage.spotter.resets and [line["said"] for line in stage.pipe.of("microphone")] == [said]


def test_what_happens_to_the_device_is_handed_on() -> None:
    stage = Stage(sound((1, 0)), Spotter([]))
    stage.say("health", overflows=1, dropped_ms=2, lag_ms=3)
    stage.ear.run()
    assert stage.pipe.sent[1] == {
        "type": "microphone",
        "said": {"type": "health", "overflows": 1, "dropped_ms": 2, "lag_ms": 3},
    }
    assert not stage.spotter.resets


def test_a_push_begins_a_request_without_a_word() -> None:
    stage = Stage(sound((2, 0), (2, LOUD), (2, 0)), Spotter([]))
    stage.at(2.0, lambda: stage.order("push"))
    stage.ear.run()
    assert [request["word"] for request in stage.requests] == [""]
    assert "wake" not in stage.pipe.kinds()


@pytest.mark.parametrize(("waited_s", "begins"), [(0.9, 1), (1.1, 0)])
def test_a_push_waits_a_second_for_a_microphone_to_open(waited_s: float, begins: int) -> None:
    stage = Stage(sound((2, LOUD), (2, 0)), Spotter([]))
    stage.order("push")
    stage.order("a moment")

    def wait() -> None:
        stage.clock.now_s += waited_s
        stage.say("opened", device="a mic")

    stage.inlet.actions[0] = wait
    stage.ear.run()
    assert stage.pipe.kinds().count("listening") == begins


def test_a_push_within_a_request_begins_no_other_one() -> None:
    stage = Stage(sound((2, 0), (1, LOUD), (6, 0)), Spotter([2.0]))
    stage.at(3.2, lambda: stage.order("push"))
    ends: list[float] = []
    stage.pipe.answers = [lambda request: (ends.append(stage.clock.now_s), stored(request))[1]]
    stage.ear.run()
    assert stage.pipe.kinds().count("listening") == 1
    assert 3.2 < ends[0] < 3.2 + module.PUSH_S, "it would still be waited for when the request is over"


def test_stop_keeps_what_was_said_and_hears_no_more() -> None:
    stage = Stage(sound((2, 0), (8, LOUD)), Spotter([2.0]))
    stage.at(4.0, lambda: stage.order("stop"))
    stage.ear.run()
    (request,) = stage.requests
    assert request["duration_ms"] == pytest.approx(2000 + 600 + 500, abs=90)
    assert len(stage.inlet.frames) > 50


def test_the_microphones_error_is_the_ears() -> None:
    stage = Stage(sound((1, 0)), Spotter([]))
    stage.say("error", code=4, message="no microphone", hint="plug one in")
    with pytest.raises(EchoctlError) as caught:
        stage.ear.run()
    assert (caught.value.exit_code, caught.value.message, caught.value.hint) == (4, "no microphone", "plug one in")
    assert stage.pipe.kinds() == ["ready"]
