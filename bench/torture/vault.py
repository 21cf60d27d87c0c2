"""What the vault must bear, in the numbers of a night: the tests of tests/torture and tests/crash, over many seeds.

Each line is one test, run in portions: portion N is `TORTURE_SEED=N TORTURE_COUNT=… pytest TEST`, so that a portion
that failed can be run again by itself. What a commit has passed is kept in .torture/: an interrupted run goes on.

    python -m bench.torture.vault [--share 0.1] [--only faults] [--jobs 2]     exit code 1 when anything broke
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

GIVE_UP = 5
"""Portions of a trial that may break before it is left: the others may show the same, or something else."""

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Trial:
    """One test and how much of it; `done`, `begun` and `broken` (numbers of portions) are what came of it."""

    name: str
    unit: str
    test: str
    total: int
    portion: int
    step: int = 1
    """From the seed of a portion to the next one's."""
    until_clean: bool = False
    """A portion ends by itself, and does about so many."""
    done: int = 0
    seconds: float = 0.0
    begun: set[int] = field(default_factory=set)
    broken: list[int] = field(default_factory=list)

    def seed(self, number: int) -> int:
        return number * self.step


REMNANTS = "tests/crash/test_remnants.py::test_no_purged_key_is_"

TRIALS = (
    Trial("faults", "failed system calls", "tests/crash/test_faults.py", 5000, 700, until_clean=True),
    Trial("losses", "losses of power", "tests/crash/test_power_loss.py", 5000, 500),
    Trial("listeners", "killed listeners", "tests/crash/test_kill_listener.py", 300, 30, 30),
    Trial("vaults", "damaged vaults", "tests/torture/test_mutated_vaults.py", 20_000, 500, 500),
    Trial("imports", "damaged exports", "tests/torture/test_mutated_imports.py", 20_000, 500, 500),
    Trial("image", "purged keys, looked for on a disk", REMNANTS + "on_the_disk", 5000, 1000),
    Trial("keys", "purged keys, looked for in files", REMNANTS + "in_any_file", 100_000, 10_000),
    Trial("other", "… with another SQLite", REMNANTS + "in_any_file_with_another_sqlite", 100_000, 10_000),
    Trial("off", "… with secure_delete off", REMNANTS + "in_any_file_without_secure_delete", 100_000, 10_000),
    Trial("crowd", "seconds, two writers, purger, reader", "tests/crash/test_remnants.py::test_two_writers_a_purger"
          "_and_a_reader_never_find_it_locked", 60, 60),
)  # fmt: skip


def portion(trial: Trial, number: int, count: int) -> tuple[int, float, str]:
    """Run one; returns (how many were done, seconds, what pytest said if it failed)."""
    whole = trial.until_clean and count == trial.portion
    asked = {"TORTURE_SEED": str(trial.seed(number)), "TORTURE_COUNT": str(10**9 if whole else count)}
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.xml")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-o",
            "timeout=0",
            f"--junitxml={results}",
            "-o",
            "junit_family=xunit1",
        ]
        command += [f"--basetemp={folder}/tmp", "-p", "no:cacheprovider", trial.test]
        began = time.monotonic()
        run = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **asked}, capture_output=True, text=True, check=False
        )
        spent = time.monotonic() - began
        tree = ET.parse(results).getroot() if results.exists() else ET.Element("none")
    done = sum(int(found.get("value", "0")) for found in tree.iter("property") if found.get("name") == "done")
    skipped = next(tree.iter("skipped"), None)
    if run.returncode or skipped is not None or not done:
        return done, spent, run.stdout[-3000:] + run.stderr[-1000:] or "it was skipped"
    return done, spent, ""


def run(trials: Sequence[Trial], jobs: int, memory: Path) -> None:
    """Run what is missing, `jobs` portions at a time, in turns over the trials."""
    for name, number, done, seconds in _remembered(memory):
        for trial in trials:
            if trial.name == name:
                trial.begun.add(number)
                trial.done += done
                trial.seconds += seconds
    running: dict[Future[tuple[int, float, str]], tuple[Trial, int]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            while len(running) < jobs and (found := _furthest_behind(trials, running.values())):
                trial, missing = found
                number = next(n for n in itertools.count() if n not in trial.begun)
                trial.begun.add(number)
                running[pool.submit(portion, trial, number, min(trial.portion, missing))] = (trial, number)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                _finished(*running.pop(future), *future.result(), memory)


def _furthest_behind(trials: Sequence[Trial], running: Collection[tuple[Trial, int]]) -> tuple[Trial, int] | None:
    """The trial of which the smallest part is done or running, and how much is missing of it; None: there is none."""
    open_ = []
    for trial in trials:
        ahead = trial.done + trial.portion * sum(busy is trial for busy, _ in running)
        if ahead < trial.total and len(trial.broken) < GIVE_UP:
            open_.append((ahead / trial.total, trial.name, trial, trial.total - ahead))
    return min(open_)[2:] if open_ else None


def _finished(trial: Trial, number: int, done: int, seconds: float, said: str, memory: Path) -> None:
    trial.done += done
    trial.seconds += seconds
    if said:
        trial.broken.append(number)
        print(f"{trial.name}: seed {trial.seed(number)} failed\n{said}", flush=True)
        return
    with open(memory, "a") as file:
        file.write(json.dumps([trial.name, number, done, round(seconds, 1)]) + "\n")


def _remembered(memory: Path) -> list[tuple[str, int, int, float]]:
    """(name, number, how many, seconds) of the portions that have passed."""
    return [json.loads(line) for line in memory.read_text().splitlines()] if memory.exists() else []


def _memory() -> Path:
    """Where the portions of this very code are noted."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    folder = ROOT / ".torture"
    folder.mkdir(exist_ok=True)
    return folder / f"{commit.stdout.strip() or 'unknown'}.jsonl"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the numbers")
    parser.add_argument("--only", action="append", choices=[trial.name for trial in TRIALS], help="these trials alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="portions at a time")
    options = parser.parse_args()
    trials = [trial for trial in TRIALS if not options.only or trial.name in options.only]
    for trial in trials:
        if trial.total > trial.portion:  # else it is one piece
            trial.total = max(1, round(trial.total * options.share))
    run(trials, options.jobs, _memory())
    for trial in trials:
        wrong = f"{len(trial.broken)} portions FAILED" if trial.broken else "0 failed"
        print(f"{trial.name:9} {trial.done:7} of {trial.total:7} {trial.unit:38} {trial.seconds:8.0f} s  {wrong}")
    return 1 if any(trial.broken or trial.done < trial.total for trial in trials) else 0


if __name__ == "__main__":
    sys.exit(main())
