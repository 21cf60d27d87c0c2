import pytest

from echoctl.errors import StoreError
from echoctl.model.speech import SAMPLE_RATE
from echoctl.services.listening import ear as module
from tests.services.listening.stage import LOUD, Spotter, Stage, sound


def test_one_breath_loses_no_sample() -> None:
    pcm = sound((3, 0), (3, LOUD), (2, 0))
    stage = Stage(pcm, Spotter([4.0]), input="x.wav")
    stage.ear.run()
    (kept,) = stage.vault.kept
    start = round((4.0 - 0.6 - 0.5) * SAMPLE_RATE) * 2
    assert kept["pcm"] == pcm[start : start + len(kept["pcm"])]
    assert len(kept["pcm"]) / 2 / SAMPLE_RATE == pytest.approx(6 + 0.5 - 2.9, abs=0.09)
    assert (kept["wake_word"], kept["detection"]) == ("alexa", 7)


def test_the_transcript_begins_at_the_end_of_the_wake_word() -> None:
    pcm = sound((3, 0), (3, LOUD), (2, 0))
    stage = Stage(pcm, Spotter([4.0]), input="x.wav")
    stage.ear.run()
    words = stage.typist.fed.lstrip(b"\0")
    start = round((4.0 - 0.1 - module.OVERLAP_S) * SAMPLE_RATE) * 2
    assert words[:2000] == pcm[start:].lstrip(b"\0")[:2000]


def test_it_is_ready_for_words_as_they_are_spotted() -> None:
    spotter = Spotter([])
    spotter.description = {"alexa": "a fake", "computer": "another"}
    stage = Stage(sound((1, 0)), spotter, input="x.wav", words=("computer", "  Alexa", "Computer"))
    stage.ear.run()
    assert stage.pipe.sent[0]["words"] == ["computer", "alexa"], "in the order in which they were given"
    assert set(stage.pipe.sent[0]["spotters"]) == {"alexa", "computer"}


def test_a_wake_word_and_then_nothing_stores_nothing() -> None:
    stage = Stage(sound((12, 0)), Spotter([2.0]), input="x.wav")
    stage.ear.run()
    assert stage.vault.kept == []
    assert stage.pipe.kinds() == ["ready", "idle", "wake", "listening", "idle"]


def test_the_wake_word_said_again_is_speech_itself() -> None:
    stage = Stage(sound((4.0, 0), (3, LOUD), (2, 0)), Spotter([2.0, 4.72]), input="x.wav")
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.0, 4.72], abs=0.05)


def test_the_wake_word_said_again_before_anything_else_begins_anew() -> None:
    pcm = sound((4.6, 0), (1, LOUD), (2, 0))
    stage = Stage(pcm, Spotter([2.0, 4.5]), input="x.wav")
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.0, 4.5], abs=0.05)
    (kept,) = stage.vault.kept
    start = round((round(4.5 / 0.08) * 0.08 - 0.6 - 0.5) * SAMPLE_RATE) * 2
    assert kept["pcm"] == pcm[start : start + len(kept["pcm"])]


def test_the_wake_word_within_a_request_belongs_to_it() -> None:
    stage = Stage(sound((2, 0), (4, LOUD)), Spotter([2.0, 3.44]), input="x.wav")
    stage.ear.run()
    assert [line["type"] for line in stage.pipe.sent].count("wake") == 1
    assert len(stage.vault.kept) == 1


def test_the_end_of_the_file_keeps_what_was_said() -> None:
    stage = Stage(sound((2, 0), (1, LOUD)), Spotter([2.0]), input="x.wav")
    stage.ear.run()
    assert len(stage.vault.kept) == 1


def test_a_word_at_the_very_end_of_a_file_is_decided() -> None:
    stage = Stage(sound((2, LOUD)), Spotter([2.24]), input="x.wav")
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.24], abs=0.01)
    assert stage.vault.kept == []


def test_quiet_at_the_end_of_a_file_is_the_end() -> None:
    spotter = Spotter([])
    Stage(sound((1, LOUD), (2, 0)), spotter, input="x.wav").ear.run()
    assert spotter.fed[-1] == pytest.approx(3.0, abs=0.08)


def test_a_second_wake_is_found_at_its_time_in_the_stream() -> None:
    # The detector is not fed during the first request (3.2 s, when enough was said, to about 4.5 s).
    spotter = Spotter([2.0, 6.0])
    stage = Stage(sound((2, 0), (2, LOUD), (9, 0)), spotter, input="x.wav", no_speech_ms=2000)
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.0, 6.0], abs=0.04)
    assert not [t for t in spotter.fed if 3.3 < t < 4.4]
    assert [t for t in spotter.fed if 4.6 < t < 5.0]


def test_a_near_miss_is_counted_and_nothing_of_it_kept() -> None:
    stage = Stage(sound((3, LOUD)), Spotter([], misses=[1.0]), input="x.wav")
    stage.ear.run()
    assert stage.presence.counted == ["near_misses"]
    assert stage.vault.kept == [{"near_miss": "alexa"}]


def test_no_store_keeps_nothing_but_still_answers() -> None:
    stage = Stage(sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0], misses=[1.0]), input="x.wav", keep=False)
    stage.ear.run()
    assert stage.vault.kept == []
    assert [line["id"] for line in stage.pipe.sent if line["type"] == "transcript"] == [None]


def test_it_waits_as_long_as_the_detector_can_and_not_within_a_request() -> None:
    spotter = Spotter([6.0])
    stage = Stage(sound((2, 0), (4, LOUD), (2, 0)), spotter)
    seen: dict[str, int] = {}

    def see(name: str) -> None:
        seen[name] = stage.room.patience

    stage.at(1.0, lambda: (see("quiet"), setattr(spotter, "patience", 2)))
    stage.at(4.0, lambda: see("talk"))
    stage.at(6.5, lambda: see("a request"))
    stage.ear.run()
    assert seen == {"quiet": 6, "talk": 2, "a request": 1}


def test_a_push_begins_a_request_without_a_word() -> None:
    stage = Stage(sound((2, 0), (2, LOUD), (2, 0)), Spotter([]))
    stage.at(2.0, stage.ear.push)
    stage.ear.run()
    assert stage.vault.kept[0]["wake_word"] == ""
    assert "wake" not in stage.pipe.kinds()


def test_a_push_that_finds_nothing_to_begin_is_forgotten() -> None:
    stage = Stage(sound((2, 0), (2, LOUD), (4, 0)), Spotter([]))
    stage.at(1.0, lambda: stage.presence.press(True))
    pushes = iter([stage.ear.push])

    def while_muted() -> None:
        next(pushes, lambda: stage.presence.press(False))()

    stage.room.while_muted = while_muted
    stage.at(2.0, stage.ear.push)
    stage.at(3.0, stage.ear.push)
    stage.ear.run()
    assert stage.pipe.kinds().count("listening") == 1


def test_a_microphone_outlives_a_full_disk_and_a_file_does_not() -> None:
    pcm = sound((2, 0), (1, LOUD), (4, 0), (1, LOUD), (2, 0))
    live = Stage(pcm, Spotter([2.0, 5.4]))
    live.vault.full = True
    live.at(5.0, lambda: setattr(live.vault, "full", False))
    live.ear.run()
    said = [line["message"] for line in live.pipe.sent if line["type"] == "error"]
    assert said == ["the disk is full"] * 2  # at the word, and when the request was to be stored
    assert len(live.vault.kept) == 1
    assert live.pipe.kinds().count("error") == 3  # these, and the light until the next request
    assert live.pipe.kinds()[-1] == "idle"
    file = Stage(pcm, Spotter([2.0]), input="x.wav")
    file.vault.full = True
    with pytest.raises(StoreError):
        file.ear.run()


def test_a_gap_wipes_what_came_before_it() -> None:
    stage = Stage(sound((3, LOUD)), Spotter([]))
    lengths: list[int] = []
    stage.at(1.0, lambda: setattr(stage.room, "discontinuous", True))
    stage.at(2.0, lambda: lengths.append(len(stage.ring.tail(10))))
    stage.ear.run()
    assert lengths[0] / 2 / SAMPLE_RATE == pytest.approx(1.0, abs=0.1)
    assert stage.room.discontinuous is False


def test_levels_are_sent_where_somebody_draws_them_and_nowhere_else() -> None:
    pcm = sound((2, 0), (2, LOUD), (2, 0))
    drawn, alone = Stage(pcm, Spotter([3.0]), input="x.wav", level=True), Stage(pcm, Spotter([3.0]), input="x.wav")
    drawn.ear.run()
    alone.ear.run()
    assert "level" in drawn.pipe.kinds()
    assert "level" not in alone.pipe.kinds()
