from echoctl.model.speech import CHUNK_SAMPLES, SAMPLE_RATE
from tests.services.listening.stage import LOUD, Spotter, Stage, sound


def test_mute_closes_the_microphone_wipes_the_ring_and_drops_the_request() -> None:
    stage = Stage(sound((2, 0), (4, LOUD)), Spotter([2.0]))
    seen: list[tuple[bool, bytes]] = []

    def look() -> None:
        seen.append((stage.room.is_open, stage.ring.tail(10)))
        stage.ear.stop()

    stage.at(3.0, lambda: stage.presence.press(True))
    stage.room.while_muted = look
    stage.ear.run()
    assert seen == [(False, b"")]
    assert stage.vault.kept == []
    assert stage.pipe.kinds()[-1] == "muted"
    assert stage.spotter.resets


def test_a_muted_start_does_not_open_the_microphone() -> None:
    stage = Stage(sound((2, LOUD)), Spotter([]))
    stage.presence.muted = True
    stage.room.while_muted = stage.ear.stop
    stage.ear.run()
    assert stage.room.given == 0
    assert not stage.room.is_open
    assert stage.pipe.kinds() == ["ready", "muted"]


def test_somebody_who_calls_is_heard_between_two_looks() -> None:
    stage = Stage(sound((4, LOUD)), Spotter([]), calls=True, look_s=3600.0)
    stage.at(1.0, lambda: stage.presence.press(True))
    stage.at(2.0, lambda: (_given(stage), stage.presence.handler()))
    stage.room.while_muted = stage.ear.stop
    stage.ear.run()
    assert stage.room.given == round(2.0 * SAMPLE_RATE / CHUNK_SAMPLES) + 1
    assert stage.room.interrupted


def _given(stage: Stage) -> None:
    assert stage.room.is_open, "nobody has called yet"


def test_a_mute_while_the_models_are_loaded_keeps_the_microphone_closed() -> None:
    stage = Stage(sound((2, LOUD)), Spotter([]))
    stage.presence.press_later = True
    stage.room.while_muted = stage.ear.stop
    stage.ear.run()
    assert not stage.room.was_open


def test_mute_concerns_what_comes_through_a_pipe() -> None:
    stage = Stage(sound((4, LOUD)), Spotter([]), input="-")
    stage.at(1.0, lambda: stage.presence.press(True))
    stage.room.while_muted = stage.ear.stop
    stage.ear.run()
    assert stage.presence.written["mic"] == "dropped"
    assert stage.pipe.kinds()[-1] == "muted"


def test_mute_does_not_concern_files() -> None:
    stage = Stage(sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0]), input="x.wav")
    stage.presence.muted = True
    stage.ear.run()
    assert len(stage.vault.kept) == 1


def test_a_lost_microphone_ends_the_request_and_shows() -> None:
    stage = Stage(sound((2, 0), (4, LOUD), (2, 0)), Spotter([2.0]))
    stage.at(3.5, lambda: stage.room.on_event("lost", {"reason": "ended"}))
    stage.at(5.0, lambda: stage.room.on_event("back", {}))
    stage.ear.run()
    assert len(stage.vault.kept) == 1
    assert stage.pipe.kinds() == [
        "ready", "idle", "wake", "listening", "device", "thinking", "transcript", "recording", "error",
        "device", "idle",
    ]  # fmt: skip
