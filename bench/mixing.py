"""Streams for the wake word benchmark: labelled clips set into context, levels and noise, the same for the same seed.

The data folder holds manifest.tsv (file, word, category, transcript, start, end, speaker, source, licence; times in
seconds of the file) and the audio it names, 16 kHz mono. Categories: `wake` (the word, with its start and end),
`read`, `meeting`, `prompt`, `command` (speech), `confusable`, `word` (isolated words), `noise`.

Each item is scaled to an active-speech level of N(-26, 5) dBFS, and noise runs through the whole stream at the
stated ratio of active-speech RMS to noise RMS ("clean" is 40 dB).

    positive   per clip of the word: 1.5-4 s of speech (half the clips) or 1-2 s of quiet, a gap of 0.25-0.6 s, the
               clip, 0.15-0.5 s, a spoken command of at most 4 s, 1 s
    negative   all natural speech without the word, then the confusables and other wake words, gaps of 0.3-1 s
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 16_000

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """A line of the manifest."""

    path: Path
    word: str
    category: str
    transcript: str
    start: float
    end: float

    def says(self, word: str) -> bool:
        """Whether the last part of `word` is in its transcript."""
        text = "".join(c if c.isalnum() or c == "'" else " " for c in self.transcript.lower())
        return word.split()[-1] in text.split()


@dataclass(frozen=True)
class Spoken:
    """Where the word is in a positive stream, in seconds."""

    start: float
    end: float
    after_speech: bool


@dataclass(frozen=True)
class Part:
    """A stretch of a negative stream, in seconds."""

    kind: str
    start: float
    end: float


def read_manifest(folder: Path) -> list[Clip]:
    with open(folder / "manifest.tsv", encoding="utf-8", newline="") as file:
        return [
            Clip(
                folder / row["file"],
                row["word"],
                row["category"],
                row["transcript"],
                float(row["start"] or 0),
                float(row["end"] or 0),
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


class Mixer:
    """Builds one stream."""

    def __init__(self, clips: Sequence[Clip], snr: str, name: str) -> None:
        self.random = random.Random(name)
        self._ratio = 10 ** ((40.0 if snr == "clean" else float(snr)) / 20)
        self._noises = [load(clip) for clip in clips if clip.category == "noise"]
        self._pieces: list[Samples] = []
        self._level = 0.05
        self._length = 0

    @property
    def now(self) -> float:
        """Seconds so far."""
        return self._length / RATE

    def scaled(self, samples: Samples) -> tuple[Samples, float]:
        """The samples at a level drawn for them, and that level."""
        level = 10 ** ((-26 + max(-12.0, min(10.0, self.random.gauss(0, 5)))) / 20)
        out = samples * (level / max(active_rms(samples), 1e-5))
        peak = float(np.abs(out).max(initial=0))
        shrink = 0.99 / peak if peak > 0.99 else 1.0
        return (out * shrink).astype(np.float32), level * shrink

    def add(self, samples: Samples, level: float | None = None) -> None:
        """Append speech at its own level, or silence at the level before, over noise."""
        self._level = self._level if level is None else level
        noise = self._noise(len(samples)) * (self._level / self._ratio)
        self._pieces.append((samples + noise).astype(np.float32))
        self._length += len(samples)

    def gap(self, least: float, most: float, level: float | None = None) -> None:
        """Append quiet of a length in between."""
        self.add(np.zeros(int(self.random.uniform(least, most) * RATE), np.float32), level)

    def pcm(self) -> bytes:
        """The stream as s16le."""
        return (np.clip(np.concatenate(self._pieces), -1, 1) * 32767).astype("<i2").tobytes()

    def _noise(self, length: int) -> Samples:
        noise = self.random.choice(self._noises)
        noise = np.tile(noise, length // len(noise) + 1) if len(noise) < length else noise
        at = self.random.randrange(len(noise) - length + 1)
        piece = noise[at : at + length]
        rms = float(np.sqrt((piece**2).mean())) if length else 1.0
        if rms > 1e-5:
            return (piece / rms).astype(np.float32)
        return np.random.RandomState(self.random.randrange(1 << 30)).randn(length).astype(np.float32)


def load(clip: Clip) -> Samples:
    samples, rate = soundfile.read(clip.path, dtype="float32")
    if rate != RATE or samples.ndim != 1:
        raise ValueError(f"{clip.path} is not 16 kHz mono")
    return samples


def active_rms(samples: Samples) -> float:
    """The RMS of the 20 ms frames that are within 16 dB of the loudest."""
    frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    if not len(frames):
        return 1e-6
    rms = np.sqrt((frames**2).mean(axis=1))
    rms = rms[rms > rms.max() * 0.15]
    return float(np.sqrt((rms**2).mean())) if len(rms) else 1e-6


def positive(clips: Sequence[Clip], word: str, snr: str, seed: str) -> tuple[bytes, list[Spoken]]:
    """A stream with every clip of `word`, and where they are."""
    mixer = Mixer(clips, snr, f"{seed}-{word}-pos")
    words = [clip for clip in clips if clip.category == "wake" and clip.word == word]
    mixer.random.shuffle(words)
    speech = [c for c in clips if c.category in ("read", "meeting", "prompt") and not c.says(word)]
    commands = [clip for clip in clips if clip.category == "command"]
    spoken = [_utter(mixer, clip, speech, commands) for clip in words]
    return mixer.pcm(), spoken


def _utter(mixer: Mixer, clip: Clip, speech: Sequence[Clip], commands: Sequence[Clip]) -> Spoken:
    whole = load(clip)
    start, end = int(max(0.0, clip.start - 0.3) * RATE), int((clip.end + 0.3) * RATE)
    samples, level = mixer.scaled(whole[start:end])
    after_speech = bool(speech) and mixer.random.random() < 0.5
    if after_speech:
        context = load(mixer.random.choice(speech))
        length = int(mixer.random.uniform(1.5, 4) * RATE)
        at = mixer.random.randrange(max(1, len(context) - length))
        mixer.add(_at_level(mixer, context[at : at + length], level), level)
    else:
        mixer.gap(1, 2, level)
    mixer.gap(0.25, 0.6)
    begins = mixer.now + min(0.3, clip.start)
    mixer.add(samples, level)
    mixer.gap(0.15, 0.5)
    if commands:
        mixer.add(_at_level(mixer, load(mixer.random.choice(commands))[: 4 * RATE], level), level)
    mixer.gap(1, 1)
    return Spoken(begins, begins + clip.end - clip.start, after_speech)


def _at_level(mixer: Mixer, samples: Samples, level: float) -> Samples:
    scaled, own = mixer.scaled(samples)
    return (scaled * (level / own)).astype(np.float32)


def negative(clips: Sequence[Clip], word: str, snr: str, seed: str) -> tuple[bytes, list[Part]]:
    """A stream without `word`, and its parts: natural speech, confusables, noise alone."""
    mixer = Mixer(clips, snr, f"{seed}-{word}-neg")
    parts = []
    for kind, chosen in _without(clips, word):
        mixer.random.shuffle(chosen)
        start = mixer.now
        for clip in chosen:
            samples, level = mixer.scaled(load(clip))
            mixer.add(samples, level)
            mixer.gap(0.3, 1)
        parts.append(Part(kind, start, mixer.now))
    return mixer.pcm(), parts


def _without(clips: Sequence[Clip], word: str) -> Iterator[tuple[str, list[Clip]]]:
    last = word.split()[-1]
    natural = ("read", "meeting", "prompt", "command")
    yield "natural", [c for c in clips if c.category in natural and not c.says(word)]
    yield (
        "confusable",
        [c for c in clips if c.category in ("confusable", "wake") and last not in c.word.split() and not c.says(word)],
    )
    yield "noise", [c for c in clips if c.category == "noise"]
