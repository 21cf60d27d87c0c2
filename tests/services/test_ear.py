"""The loop with its neighbours replaced, so that every sample and every order of events can be counted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from echoctl.audio.source import SourceHealth
from echoctl.errors import StoreError
from echoctl.model import CHUNK_BYTES, CHUNK_SAMPLES, SAMPLE_RATE, Detection, NearMiss, Recording, StoreMode, Transcript
from echoctl.services import ear as module
from echoctl.services.ear import Ear
from echoctl.services.pipe import EarSpec

LOUD = 1000


class Room:
    """A capture that gives prepared chunks, and does things at some of them."""

    name = "a room"
    is_open = True
    discontinuous = False

    def __init__(self, pcm: bytes, at: Mapping[int, Callable[[], None]]) -> None:
        self.chunks = [pcm[i : i + CHUNK_BYTES] for i in range(0, len(pcm), CHUNK_BYTES)]
        self.at = at
        self.given = 0
        self.on_event: Callable[[str, Mapping[str, Any]], None]

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def mute(self) -> None:
        self.close()

    def unmute(self) -> None:
        self.open()

    def read(self, timeout_s: float) -> bytes:
        action = self.at.get(self.given)
        self.given += 1
        if action:
            action()
        return self.chunks[self.given - 1] if self.given <= len(self.chunks) else b""

    def health(self) -> SourceHealth:
        return SourceHealth()


class Spotter:
    """Decides at given seconds of the stream; the word took half a second and ended 0.1 s before."""

    description: Mapping[str, str] = {"alexa": "a fake"}
    notes: Sequence[str] = ()

    def __init__(self, when: Sequence[float], misses: Sequence[float] = ()) -> None:
        self.when = {round(t * SAMPLE_RATE / CHUNK_SAMPLES) for t in when}
        self.misses = {round(t * SAMPLE_RATE / CHUNK_SAMPLES) for t in misses}
        self.fed: list[float] = []
        self.loud: list[bool] = []
        self.resets = 0

    def feed(self, chunk: bytes, t: float) -> Detection | NearMiss | None:
        self.fed.append(t)
        self.loud = [*self.loud[-5:], max(np.frombuffer(chunk, np.int16)) >= LOUD]
        number = round(t * SAMPLE_RATE / CHUNK_SAMPLES)
        if number in self.misses:
            return NearMiss("alexa", t, {"spotter": 0.2})
        return Detection("alexa", t, t - 0.6, t - 0.1, {"spotter": 0.9}) if number in self.when else None

    @property
    def is_quiet(self) -> bool:
        return not any(self.loud)

    def reset(self) -> None:
        self.resets += 1


class Typist:
    def __init__(self) -> None:
        self.fed = b""

    def begin(self) -> None:
        self.fed = b""

    def feed(self, pcm: bytes) -> str | None:
        self.fed += pcm
        return None

    def finish(self) -> Transcript:
        return Transcript("so be it")


class Loudness:
    frame_ms = 32.0

    def __init__(self) -> None:
        self.rest = b""

    def reset(self) -> None:
        self.rest = b""

    def feed(self, pcm: bytes) -> list[bool]:
        data = self.rest + pcm
        whole = len(data) // 1024 * 1024
        self.rest = data[whole:]
        return [np.abs(np.frombuffer(data[i : i + 1024], np.int16)).max() >= LOUD for i in range(0, whole, 1024)]


class Vault:
    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.full = False

    def __call__(self, **options: Any) -> "Vault":
        return self

    def detected(self, detection: Detection, at_ms: int) -> int:
        return 7

    def near_miss(self, word: str, at_ms: int) -> None:
        self.kept.append({"near_miss": word})

    def commit(self, **fields: Any) -> Recording:
        if self.full:
            raise StoreError("the disk is full", "free some space")
        self.kept.append(fields)
        return Recording("X" * 26, fields["at_ms"], 1, fields["wake_word"], "", StoreMode.BOTH, 1)


class Presence:
    def __init__(self) -> None:
        self.muted = False
        self.muted_by = ""
        self.news = False
        self.counted: list[str] = []
        self.written: dict[str, object] = {}

    def changed(self) -> bool:
        news, self.news = self.news, False
        return news

    def press(self, muted: bool) -> None:
        self.muted, self.muted_by, self.news = muted, "a test", True

    def set(self, **changes: object) -> None:
        self.written.update(changes)

    def count(self, name: str) -> None:
        self.counted.append(name)

    def health(self, **values: int) -> None:
        pass


class Lines:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.sent.append({"type": kind, **fields})

    def kinds(self) -> list[str]:
        return [line.get("state", line["type"]) for line in self.sent]


class Stage:
    """One ear with everything around it in view."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pcm: bytes, spotter: Spotter, **spec: Any) -> None:
        self.pcm = pcm
        self.spotter = spotter
        self.typist = Typist()
        self.vault = Vault()
        self.presence = Presence()
        self.pipe = Lines()
        self.room = Room(pcm, {})
        monkeypatch.setattr(module, "Capture", self._capture)
        monkeypatch.setattr(module, "Recorder", self.vault)
        monkeypatch.setattr(module, "WakeDetector", lambda *a, **k: spotter)
        monkeypatch.setattr(module, "Transcriber", lambda model: self.typist)
        monkeypatch.setattr(module, "voice_activity", Loudness)
        monkeypatch.setattr(module.models, "locate", lambda name, dirs: "")
        monkeypatch.setattr(module.models.Model, "load", lambda path: None)
        monkeypatch.setattr(module.events, "Log", lambda: Log())
        monkeypatch.setattr(module, "POLL_S", 0.0)
        self.ear = Ear(EarSpec(**spec), self.pipe, self.presence)  # type: ignore[arg-type]

    def _capture(self, spec: object, on_event: Callable[[str, Mapping[str, Any]], None]) -> Room:
        self.room.on_event = on_event
        return self.room

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        self.room.at = {**self.room.at, round(seconds * SAMPLE_RATE / CHUNK_SAMPLES): action}


class Log:
    def add(self, kind: str, data: Mapping[str, object]) -> None:
        pass


def sound(*parts: tuple[float, int]) -> bytes:
    """Seconds and loudness; every sample differs from its neighbours, so that one that is lost shows."""
    total = sum(round(seconds * SAMPLE_RATE) for seconds, _ in parts)
    loudness = np.concatenate([np.full(round(seconds * SAMPLE_RATE), level) for seconds, level in parts])
    return bytes((loudness + np.arange(total) % 251).astype(np.int16).tobytes())


def test_one_breath_loses_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = sound((3, 0), (3, LOUD), (2, 0))
    stage = Stage(monkeypatch, pcm, Spotter([4.0]), input="x.wav")
    stage.ear.run()
    (kept,) = stage.vault.kept
    start = round((4.0 - 0.6 - 0.5) * SAMPLE_RATE) * 2
    assert kept["pcm"] == pcm[start : start + len(kept["pcm"])]
    assert len(kept["pcm"]) / 2 / SAMPLE_RATE == pytest.approx(6 + 0.5 - 2.9, abs=0.09)
    assert (kept["wake_word"], kept["detection"]) == ("alexa", 7)


def test_the_transcript_begins_at_the_end_of_the_wake_word(monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = sound((3, 0), (3, LOUD), (2, 0))
    stage = Stage(monkeypatch, pcm, Spotter([4.0]), input="x.wav")
    stage.ear.run()
    words = stage.typist.fed.lstrip(b"\0")
    start = round((4.0 - 0.1 - module.OVERLAP_S) * SAMPLE_RATE) * 2
    assert words[:2000] == pcm[start:].lstrip(b"\0")[:2000]


def test_a_wake_word_and_then_nothing_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((12, 0)), Spotter([2.0]), input="x.wav")
    stage.ear.run()
    assert stage.vault.kept == []
    assert stage.pipe.kinds() == ["ready", "idle", "wake", "listening", "idle"]


def test_the_wake_word_said_again_is_speech_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((4.0, 0), (3, LOUD), (2, 0)), Spotter([2.0, 4.72]), input="x.wav")
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.0, 4.72], abs=0.05)


def test_the_wake_word_said_again_before_anything_else_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = sound((4.6, 0), (1, LOUD), (2, 0))
    stage = Stage(monkeypatch, pcm, Spotter([2.0, 4.5]), input="x.wav")
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.0, 4.5], abs=0.05)
    (kept,) = stage.vault.kept
    start = round((round(4.5 / 0.08) * 0.08 - 0.6 - 0.5) * SAMPLE_RATE) * 2
    assert kept["pcm"] == pcm[start : start + len(kept["pcm"])]


def test_the_wake_word_within_a_request_belongs_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, 0), (4, LOUD)), Spotter([2.0, 3.44]), input="x.wav")
    stage.ear.run()
    assert [line["type"] for line in stage.pipe.sent].count("wake") == 1
    assert len(stage.vault.kept) == 1


def test_the_end_of_the_file_keeps_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, 0), (1, LOUD)), Spotter([2.0]), input="x.wav")
    stage.ear.run()
    assert len(stage.vault.kept) == 1


def test_a_word_at_the_very_end_of_a_file_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, LOUD)), Spotter([2.24]), input="x.wav")
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.24], abs=0.01)
    assert stage.vault.kept == []


def test_quiet_at_the_end_of_a_file_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    spotter = Spotter([])
    Stage(monkeypatch, sound((1, LOUD), (2, 0)), spotter, input="x.wav").ear.run()
    assert spotter.fed[-1] == pytest.approx(3.0, abs=0.08)


def test_a_second_wake_is_found_at_its_time_in_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    # The detector is not fed during the first request (3.2 s, when enough was said, to about 4.5 s).
    spotter = Spotter([2.0, 6.0])
    stage = Stage(monkeypatch, sound((2, 0), (2, LOUD), (9, 0)), spotter, input="x.wav", no_speech_ms=2000)
    stage.ear.run()
    assert [line["t"] for line in stage.pipe.sent if line["type"] == "wake"] == pytest.approx([2.0, 6.0], abs=0.04)
    assert not [t for t in spotter.fed if 3.3 < t < 4.4]
    assert [t for t in spotter.fed if 4.6 < t < 5.0]


def test_a_near_miss_is_counted_and_nothing_of_it_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((3, LOUD)), Spotter([], misses=[1.0]), input="x.wav")
    stage.ear.run()
    assert stage.presence.counted == ["near_misses"]
    assert stage.vault.kept == [{"near_miss": "alexa"}]


def test_no_store_keeps_nothing_but_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(
        monkeypatch, sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0], misses=[1.0]), input="x.wav", keep=False
    )
    stage.ear.run()
    assert stage.vault.kept == []
    assert [line["id"] for line in stage.pipe.sent if line["type"] == "transcript"] == [None]


def test_a_push_begins_a_request_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, 0), (2, LOUD), (2, 0)), Spotter([]))
    stage.at(2.0, stage.ear.push)
    stage.ear.run()
    assert stage.vault.kept[0]["wake_word"] == ""
    assert "wake" not in stage.pipe.kinds()


def test_mute_closes_the_microphone_wipes_the_ring_and_drops_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, 0), (4, LOUD)), Spotter([2.0]))
    seen: list[tuple[bool, bytes]] = []

    def look() -> None:
        seen.append((stage.room.is_open, stage.ear._ring.tail(10)))
        stage.ear.stop()

    stage.at(3.0, lambda: stage.presence.press(True))
    ticks = iter(range(10))
    monkeypatch.setattr(module.time, "sleep", lambda s: look() if next(ticks) == 3 else None)
    stage.ear.run()
    assert seen == [(False, b"")]
    assert stage.vault.kept == []
    assert stage.pipe.kinds()[-1] == "muted"
    assert stage.spotter.resets


def test_a_muted_start_does_not_open_the_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, LOUD)), Spotter([]))
    stage.room.is_open = False
    stage.presence.muted = True
    monkeypatch.setattr(module.time, "sleep", lambda s: stage.ear.stop())
    stage.ear.run()
    assert stage.room.given == 0
    assert not stage.room.is_open
    assert stage.pipe.kinds() == ["ready", "muted"]


def test_mute_does_not_concern_files(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, 0), (1, LOUD), (2, 0)), Spotter([2.0]), input="x.wav")
    stage.presence.muted = True
    stage.ear.run()
    assert len(stage.vault.kept) == 1


def test_a_microphone_outlives_a_full_disk_and_a_file_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = sound((2, 0), (1, LOUD), (4, 0), (1, LOUD), (2, 0))
    live = Stage(monkeypatch, pcm, Spotter([2.0, 5.4]))
    live.vault.full = True
    live.at(5.0, lambda: setattr(live.vault, "full", False))
    live.ear.run()
    assert [line["message"] for line in live.pipe.sent if line["type"] == "error"] == ["the disk is full"]
    assert len(live.vault.kept) == 1
    assert live.pipe.kinds().count("error") == 2  # the line, and the light until the next request
    assert live.pipe.kinds()[-1] == "idle"
    file = Stage(monkeypatch, pcm, Spotter([2.0]), input="x.wav")
    file.vault.full = True
    with pytest.raises(StoreError):
        file.ear.run()


def test_a_lost_microphone_ends_the_request_and_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((2, 0), (4, LOUD), (2, 0)), Spotter([2.0]))
    stage.at(3.5, lambda: stage.room.on_event("lost", {"reason": "ended"}))
    stage.at(5.0, lambda: stage.room.on_event("back", {}))
    stage.ear.run()
    assert len(stage.vault.kept) == 1
    assert stage.pipe.kinds() == [
        "ready", "idle", "wake", "listening", "device", "thinking", "transcript", "recording", "error",
        "device", "idle",
    ]  # fmt: skip


def test_a_gap_wipes_what_came_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, sound((3, LOUD)), Spotter([]))
    lengths: list[int] = []
    stage.at(1.0, lambda: setattr(stage.room, "discontinuous", True))
    stage.at(2.0, lambda: lengths.append(len(stage.ear._ring.tail(10))))
    stage.ear.run()
    assert lengths[0] / 2 / SAMPLE_RATE == pytest.approx(1.0, abs=0.1)
    assert stage.room.discontinuous is False
