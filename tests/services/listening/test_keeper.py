"""What a front makes of its ear's events; the store is a real one."""

import contextlib
import json
from collections.abc import Callable

import pytest

from echoctl import paths
from echoctl.errors import StoreError
from echoctl.model.speech import Selection
from echoctl.services import mute_file, state
from echoctl.services.protocol.checks import Violation
from echoctl.services.purging import guests, purge, rotation
from echoctl.services.purging.guests import CheckIn
from echoctl.store import recordings
from echoctl.store.database import db
from tests.heard import MORNING_MS, nobody
from tests.services.listening.keeping import SANDBOX, Event, Front
from tests.services.purging.stored import listed, rows

Fronts = Callable[..., Front]


def kinds(told: list[Event]) -> list[str]:
    return [event.get("what", event["type"]) for event in told]


def test_a_request_is_stored_and_then_announced(front: Front) -> None:
    front.listen()
    front.take("wake", t=1.0, word="alexa", scores={"spotter": 0.9})
    told = front.take("request", **front.request("turn on the light"))
    [(uid, text)] = listed().items()
    assert text == "turn on the light"
    assert kinds(told) == ["transcript", "recording"]
    transcript, recording = told
    assert (transcript["id"], transcript["text"], transcript["words"][0]["text"]) == (uid, "turn on the light", "so")
    assert (recording["id"], recording["room"], recording["wake_word"]) == (uid, "kitchen", "alexa")
    assert front.answers() == [("stored", 1)]
    assert rows("SELECT word, recording FROM detection") == [("alexa", 1)]
    front.take("phase", phase="idle")
    assert state.snapshot().counters["wakes"] == state.snapshot().counters["recordings"] == 1


def test_nothing_is_announced_before_it_is_on_the_disk(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = front.keeper._order

    def order(kind: str, **fields: object) -> None:
        seen.append(len(rows("SELECT id FROM recording")))
        real(kind, **fields)

    front.keeper._order = order
    front.take("request", **front.request())
    assert seen == [1]


def test_requests_share_an_epoch_and_detections_go_to_their_own(front: Front) -> None:
    front.take("wake", t=1.0, word="alexa", scores={})
    front.take("request", **front.request("one"))
    front.take("request", **front.request("two", MORNING_MS + 1, word=""))
    assert rows("SELECT epoch, seq FROM recording ORDER BY id") == [(1, 0), (1, 1)]
    assert rows("SELECT recording FROM detection") == [(1,)], "the second began without a word"


def test_a_wake_that_came_to_nothing_is_linked_to_nothing(front: Front) -> None:
    front.take("wake", t=1.0, word="alexa", scores={})
    front.take("phase", phase="listening")
    front.take("phase", phase="idle")
    front.take("request", **front.request(word=""))
    assert rows("SELECT recording FROM detection") == [(None,)]


def test_a_near_miss_is_counted_and_its_word_alone_is_kept(front: Front) -> None:
    assert kinds(front.take("near_miss", word="alexa", t=1.0, scores={"spotter": 0.2})) == ["near_miss"]
    assert state.snapshot().counters["near_misses"] == 1
    data = [json.loads(str(data)) for (data,) in rows("SELECT data FROM event WHERE kind = 'near_miss'")]
    assert data == [{"word": "alexa", "room": "kitchen"}]


def test_nothing_to_be_kept_is_answered_and_not_stored(fronts: Fronts) -> None:
    front = fronts(keep=False)
    assert front.to["recipient"] is None
    front.take("wake", t=1.0, word="alexa", scores={})
    front.take("near_miss", word="alexa", t=1.0, scores={})
    told = front.take("request", **front.request())
    assert kinds(told) == ["transcript"] and told[0]["id"] is None
    assert front.answers() == [("stored", 1)]
    assert rows("SELECT (SELECT count(*) FROM recording) + (SELECT count(*) FROM detection)") == [(0,)]
    assert rows("SELECT count(*) FROM event WHERE kind IN ('wake', 'near_miss', 'recording', 'device')") == [(0,)]


def test_what_was_sealed_before_a_rotation_is_sealed_once_more(front: Front) -> None:
    front.take("request", **front.request("before"))
    late = front.request("between", MORNING_MS + 1)
    rotation.rotate(nobody)
    assert front.take("request", **late) == []
    again = front.orders[-1]
    assert (again["type"], again["number"], again["to"]["serial"]) == ("again", 2, 2)
    assert again["to"]["recipient"] != front.to["recipient"]
    assert list(listed().values()) == ["before"]
    front.to = again["to"]
    front.sealer.leave()
    front.take("request", **front.request("between", MORNING_MS + 1))
    assert front.answers()[-1] == ("stored", 3)
    assert sorted(map(str, listed().values())) == ["before", "between"]


def test_a_request_under_an_older_word_is_sealed_once_more(front: Front) -> None:
    front.keeper.address()
    assert front.take("request", **front.request()) == []
    assert front.orders[-1]["type"] == "again" and front.orders[-1]["to"]["serial"] == 3
    assert listed() == {}


def test_an_epoch_that_a_purge_took_is_left(front: Front) -> None:
    front.take("request", **front.request("gone"))
    purge.run(purge.plan(Selection(all=True)))
    assert front.take("request", **front.request("two", MORNING_MS + 1)) == []
    assert front.answers() == [("stored", 1), ("again", 2)]


def test_the_ear_is_told_of_a_new_recipient_when_the_store_changes(front: Front) -> None:
    front.keeper.look()
    assert front.orders == []
    rotation.rotate(nobody)
    front.keeper.look()
    [order] = front.orders
    assert (order["type"], order["to"]["serial"]) == ("address", 2)
    assert order["to"]["recipient"] != front.to["recipient"]
    front.keeper.look()
    assert len(front.orders) == 1


def test_nothing_is_kept_of_a_guest_who_is_not_stored(front: Front) -> None:
    guests.check_in(CheckIn("Ann", stored=False))
    front.keeper.look()
    assert front.orders[-1]["to"]["recipient"] is None
    sealed = front.request("sealed before she came")
    front.to = front.orders[-1]["to"]
    assert front.take("request", **sealed) == []
    assert front.answers() == [("again", 1)] and front.orders[-1]["to"]["recipient"] is None
    front.to = front.orders[-1]["to"]
    front.take("wake", t=1.0, word="alexa", scores={})
    assert kinds(front.take("request", **front.request())) == ["transcript"]
    assert rows("SELECT (SELECT count(*) FROM recording) + (SELECT count(*) FROM detection)") == [(0,)]
    assert rows("SELECT count(*) FROM event WHERE kind IN ('wake', 'recording')") == [(0,)]


def test_what_a_guest_says_is_hers(front: Front) -> None:
    guests.check_in(CheckIn("Ann", room="guest room"))
    front.keeper.look()
    front.to = front.orders[-1]["to"]
    front.take("request", **front.request("hers"))
    assert rows("SELECT room, guest FROM recording") == [("guest room", 1)]


def test_what_was_begun_before_a_check_out_is_not_kept_after_it(front: Front) -> None:
    guests.check_in(CheckIn("Ann"))
    front.keeper.look()
    front.take("wake", t=1.0, word="alexa", scores={})
    guests.check_out("Ann")
    front.keeper.look()
    front.to = front.orders[-1]["to"]
    told = front.take("request", **front.request())
    assert kinds(told) == ["transcript"] and told[0]["id"] is None
    assert listed() == {}


def full(*what: object, **more: object) -> None:
    raise db.StoreFull("the disk is full", "free some space")


def test_a_microphone_outlives_a_full_disk(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.listen()
    with monkeypatch.context() as patch:
        patch.setattr(recordings, "insert_detection", full)
        patch.setattr(recordings, "insert", full)
        told = front.take("wake", t=1.0, word="alexa", scores={})
        assert kinds(told)[:2] == ["error", "wake"]
        front.take("phase", phase="listening")
        told = front.take("request", **front.request("lost"))
        assert (told[0]["type"], told[0]["message"]) == ("error", "the disk is full")
        assert "transcript" not in kinds(told)
        assert front.answers() == [("failed", 1)]
        assert [event["state"] for event in front.take("phase", phase="idle")] == ["error"]
    front.sealer.leave()
    told = front.take("request", **front.request("kept", MORNING_MS + 1))
    assert kinds(told) == ["transcript", "recording", "state"] and told[2]["state"] == "idle"
    assert list(listed().values()) == ["kept"]


@pytest.mark.parametrize("spec", [{"input": "x.wav"}, {"once": True}])
def test_what_has_no_next_request_ends_at_a_full_disk(
    fronts: Fronts, monkeypatch: pytest.MonkeyPatch, spec: dict[str, object]
) -> None:
    front = fronts(**spec)
    monkeypatch.setattr(recordings, "insert", full)
    with pytest.raises(StoreError):
        front.take("request", **front.request())
    assert front.answers() == [("failed", 1)]


HOSTILE: dict[str, Callable[[Event, Front], Event]] = {
    "a word that is not listened for": lambda r, f: {**r, "word": "what was said in the room"},
    "a root in the middle": lambda r, f: {**r, "record": {**r["record"], "seq": 1}},
    "no root at the beginning": lambda r, f: {**r, "record": {**r["record"], "root": ""}},
    "an id of another time": lambda r, f: {**r, "at_ms": r["at_ms"] + 1},
    "no id at all": lambda r, f: {**r, "id": ""},
    "an id that is none": lambda r, f: {**r, "id": "_" * 26},
    "a recording without its record": lambda r, f: {**r, "record": None},
    "a record without text": lambda r, f: {**r, "record": {**r["record"], "text": None}},
    "a record without sound": lambda r, f: {**r, "record": {**r["record"], "chunks": []}},
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_request_writes_nothing(front: Front, hostile: Callable[[Event, Front], Event]) -> None:
    front.take("request", **front.request("good"))
    front.sealer.leave()
    request = hostile(front.request("evil", MORNING_MS + 5), front)
    with pytest.raises(Violation):
        front.take("request", **request)
    assert list(listed().values()) == ["good"]
    assert rows("SELECT count(*) FROM epoch") == [(1,)]
    assert front.answers() == [("stored", 1)]


@pytest.mark.parametrize("store", ["times", "transcript", "audio"])
def test_a_record_with_more_than_its_mode_keeps_writes_nothing(fronts: Fronts, store: str) -> None:
    both = fronts()
    evil = both.request()
    both.close()
    with pytest.raises(Violation):
        fronts(store=store).take("request", **evil)
    assert rows("SELECT count(*) FROM recording") == [(0,)]


@pytest.mark.parametrize("seq", [1, 5, 255])
def test_a_number_out_of_turn_is_not_written(front: Front, seq: int) -> None:
    front.take("request", **front.request("good"))
    request = front.request("evil", MORNING_MS + 1)
    if seq == request["record"]["seq"]:
        request["record"]["epoch"] = "A" * len(request["record"]["epoch"][:-2]) + "=="
    request["record"]["seq"] = seq
    assert front.take("request", **request) == []
    assert front.answers() == [("stored", 1), ("again", 2)]
    assert list(listed().values()) == ["good"]


def test_a_slot_is_written_once(front: Front) -> None:
    first, second = front.request("good"), front.request("evil", MORNING_MS + 1)
    front.take("request", **first)
    front.take("request", **second)
    third = front.request("worse", MORNING_MS + 2)
    third["record"]["seq"] = 1
    assert front.take("request", **third) == []
    assert front.answers()[-1] == ("again", 3)


def test_ids_of_recordings_that_are_there_are_not_written_over(front: Front) -> None:
    first = front.request("good")
    front.take("request", **first)
    evil = {**front.request("evil", MORNING_MS), "id": first["id"]}
    with contextlib.suppress(Violation, StoreError):
        front.take("request", **evil)
    assert listed() == {first["id"]: "good"}
    assert rows("SELECT count(*) FROM recording") == [(1,)]


def test_an_id_with_letters_that_no_id_has_is_refused(front: Front) -> None:
    with pytest.raises(Violation):
        front.take("request", **front.request(id="I" + "0" * 24 + "1"))


@pytest.mark.parametrize("kind", ["wake", "near_miss"])
def test_a_word_that_is_not_listened_for_is_not_written_down(front: Front, kind: str) -> None:
    with contextlib.suppress(Violation):
        front.take(kind, t=1.0, word="what was said in the room", scores={})
    with db.session(paths.database()) as connection:
        assert "what was said" not in "".join(connection.iterdump())


def test_the_names_of_scores_carry_no_text_into_the_store(front: Front) -> None:
    with contextlib.suppress(Violation):
        front.take("wake", t=1.0, word="alexa", scores={"what was said in the room": 1})
        front.take("request", **front.request(scores={"what was said in the room": 1}))
    with db.session(paths.database()) as connection:
        assert "what was said" not in "".join(connection.iterdump())


def test_what_was_said_is_in_no_file(front: Front) -> None:
    front.listen()
    front.take("wake", t=1.0, word="alexa", scores={})
    front.take("partial", text="xylophone")
    front.take("request", **front.request("xylophone canary"))
    with db.session(paths.database()) as connection:
        assert "xylophone" not in "".join(connection.iterdump())


def test_levels_and_partials_go_through(front: Front) -> None:
    assert front.take("partial", text="so be") == [{"type": "partial", "text": "so be"}]
    assert front.take("level", level=0.5, score=None, threshold=None) == [{"type": "level", "level": 0.5}]
    assert front.take("level", level=0, score=0.1, threshold=0.5) == [
        {"type": "level", "level": 0, "score": 0.1, "threshold": 0.5}
    ]


def test_an_error_is_told_without_what_is_between_ear_and_front(front: Front) -> None:
    assert front.take("error", code=4, message="m", hint="h", fatal=False) == [
        {"type": "error", "code": 4, "message": "m", "hint": "h"}
    ]


def test_the_store_holds_what_the_sandboxes_hold(front: Front) -> None:
    front.listen()
    front.answer(mute_file.OPEN)
    now = state.snapshot()
    assert (now.sandbox, now.mic_sandbox, now.ear_pid, now.mic_pid) == (SANDBOX["holds"], SANDBOX["holds"], 111, 222)
    assert (now.device, now.mic, now.led) == ("a mic", "open", "idle")
