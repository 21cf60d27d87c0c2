import pytest

from echoctl.model.speech import SAMPLE_RATE
from echoctl.services.ear import ear as module
from tests.services.ear.stage import LOUD, Spotter, Stage, sound


def test_one_breath_loses_no_sample() -> None:
    pcm = sound((3, 0), (3, LOUD), (2, 0))
    stage = Stage(pcm, Spotter([4.0]))
    stage.ear.run()
    (kept,) = stage.sealer.sounds
    start = round((4.0 - 0.6 - 0.5) * SAMPLE_RATE) * 2
    assert kept == pcm[start : start + len(kept)]
    assert len(kept) / 2 / SAMPLE_RATE == pytest.approx(6 + 0.5 - 2.9, abs=0.09)
    (request,) = stage.requests
    assert (request["word"], request["text"], request["scores"]) == ("alexa", "so be it", {"spotter": 0.9})
    assert request["duration_ms"] == len(kept) // 32


def test_the_transcript_begins_at_the_end_of_the_wake_word() -> None:
    pcm = sound((3, 0), (3, LOUD), (2, 0))
    stage = Stage(pcm, Spotter([4.0]))
    stage.ear.run()
    words = stage.typist.fed.lstrip(b"\0")
    start = round((4.0 - 0.1 - module.OVERLAP_S) * SAMPLE_RATE) * 2
    assert words[:2000] == pcm[start:].lstrip(b"\0")[:2000]


def test_it_is_ready_for_words_as_they_are_spotted() -> None:
    spotter = Spotter([])
    spotter.description = {"alexa": "a fake", "computer": "another"}
    stage = Stage(sound((1, 0)), spotter, words=("computer", "  Alexa", "Computer"))
    stage.ear.run()
    ready = stage.pipe.sent[0]
    assert ready["words"] == ["computer", "alexa"], "in the order in which they were given"
    assert set(ready["spotters"]) == {"alexa", "computer"}
    assert ready["sandbox"] == {"holds": "full", "why": ""}


def test_a_wake_word_and_then_nothing_stores_nothing() -> None:
    stage = Stage(sound((12, 0)), Spotter([2.0]))
    stage.ear.run()
    assert stage.sealer.sounds == []
    assert stage.pipe.kinds() == ["ready", "wake", "listening", "idle"]


def test_the_wake_word_said_again_is_speech_itself() -> None:
    stage = Stage(sound((4.0, 0), (3, LOUD), (2, 0)), Spotter([2.0, 4.72]))
    stage.ear.run()
    assert [wake["t"] for wake in stage.pipe.of("wake")] == pytest.approx([2.0, 4.72], abs=0.05)


def test_the_wake_word_said_again_before_anything_else_begins_anew() -> None:
    pcm = sound((4.6, 0), (1, LOUD), (2, 0))
    stage = Stage(pcm, Spotter([2.0, 4.5]))
    stage.ear.run()
    assert [wake["t"] for wake in stage.pipe.of("wake")] == pytest.approx([2.0, 4.5], abs=0.05)
    (kept,) = stage.sealer.sounds
    start = round((round(4.5 / 0.08) * 0.08 - 0.6 - 0.5) * SAMPLE_RATE) * 2
    assert kept == pcm[start : start + len(kept)]


def test_the_wake_word_within_a_request_belongs_to_it() -> None:
    stage = Stage(sound((2, 0), (4, LOUD)), Spotter([2.0, 3.44]))
    stage.ear.run()
    assert len(stage.pipe.of("wake")) == len(stage.requests) == 1


def test_the_end_of_the_sound_keeps_what_was_said() -> None:
    stage = Stage(sound((2, 0), (1, LOUD)), Spotter([2.0]))
    stage.ear.run()
    assert len(stage.requests) == 1
    assert stage.pipe.kinds()[-1] == "idle"


def test_a_word_at_the_very_end_of_a_file_is_decided() -> None:
    stage = Stage(sound((2, LOUD)), Spotter([2.24]))
    stage.ear.run()
    assert [wake["t"] for wake in stage.pipe.of("wake")] == pytest.approx([2.24], abs=0.01)
    assert stage.requests == []


def test_quiet_at_the_end_of_a_file_is_the_end() -> None:
    spotter = Spotter([])
    Stage(sound((1, LOUD), (2, 0)), spotter).ear.run()
    assert spotter.fed[-1] == pytest.approx(3.0, abs=0.08)


def test_a_second_wake_is_found_at_its_time_in_the_stream() -> None:
    # The detector is not fed during the first request (3.2 s, when enough was said, to about 4.5 s).
    spotter = Spotter([2.0, 6.0])
    stage = Stage(sound((2, 0), (2, LOUD), (9, 0)), spotter, no_speech_ms=2000)
    stage.ear.run()
    assert [wake["t"] for wake in stage.pipe.of("wake")] == pytest.approx([2.0, 6.0], abs=0.04)
    assert not [t for t in spotter.fed if 3.3 < t < 4.4]
    assert [t for t in spotter.fed if 4.6 < t < 5.0]


def test_a_near_miss_is_told_and_nothing_of_it_sealed() -> None:
    stage = Stage(sound((3, LOUD)), Spotter([], misses=[1.0]))
    stage.ear.run()
    assert [(miss["word"], miss["scores"]) for miss in stage.pipe.of("near_miss")] == [("alexa", {"spotter": 0.2})]
    assert stage.sealer.sounds == []


def test_nobody_to_seal_to_is_answered_all_the_same() -> None:
    stage = Stage(sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0]))
    stage.order("address", to={"serial": 2, "recipient": None})
    stage.ear.run()
    (request,) = stage.requests
    assert (request["id"], request["record"], request["serial"], request["text"]) == (None, None, 2, "so be it")
    assert stage.sealer.sounds == []


@pytest.mark.parametrize(
    ("store", "text", "audio"), [("times", False, False), ("transcript", True, False), ("both", True, True)]
)
def test_what_is_not_to_be_stored_is_not_sealed(store: str, text: bool, audio: bool) -> None:
    stage = Stage(sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0]), store=store)
    stage.ear.run()
    (request,) = stage.requests
    assert request["id"]
    record = request["record"]
    assert (record is not None) == (text or audio)
    assert record is None or (record["text"] is not None, bool(record["chunks"])) == (text, audio)


def test_one_request_is_enough_for_once() -> None:
    stage = Stage(sound((2, 0), (1, LOUD), (4, 0), (1, LOUD), (2, 0)), Spotter([2.0, 7.0]), once=True)
    stage.ear.run()
    assert len(stage.requests) == 1
    assert len(stage.pipe.of("wake")) == 1


def test_one_wake_word_and_then_nothing_is_enough_for_once() -> None:
    stage = Stage(sound((30, 0)), Spotter([2.0, 20.0]), once=True)
    stage.ear.run()
    assert len(stage.pipe.of("wake")) == 1


def test_a_request_may_begin_with_the_first_sound() -> None:
    stage = Stage(sound((2, LOUD), (2, 0)), Spotter([]), now=True)
    stage.ear.run()
    (request,) = stage.requests
    assert request["word"] == ""


def test_levels_are_sent_where_somebody_draws_them_and_nowhere_else() -> None:
    pcm = sound((2, 0), (2, LOUD), (2, 0))
    drawn, alone = Stage(pcm, Spotter([3.0]), level=True), Stage(pcm, Spotter([3.0]))
    drawn.ear.run()
    alone.ear.run()
    assert "level" in drawn.pipe.kinds()
    assert "level" not in alone.pipe.kinds()


def test_close_wipes_everything() -> None:
    stage = Stage(sound((2, 0), (2, LOUD)), Spotter([2.0]))
    held: list[bytearray] = []

    def interrupt() -> None:
        utterance = stage.ear._utterance
        assert utterance is not None
        held.append(utterance.pcm)
        raise BrokenPipeError

    stage.at(3.0, interrupt)
    with pytest.raises(BrokenPipeError):
        stage.ear.run()
    assert held[0]
    resets, left = stage.spotter.resets, stage.sealer.left
    stage.ear.close()
    assert not held[0] and stage.ring.tail(10) == b""
    assert stage.spotter.resets > resets and stage.sealer.left > left
