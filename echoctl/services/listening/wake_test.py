"""`wake test`: how well a wake word is heard, over labelled sound, at several thresholds.

The sound runs through the very detector that `listen` uses, one for each threshold, all at once and with one speech
model that decodes for all of them. So a figure here is what would have happened, not a reading of scores.
"""

import csv
import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from echoctl import paths
from echoctl.audio import files
from echoctl.audio.ring import Ring
from echoctl.config import loader
from echoctl.errors import DeviceError, NotFound, UsageError
from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, SAMPLE_RATE, Detection, NearMiss, normal_word
from echoctl.services import state
from echoctl.services.listening.hearing import hearing
from echoctl.speech import models
from echoctl.speech.manifest import read_record
from echoctl.speech.shared_model import SharedModel
from echoctl.speech.wake import WakeDetector, curve, default_threshold

QUIET_S = 2.0
"""Silence before and after each sound, so that none is heard with another."""

HIT_S = 2.5
"""A wake that is decided this long after the word's end still counts."""

UTTERANCE_S = 3.0
"""How long the microphone is open for one utterance."""

RING_S = 5.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sound:
    """A labelled sound: a file, or pcm from the microphone."""

    name: str
    said: bool
    """Whether the word is said in it, once."""
    start: float | None = None
    """Where, in seconds, if that is known."""
    end: float | None = None
    pcm: bytes = b""

    def chunks(self) -> Iterator[bytes]:
        """All of it in chunks, the last one filled up. Raises what opening a file raises."""
        if self.pcm:
            whole: Iterable[bytes] = (self.pcm[at : at + CHUNK_BYTES] for at in range(0, len(self.pcm), CHUNK_BYTES))
        else:
            whole = _file_chunks(self.name)
        for chunk in whole:
            yield chunk.ljust(CHUNK_BYTES, b"\0")


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold does."""

    threshold: float
    missed: tuple[str, ...]
    """The sounds in which the word was not heard."""
    false_wakes: int
    false_per_hour: float | None
    """None: there was no sound without the word."""
    near_misses: int
    latency_p50: float | None
    """Seconds of sound from the word's end to the decision; None: never heard."""
    latency_p95: float | None


@dataclass(frozen=True, slots=True)
class WakeReport:
    """The whole curve, and what follows from it."""

    word: str
    spotter: str
    model: str
    """Origin of the speech model, else its path."""
    sha256: str
    """Its content hash, as recorded when it was installed; empty: it was put there by hand."""
    said: int
    """Sounds with the word."""
    hours_without: float
    points: tuple[Point, ...]
    in_use: float
    best: float
    """Fewest misses and false wakes together; among equals the one nearest to the default."""


def listed(said: Sequence[str], without: Sequence[str]) -> list[Sound]:
    """Files with the word and files without it, as sounds. Raises NotFound."""
    for path in (*said, *without):
        if not os.path.isfile(path):
            raise NotFound(f"no such file: {path}", "give WAV or FLAC files")
    return [*(Sound(path, True) for path in said), *(Sound(path, False) for path in without)]


def manifest(path: str, word: str) -> list[Sound]:
    """The sounds of a table with tab-separated columns: file and word, and if known start and end in seconds.

    Rows of another word count as sound without it, unless their column `transcript` holds it. Paths are relative to
    the table. Raises NotFound, UsageError.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except FileNotFoundError:
        raise NotFound(f"no such file: {path}", "name a table with the columns file and word") from None
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read {path}", "name a table with the columns file and word") from exc
    if not rows or not {"file", "word"} <= rows[0].keys():
        raise UsageError(f"{path} lacks the columns file and word", "separate them by tabs, names in the first line")
    try:
        return [sound for row in rows if (sound := _row(row, os.path.dirname(path), normal_word(word)))]
    except ValueError as exc:
        raise UsageError(f"{path}: start and end must be seconds: {exc}", "leave them empty where unknown") from exc


def _row(row: dict[str, str], folder: str, word: str) -> Sound | None:
    name = os.path.join(folder, row["file"])
    if normal_word(row["word"]) == word:
        start, end = (float(row[key]) if row.get(key) else None for key in ("start", "end"))
        return Sound(name, True, start, end)
    spoken = "".join(c if c.isalnum() else " " for c in (row.get("transcript") or "").lower())
    return None if f" {word} " in f" {' '.join(spoken.split())} " else Sound(name, False)


def spoken(times: int, device: str, ask: Callable[[int], None]) -> list[Sound]:
    """Ask for the word `times` times and take each from the microphone, in RAM only. Raises DeviceError."""
    if state.snapshot().muted:
        raise DeviceError("the microphone is muted", "echoctl unmute")
    sounds = []
    with hearing(device) as microphone:
        for number in range(1, times + 1):
            ask(number)
            sounds.append(Sound(f"utterance {number}", True, pcm=microphone.seconds(UTTERANCE_S)))
    return sounds


def measure(word: str, sounds: Sequence[Sound], progress: Progress = lambda done, total: None) -> WakeReport:
    """Run all sounds through the detectors of all thresholds. Raises UsageError for a word that cannot be spotted."""
    if not sounds:
        raise UsageError("nothing to test with", "name files in which the word is said, or take --microphone")
    settings = loader.load()
    path = models.locate(settings.speech.model, paths.model_dirs())
    model, record = SharedModel(models.Model.load(path)), read_record(path)
    given = {normal_word(key): value for key, value in settings.wake.thresholds.items()}
    word = normal_word(word)
    in_use = given.get(word, default_threshold(word))
    ring = Ring(RING_S)
    runs = [_Trial(word, model, ring, threshold) for threshold in sorted({*curve(word), in_use})]
    seconds = 0.0
    for number, sound in enumerate(sounds):
        length = _play(sound, ring, runs)
        seconds += 0.0 if sound.said else length
        progress(number + 1, len(sounds))
    points = tuple(run.point(seconds / 3600) for run in runs)
    default = default_threshold(word)
    best = min(points, key=lambda p: (len(p.missed) + p.false_wakes, abs(p.threshold - default)))
    return WakeReport(
        word=word,
        spotter=runs[0].detector.description[word],
        model=record.origin if record else path,
        sha256=record.sha256 if record else "",
        said=sum(sound.said for sound in sounds),
        hours_without=round(seconds / 3600, 4),
        points=points,
        in_use=in_use,
        best=best.threshold,
    )


class _Trial:
    """One threshold: its detector, and what it did."""

    def __init__(self, word: str, model: SharedModel, ring: Ring, threshold: float) -> None:
        self.detector = WakeDetector([word], model, recent=ring.tail, thresholds={word: threshold})
        self._threshold = threshold
        self._missed: list[str] = []
        self._false = 0
        self._near = 0
        self._latencies: list[float] = []
        self._found: list[Detection] = []

    def feed(self, chunk: bytes, t: float) -> None:
        found = self.detector.feed(chunk, t)
        if isinstance(found, Detection):
            self._found.append(found)
        elif isinstance(found, NearMiss):
            self._near += 1

    def judge(self, sound: Sound, begins: float, ends: float) -> None:
        """The sound, which lay between these seconds of the stream, is over."""
        found, self._found = self._found, []
        if not sound.said:
            self._false += len(found)
            return
        first = begins if sound.start is None else begins + sound.start
        last = HIT_S + (ends if sound.end is None else begins + sound.end)
        hit = next((wake for wake in found if first <= wake.t <= last), None)
        if hit is None:
            self._missed.append(sound.name)
        else:
            self._latencies.append(hit.t - (hit.end if sound.end is None else begins + sound.end))

    def point(self, hours: float) -> Point:
        ordered = sorted(self._latencies)
        return Point(
            threshold=self._threshold,
            missed=tuple(self._missed),
            false_wakes=self._false,
            false_per_hour=round(self._false / hours, 2) if hours else None,
            near_misses=self._near,
            latency_p50=round(statistics.median(ordered), 3) if ordered else None,
            latency_p95=round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)], 3) if ordered else None,
        )


def _play(sound: Sound, ring: Ring, runs: Sequence[_Trial]) -> float:
    """Feed one sound between two silences, and let each run judge it; returns its seconds."""
    quiet = [bytes(CHUNK_BYTES)] * round(QUIET_S * BYTES_PER_SECOND / CHUNK_BYTES)
    before, length = ring.position / SAMPLE_RATE + QUIET_S, 0
    for part in (quiet, sound.chunks(), quiet):
        for chunk in part:
            length += 0 if part is quiet else len(chunk)
            ring.append(chunk)
            for run in runs:
                run.feed(chunk, ring.position / SAMPLE_RATE)
    for run in runs:
        run.judge(sound, before, before + length / BYTES_PER_SECOND)
        run.detector.reset()
    ring.zero()
    return length / BYTES_PER_SECOND


def _file_chunks(path: str) -> Iterator[bytes]:
    if not Path(path).is_file():
        raise NotFound(f"no such file: {path}", "the paths in a table are relative to it")
    source = files.open_file(path)
    try:
        while chunk := source.read(60.0):
            yield chunk
    finally:
        source.close()


def save(word: str, threshold: float) -> str:
    """Put the word's threshold into config.toml, where `listen` finds it; returns the file's path."""
    return loader.set_threshold(word, threshold)
