"""How well does it wake? Misses, false wakes, latency and CPU on labelled speech, through the real command.

    python bench/wake.py --data FOLDER [--model FOLDER] [--word alexa …] [--snr clean 10] [--peers] [--json]
        [--synthetic FOLDER]   clips from bench/voices.py, for words of which DATA has none
        [--threshold 0.3 0.6]  the curve: a row for each of these in place of the word's own

One row per word, signal-to-noise ratio and set of engines. A wake is a hit when it was decided between 0.1 s after
the word's start and 2.5 s after its end; latency counts from the word's end to the decision, in stream time. CPU is
process time per hour of audio of everything that ran (`command`: with transcription; `detector`: detector alone).
Nothing is asserted here. Every row carries the speech model's origin and content hash and the engines' versions.
"""

import argparse
import bisect
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from mixing import RATE, Clip, Part, Spoken, negative, positive, read_manifest
from peers import Run, chunks, peers

from echoctl import paths
from echoctl.model.speech import BYTES_PER_SECOND, Detection
from echoctl.speech import models as speech_models
from echoctl.speech.builtin_words import NEURAL
from echoctl.speech.engines import engines
from echoctl.speech.manifest import folder_hash, read_record
from echoctl.speech.models import Model
from echoctl.speech.wake import WakeDetector


@dataclass(frozen=True)
class Row:
    """One measurement."""

    detector: str
    word: str
    snr: str
    threshold: float | None
    """None: the usual one of the word."""
    voices: str
    """Whose the clips are: people, synthetic, or none."""
    clips: int
    missed: int
    false_natural: int
    false_confusable: int
    false_noise: int
    false_around: int
    """Wakes in the positive stream that belong to no clip."""
    minutes: float
    """Of the negative stream."""
    latency_p50: float | None
    latency_p95: float | None
    cpu_s_per_h: float

    @property
    def miss(self) -> float:
        return self.missed / self.clips if self.clips else float("nan")


def score(wakes: list[float], spoken: list[Spoken]) -> tuple[int, int, list[float]]:
    """Missed clips, wakes that belong to none, and the latencies."""
    used: set[int] = set()
    latencies = []
    for one in spoken:
        at = bisect.bisect_left(wakes, one.start + 0.1)
        while at in used:
            at += 1
        if at < len(wakes) and wakes[at] <= one.end + 2.5:
            used.add(at)
            latencies.append(wakes[at] - one.end)
    return len(spoken) - len(latencies), len(wakes) - len(used), latencies


def measure(name: str, word: str, snr: str, streams: "Streams", run: Run, threshold: float | None = None) -> Row:
    wakes, cpu = run(streams.positive) if streams.spoken else ([], 0.0)
    false, more = run(streams.negative)
    missed, around, latencies = score(wakes, streams.spoken)
    count = {part.kind: sum(part.start <= t < part.end for t in false) for part in streams.parts}
    seconds = ((len(streams.positive) if streams.spoken else 0) + len(streams.negative)) / BYTES_PER_SECOND
    return Row(
        name,
        word,
        snr,
        threshold,
        streams.voices,
        len(streams.spoken),
        missed,
        count["natural"],
        count["confusable"],
        count["noise"],
        around,
        round(len(streams.negative) / BYTES_PER_SECOND / 60, 1),
        round(float(np.percentile(latencies, 50)), 3) if latencies else None,
        round(float(np.percentile(latencies, 95)), 3) if latencies else None,
        round((cpu + more) / seconds * 3600, 1),
    )


@dataclass(frozen=True)
class Streams:
    """What is played for one word and ratio."""

    positive: bytes
    spoken: list[Spoken]
    negative: bytes
    parts: list[Part]
    voices: str


def build(clips: Sequence[Clip], synthetic: Sequence[Clip], word: str, snr: str, seed: str) -> Streams:
    def of_word(some: Sequence[Clip]) -> list[Clip]:
        return [clip for clip in some if clip.category == "wake" and clip.word == word]

    voices = "people" if of_word(clips) else "synthetic" if of_word(synthetic) else "none"
    said = clips if voices == "people" else [*clips, *of_word(synthetic)]
    spoken = positive(said, word, snr, seed) if voices != "none" else (b"", [])
    return Streams(*spoken, *negative(clips, word, snr, seed), voices)


@contextlib.contextmanager
def without(package: str) -> Iterator[None]:
    """While it lasts `package` looks as if it were not installed."""
    kept = sys.modules.get(package)
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]
        if kept is not None:
            sys.modules[package] = kept


def in_process(words: Sequence[str], model: Model, thresholds: Mapping[str, float]) -> Run:
    """The detector alone."""

    def run(pcm: bytes) -> tuple[list[float], float]:
        heard = 0

        def recent(seconds: float) -> bytes:
            return pcm[max(0, heard - int(seconds * RATE) * 2) : heard]

        detector = WakeDetector(words, model, recent=recent, thresholds=thresholds)
        wakes, began = [], time.process_time()
        for t, chunk in chunks(pcm):
            heard += len(chunk)
            if isinstance(found := detector.feed(chunk, t), Detection):
                wakes.append(found.t)
        return wakes, time.process_time() - began

    return run


def through_command(words: Sequence[str], model: str, hidden: Sequence[str], thresholds: Mapping[str, float]) -> Run:
    """`echoctl listen --input FILE --json --no-store` with an empty home."""

    def run(pcm: bytes) -> tuple[list[float], float]:
        with tempfile.TemporaryDirectory() as home:
            sound = os.path.join(home, "stream.wav")
            with wave.open(sound, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes(pcm)
            # The interpreter imports this at its start: the way to hide a package from a process of its own.
            hide = "".join(f"sys.modules[{name!r}] = None\n" for name in hidden)
            Path(home, "sitecustomize.py").write_text(f"import sys\n{hide}")
            root = str(Path(__file__).resolve().parent.parent)
            environ = {name: value for name, value in os.environ.items() if not name.startswith("ECHOCTL_")}
            environ |= {"HOME": home, "ECHOCTL_DATA_DIR": home + "/data", "ECHOCTL_SPEECH_MODEL": model}
            if thresholds:
                environ["ECHOCTL_WAKE_THRESHOLDS"] = ",".join(f"{word}={at}" for word, at in thresholds.items())
            environ |= {"PYTHONPATH": os.pathsep.join([home, root, os.environ.get("PYTHONPATH", "")])}
            command = [sys.executable, "-m", "echoctl", "listen", "--input", sound, "--json", "--no-store"]
            before = os.times()
            done = subprocess.run(
                [*command, *(part for word in words for part in ("--wake-word", word))],
                env=environ,
                stdout=subprocess.PIPE,
                check=True,
            )
            after = os.times()
        events = [json.loads(line) for line in done.stdout.splitlines()]
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return [event["t"] for event in events if event["type"] == "wake"], cpu

    return run


def rows(args: argparse.Namespace, model_path: str) -> Iterator[Row]:
    clips = read_manifest(args.data)
    synthetic = read_manifest(args.synthetic) if args.synthetic else []
    model = Model.load(model_path)
    for word, snr in itertools.product(args.word, args.snr):
        streams = build(clips, synthetic, word, snr, args.seed)
        for (name, hidden), at in itertools.product(sets(word, grammar=args.grammar).items(), args.threshold or [None]):
            with contextlib.ExitStack() as stack:
                for package in hidden:
                    stack.enter_context(without(package))
                command = args.engine == "command"
                given = {} if at is None else {word: at}
                real = through_command([word], model_path, hidden, given)
                run = real if command else in_process([word], model, given)
                yield measure(name, word, snr, streams, run, at)
        for name, peer in peers(word).items() if args.peers else ():
            yield measure(name, word, snr, streams, peer(word, model))


def sets(word: str, *, grammar: bool) -> dict[str, list[str]]:
    """The engines to measure, and for each what must look as if it were not installed."""
    if word not in NEURAL:
        return {"echoctl": []}
    both = {"echoctl with verify": [], "echoctl": ["pyopen_wakeword"]}
    return both | ({"echoctl, grammar only": ["pymicro_wakeword", "pyopen_wakeword"]} if grammar else {})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("ECHOCTL_WAKE_DATA"), help="or ECHOCTL_WAKE_DATA")
    parser.add_argument("--synthetic", type=Path, help="a folder that bench/voices.py made")
    parser.add_argument("--model", default="", help="a folder or a name; the installed one when left out")
    parser.add_argument("--word", nargs="+", default=["alexa", "computer", "echo", "amazon"])
    parser.add_argument("--snr", nargs="+", default=["clean", "10"], help="clean, or dB")
    parser.add_argument("--threshold", nargs="+", type=float, help="one row for each")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--engine", choices=("command", "detector"), default="command")
    parser.add_argument("--grammar", action="store_true", help="neural words also without a neural model")
    parser.add_argument("--peers", action="store_true", help="single detectors beside it, in the same run")
    parser.add_argument("--json", action="store_true", help="one JSON line per row")
    args = parser.parse_args()
    if args.data is None:
        parser.error("name the data with --data or ECHOCTL_WAKE_DATA")
    args.data = Path(args.data)
    return args


def show(row: Row, model: str) -> str:
    latency = f"{row.latency_p50:5.2f} /{row.latency_p95:5.2f}" if row.latency_p50 is not None else "     -      "
    miss = f"{row.missed:3d}/{row.clips:<3d} {row.miss:6.1%}" if row.clips else "      -       "
    false = f"{row.false_natural:7d}  {row.false_confusable:10d}  {row.false_noise:5d}  {row.false_around:6d}"
    at = "usual" if row.threshold is None else f"{row.threshold:g}"
    begin = f"{row.detector:22}  {row.word:10}  {row.snr:>5}  {at:>5}  {row.voices:9}"
    return f"{begin}  {miss}  {false}  {latency}  {row.cpu_s_per_h:8.1f}  {model}"


def main() -> None:
    args = arguments()
    model = speech_models.locate(args.model, paths.model_dirs())
    record = read_record(model)
    about = {"model": record.origin if record else model, "sha256": folder_hash(model), "seed": args.seed}
    about |= {"engine": args.engine} | {engine.package: engine.version or "-" for engine in engines()}
    if not args.json:
        print("  ".join(f"{name}: {value}" for name, value in about.items()))
        print(f"{'':22}  {'':10}  {'':12}  {'':25}  false wakes in                    latency s   CPU s")
        print(
            f"{'detector':22}  {'word':10}  {'dB':>5}  {'score':>5}  {'voices':9}  {'missed':14}  "
            f"natural  confusable  noise  around  {'p50 / p95':12}  per hour  speech model",
            flush=True,
        )
    for row in rows(args, model):
        short = f"{about['model']} {about['sha256'][:12]}"
        print(json.dumps(asdict(row) | about) if args.json else show(row, short), flush=True)


if __name__ == "__main__":
    main()
