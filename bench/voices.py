"""Synthetic clips of a wake word, for words of which there are no recordings of people.

    python bench/voices.py FOLDER --word echo amazon [--kokoro MODEL.onnx VOICES]
    python bench/wake.py --data DATA --synthetic FOLDER --word echo amazon

Voices: flite (apt: flite), festival (festival, festvox-kallpc16k, festvox-kdlpc16k, festvox-us-slt-hts), espeak-ng,
and with --kokoro the neural voices of Kokoro-82M (Apache-2.0; needs onnxruntime): an ONNX file with the inputs
input_ids, style and speed, and a folder of style files (510 x 256 float32 each). What is not installed is left out
and named. FOLDER gets manifest.tsv in the layout of bench/mixing.py, the engine and voice as speaker.

What such clips show is that a word can be found; how often people are missed they do not show.
"""

import argparse
import csv
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

RATE = 16_000
MARGIN = RATE // 2

Samples = npt.NDArray[np.float32]
Said = tuple[str, Samples]
"""A voice's name and what it said, 16 kHz."""

PHONES = {
    "alexa": ("əlˈɛksə", "əlˈɛksə"),
    "amazon": ("ˈæməzˌɑn", "ˈæməzən"),
    "computer": ("kəmpjˈuɾəɹ", "kəmpjˈutə"),
    "echo": ("ˈɛkO", "ˈɛkQ"),
}
"""For Kokoro: American, British."""

# The part of Kokoro's alphabet (its config.json) that the words above need.
_SYMBOLS = {".": 4, "!": 5, "O": 31, "Q": 33, "b": 44, "j": 52, "k": 53, "l": 54, "m": 55, "n": 56, "p": 58, "s": 61}
_SYMBOLS |= {"t": 62, "u": 63, "z": 68, "ɑ": 69, "æ": 72, "ə": 83, "ɛ": 86, "ɹ": 123, "ɾ": 125, "ˈ": 156, "ˌ": 157}


def flite(word: str) -> Iterator[Said]:
    """Five voices, slow and fast, low and high."""
    for voice, stretch, shift in itertools.product(("kal", "kal16", "awb", "rms", "slt"), (0.9, 1.15), (0.92, 1.08)):
        options = ["--setf", f"duration_stretch={stretch}", "--setf", f"f0_shift={shift}"]
        yield f"flite-{voice}-{stretch}-{shift}", _spoken(["flite", "-voice", voice, *options, "-t", word + ".", "-o"])


def festival(word: str) -> Iterator[Said]:
    for voice in ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts"):
        for stretch in (0.9, 1.1):
            with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
                text.write(word.capitalize() + ".\n")
                text.flush()
                setting = f"(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {stretch}))"
                command = ["text2wave", "-eval", setting, text.name, "-o"]
                yield f"festival-{voice}-{stretch}", _spoken(command)


def espeak(word: str) -> Iterator[Said]:
    for accent, variant in itertools.product(("en-us", "en-gb", "en-gb-scotland"), ("m1", "m3", "m7", "f2", "f4")):
        command = ["espeak-ng", "-v", f"{accent}+{variant}", "-s", "140", "-w"]
        yield f"espeak-{accent}-{variant}", _spoken(command, after=[word])


def kokoro(word: str, model: Path, voices: Path) -> Iterator[Said]:
    """Every English voice at two speeds."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ids_name = session.get_inputs()[0].name
    for path in sorted(voices.glob("[ab][fm]_*.bin")):
        styles = np.fromfile(path, np.float32).reshape(-1, 1, 256)
        for speed, mark in ((0.9, "."), (1.15, "!")):
            tokens = [_SYMBOLS[symbol] for symbol in PHONES[word][path.name[0] == "b"] + mark]
            feed: dict[str, Any] = {
                ids_name: np.array([[0, *tokens, 0]], np.int64),
                "style": styles[len(tokens)],
                "speed": np.array([speed], np.float32),
            }
            sound = np.asarray(session.run(None, feed)[0], np.float32).reshape(-1)
            yield f"kokoro-{path.stem}-{speed}", soxr.resample(sound, 24_000, RATE).astype(np.float32)


def _spoken(command: Sequence[str], after: Sequence[str] = ()) -> Samples:
    """What a program writes into the sound file that is named between `command` and `after`."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run([*command, file.name, *after], check=True, capture_output=True)
        sound, rate = soundfile.read(file.name, dtype="float32")
    return soxr.resample(sound, rate, RATE).astype(np.float32)


def trimmed(sound: Samples) -> tuple[Samples, float, float]:
    """The sound with 0.5 s of silence around it, and where it begins and ends in that, in seconds."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 0.02 * np.abs(sound).max())
    sound = sound[loud[0] * 160 : (loud[-1] + 1) * 160]
    silence = np.zeros(MARGIN, np.float32)
    whole = np.concatenate([silence, sound / max(1e-6, np.abs(sound).max()) * 0.5, silence])
    return whole.astype(np.float32), MARGIN / RATE, (MARGIN + len(sound)) / RATE


def engines(kokoro_files: Sequence[Path] | None) -> dict[str, Any]:
    found = {"flite": ("flite", flite), "festival": ("text2wave", festival), "espeak": ("espeak-ng", espeak)}
    there = {name: say for name, (program, say) in found.items() if shutil.which(program)}
    for name in found.keys() - there.keys():
        print(f"left out: {name} is not installed", file=sys.stderr)
    if kokoro_files:
        there["kokoro"] = lambda word: kokoro(word, *kokoro_files)
    return there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--word", nargs="+", default=["echo", "amazon"])
    parser.add_argument("--kokoro", nargs=2, type=Path, metavar=("MODEL", "VOICES"))
    args = parser.parse_args()
    (args.folder / "audio").mkdir(parents=True, exist_ok=True)
    with open(args.folder / "manifest.tsv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(["file", "word", "category", "transcript", "start", "end", "speaker", "source", "licence"])
        for word, (engine, say) in itertools.product(args.word, engines(args.kokoro).items()):
            for voice, sound in say(word):
                name = f"audio/{word.replace(' ', '-')}-{voice}.flac"
                samples, start, end = trimmed(sound)
                soundfile.write(args.folder / name, samples, RATE)
                table.writerow([name, word, "wake", word, start, round(end, 3), voice, f"synthetic: {engine}", ""])


if __name__ == "__main__":
    main()
