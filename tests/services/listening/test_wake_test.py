"""The judge of `wake test`, over a detector that wakes at loud chunks from a level that its threshold sets."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoctl.errors import DeviceError, EchoctlError, NotFound, UsageError
from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_SAMPLES, SAMPLE_RATE, Detection, NearMiss
from echoctl.services.listening import wake_test
from echoctl.services.listening.wake_test import Sound

CHUNK_S = CHUNK_SAMPLES / SAMPLE_RATE


class Loud:
    """Wakes when a chunk is louder than its threshold in full scale; half as loud is a near miss."""

    def __init__(self, words: Sequence[str], model: object, *, recent: object, thresholds: Mapping[str, float]) -> None:
        self.level = thresholds[words[0]]
        self.description = {words[0]: "loudness"}
        self.was = 0.0

    def feed(self, chunk: bytes, t: float) -> Detection | NearMiss | None:
        before, self.was = self.was, float(np.abs(np.frombuffer(chunk, np.int16).astype(int)).max() / 32768)
        if before:
            return None
        if self.was > self.level:
            return Detection("alexa", t, t - 0.5, t - 0.1, {})
        return NearMiss("alexa", t, {}) if self.was > self.level / 2 else None

    def reset(self) -> None:
        self.was = 0.0


@pytest.fixture(autouse=True)
def fakes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_test, "WakeDetector", Loud)
    monkeypatch.setattr(wake_test, "curve", lambda word: (0.1, 0.3, 0.6))
    monkeypatch.setattr(wake_test, "default_threshold", lambda word: 0.3)
    monkeypatch.setattr(wake_test.models, "locate", lambda name, dirs: "somewhere")
    monkeypatch.setattr(wake_test.models.Model, "load", lambda path: None)


def beep(at: float, level: float, seconds: float = 2.0) -> bytes:
    """Silence with 0.24 s of a level (a share of full scale) in it."""
    samples = np.zeros(round(seconds * SAMPLE_RATE), np.int16)
    first = round(at / CHUNK_S) * CHUNK_SAMPLES
    samples[first : first + 3 * CHUNK_SAMPLES] = round(level * 32767)
    return samples.tobytes()


SOUNDS = [
    Sound("clear", True, 0.0, 0.9, beep(0.8, 0.9)),
    Sound("soft", True, pcm=beep(0.8, 0.4)),
    Sound("hiss", False, pcm=beep(1.0, 0.2, 36.0)),
    Sound("bang", False, pcm=beep(1.0, 0.5, 36.0)),
]


def test_each_threshold_is_counted_by_itself() -> None:
    report = wake_test.measure("Alexa", SOUNDS)
    assert [(p.threshold, p.missed, p.false_wakes) for p in report.points] == [
        (0.1, (), 2),
        (0.3, (), 1),
        (0.6, ("soft",), 0),
    ]
    assert [p.near_misses for p in report.points] == [0, 1, 2]
    assert (report.word, report.said, report.spotter) == ("alexa", 2, "loudness")
    assert report.hours_without == pytest.approx(72 / 3600, abs=0.0001)
    assert report.points[1].false_per_hour == pytest.approx(50, rel=0.01)


def test_latency_counts_from_the_labelled_end_else_from_the_heard_one() -> None:
    clear, soft = (wake_test.measure("alexa", [sound]).points[0] for sound in SOUNDS[:2])
    assert clear.latency_p50 == pytest.approx(0.88 - 0.9, abs=0.01)
    assert soft.latency_p50 == pytest.approx(0.1)


def test_a_wake_before_the_word_is_no_hit() -> None:
    early = Sound("early", True, 1.2, 1.6, beep(0.4, 0.9))
    assert wake_test.measure("alexa", [early]).points[0].missed == ("early",)


def test_among_equals_the_best_is_the_nearest_to_the_default() -> None:
    assert wake_test.measure("alexa", SOUNDS[:1]).best == 0.3
    assert wake_test.measure("alexa", SOUNDS).best == 0.3
    assert wake_test.measure("alexa", [SOUNDS[0], SOUNDS[3]]).best == 0.6


def test_the_configured_threshold_is_on_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_WAKE_THRESHOLDS", "Alexa=0.45")
    report = wake_test.measure("alexa", SOUNDS)
    assert report.in_use == 0.45
    assert [p.threshold for p in report.points] == [0.1, 0.3, 0.45, 0.6]


def test_a_table_tells_the_words_of_its_sounds(tmp_path: Path) -> None:
    table = tmp_path / "clips.tsv"
    table.write_text(
        "file\tword\ttranscript\tstart\tend\n"
        "a.wav\tHey  Jarvis\t\t0.5\t1.25\nb.wav\talexa\t\t\t\nc.wav\t-\tOh, hey jarvis!\t\t\nd.wav\t-\they you\t\t\n"
    )
    sounds = wake_test.manifest(str(table), "hey jarvis")
    assert [(Path(s.name).name, s.said, s.start, s.end) for s in sounds] == [
        ("a.wav", True, 0.5, 1.25),
        ("b.wav", False, None, None),
        ("d.wav", False, None, None),
    ]
    assert Path(sounds[0].name).parent == tmp_path


@pytest.mark.parametrize("text", ["", "a\tb\n1\t2\n", "file\tword\tstart\nx.wav\talexa\tsoon\n"])
def test_a_table_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(UsageError):
        wake_test.manifest(str(tmp_path / "t.tsv"), "alexa")


@pytest.mark.parametrize(
    "attempt", [lambda: wake_test.listed(["/nowhere.wav"], []), lambda: wake_test.manifest("/nowhere.tsv", "alexa")]
)
def test_what_is_not_there_is_not_found(attempt: Any) -> None:
    with pytest.raises(NotFound):
        attempt()


def test_nothing_to_test_with_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        wake_test.measure("alexa", [])


class Room:
    """A microphone that hears one beep per utterance."""

    def __init__(self) -> None:
        self.open = False

    @contextlib.contextmanager
    def __call__(self, device: str) -> Iterator["Room"]:
        self.open = True
        yield self
        self.open = False

    def seconds(self, count: float) -> bytes:
        return beep(0.8, 0.9, count)


def test_the_microphone_is_asked_and_kept_in_ram(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    monkeypatch.setattr(wake_test, "hearing", room)
    asked: list[tuple[int, bool]] = []
    sounds = wake_test.spoken(2, "", lambda number: asked.append((number, room.open)))
    assert asked == [(1, True), (2, True)] and not room.open
    assert [len(sound.pcm) / BYTES_PER_SECOND for sound in sounds] == [3.0, 3.0]
    assert wake_test.measure("alexa", sounds).points[0].missed == ()
    assert not [file for file in store.rglob("*") if file.is_file()]


def test_a_muted_microphone_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Muted:
        muted = True

    monkeypatch.setattr(wake_test.state, "snapshot", Muted)
    monkeypatch.setattr(wake_test, "hearing", lambda *a: pytest.fail("opened"))
    with pytest.raises(DeviceError, match="muted") as caught:
        wake_test.spoken(1, "", lambda n: None)
    assert isinstance(caught.value, EchoctlError) and caught.value.hint == "echoctl unmute"
