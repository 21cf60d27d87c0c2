"""What is written down of real sentences after a wake word, through the real command, here and in other checkouts.

    python bench/transcripts.py --data FOLDER [--checkout FOLDER …] [--model FOLDER] [--differences]

Each command, prompt and sentence read aloud of the data folder (bench/mixing.py) follows an "alexa", then 2.5 s of
quiet. Word errors are counted where the manifest has the words. A checkout is a working tree of another commit: the row
says how many of its texts are other ones than here. Kaldi dithers with random numbers, so a program that draws one more
of them before hears some words in some of the sentences otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from mixing import RATE, Clip, load, read_manifest

from echoctl import paths
from echoctl.speech import models

MOST_S = 14
"""A longer sentence is cut off there."""

QUIET_S = 2.5
KINDS = ("command", "prompt", "read")


@dataclass(frozen=True)
class Asked:
    """One sentence: where its wake word begins and it ends in the stream, in seconds, and what it says, if known."""

    name: str
    start: float
    end: float
    words: tuple[str, ...]


def words(text: str) -> tuple[str, ...]:
    return tuple("".join(c if c.isalpha() or c == "'" else " " for c in text.lower()).split())


def stream(clips: Sequence[Clip]) -> tuple["np.ndarray", list[Asked]]:
    """All sentences in one go, over a little noise."""
    random = np.random.default_rng(5)
    wakes = [clip for clip in clips if clip.word == "alexa" and 0 < clip.end < 3]
    pieces, asked, at = [np.zeros(RATE // 2)], [], 0.5
    for number, clip in enumerate(each for each in clips if each.category in KINDS):
        wake = wakes[number * 7 % len(wakes)]
        called, said = load(wake)[: round((wake.end + 0.15) * RATE)], load(clip)[: MOST_S * RATE]
        pieces += [called, said, np.zeros(round(QUIET_S * RATE))]
        end = at + (len(called) + len(said)) / RATE
        asked.append(Asked(clip.path.name, at, end, words(clip.transcript)))
        at = end + round(QUIET_S * RATE) / RATE
    whole = np.concatenate(pieces)
    return np.clip(whole + random.normal(0, 1e-4, len(whole)), -1, 1), asked


def heard(checkout: Path, sound: Path, model: str, asked: Sequence[Asked]) -> list[str]:
    """The text that followed each wake word; "" for what was not heard."""
    with tempfile.TemporaryDirectory() as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ECHOCTL_")}
        environ |= {"HOME": home, "ECHOCTL_SPEECH_MODEL": model, "PYTHONPATH": str(checkout)}
        command = [sys.executable, "-m", "echoctl", "listen", "--input", str(sound), "--json", "--no-store"]
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True, cwd=home)
    texts, last = [""] * len(asked), -1
    for event in map(json.loads, done.stdout.splitlines()):
        if event["type"] == "wake":
            last = max((n for n, one in enumerate(asked) if one.start - 0.2 <= event["t"]), default=-1)
        elif event["type"] == "transcript" and last >= 0:
            texts[last] = f"{texts[last]} {event['text']}".strip()
    return texts


def errors(said: Sequence[str], text: Sequence[str]) -> int:
    """The least number of words to change, leave out and put in."""
    row = list(range(len(text) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(text, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkout", type=Path, action="append", default=[])
    parser.add_argument("--model", default="")
    parser.add_argument("--differences", action="store_true", help="print the texts that differ")
    wish = parser.parse_args()
    model = models.locate(wish.model, paths.model_dirs())
    row = "{:<44} {:>8} {:>12} {:>8}".format
    print(row("", "heard", "word errors", "differ"))
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "stream.flac")
        samples, asked = stream(read_manifest(wish.data))
        soundfile.write(sound, samples, RATE, subtype="PCM_16")
        here: list[str] = []
        for checkout in [Path(__file__).resolve().parent.parent, *map(Path.resolve, wish.checkout)]:
            texts = heard(checkout, sound, model, asked)
            here = here or texts
            known = [(one.words, words(text)) for one, text in zip(asked, texts, strict=True) if one.words]
            share = sum(errors(*each) for each in known) / sum(len(said) for said, _ in known)
            others = [(one.name, *both) for one, *both in zip(asked, here, texts, strict=True) if both[0] != both[1]]
            found = f"{sum(map(bool, texts))}/{len(asked)}"
            print(row(str(checkout)[-44:], found, f"{share:.1%}", len(others)))
            for name, mine, theirs in others if wish.differences else ():
                print(f"  {name}\n    here   {mine}\n    there  {theirs}")


if __name__ == "__main__":
    main()
