"""What one Tab costs: static words inside each shell, and values that a process must look up.

    python bench/tab.py [--rounds N]

bash and fish complete a hundred times in one process, less a process that completes never; zsh completes only at a
terminal, and is not timed. Values are looked up in a store of 2000 recordings, by turns with a bare interpreter.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMES = 100

_BASH = """
source completions/echoctl.bash
COMP_WORDS=(echoctl history list --ro) COMP_CWORD=3
for ((j = 0; j < $0; j++)); do _echoctl; done; true
"""
_FISH = """
source completions/echoctl.fish
for i in (seq $argv[1]); complete -C"echoctl history list --ro" >/dev/null; end
"""
SHELLS = {"bash": ["bash", "-c", _BASH], "fish": ["fish", "--no-config", "-c", _FISH]}
KINDS = ("recordings", "rooms", "wake-words", "devices", "models")


def took(command: list[str], environment: dict[str, str]) -> float:
    """Milliseconds of processor time of one run: other work on the machine disturbs them less than a clock's."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} exits with {child.returncode}: nothing to measure")
    return (used.ru_utime + used.ru_stime) * 1000


def fill(folder: str) -> None:
    """Make a store with recordings of which only the times were kept."""
    os.environ.update(ECHOCTL_DATA_DIR=folder)
    sys.path.insert(0, str(ROOT))
    from echoctl import paths
    from echoctl.clock import SystemClock
    from echoctl.services.vault import unlocking
    from echoctl.store.database import db

    unlocking.ensure()
    with db.session(paths.database()) as connection, db.immediate(connection):
        for number in range(2000):
            at_ms = SystemClock().now_ms() - number * 60_000
            connection.execute(
                "INSERT INTO recording(uid, at_ms, duration_ms, wake_word, room, mode, scores, size)"
                " VALUES(printf('01M%023d', ?), ?, 3000, 'alexa', 'room ' || ?, 'times', '{}', 0)",
                (number, at_ms, number % 7),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ECHOCTL_", "PYTHON"))}
        environment |= {"HOME": folder, "ECHOCTL_DATA_DIR": folder, "PYTHONPATH": str(ROOT)}
        fill(folder)
        print(f"{'processor time':<32} {'ms':>7} {'ratio':>7}")
        for shell, command in SHELLS.items():
            if shutil.which(shell):
                runs = [
                    (took([*command, str(TIMES)], environment) - took([*command, "0"], environment)) / TIMES
                    for _ in range(rounds)
                ]
                print(f"{f'static words in {shell}':<32} {statistics.median(runs):>7.2f}")
        bare = [sys.executable, "-c", "pass"]
        rows = {kind: [sys.executable, "-m", "echoctl", "_complete", kind] for kind in KINDS}
        for command in rows.values():
            took(command, environment)
        turns = [
            (took(bare, environment), {kind: took(command, environment) for kind, command in rows.items()})
            for _ in range(rounds)
        ]
        print(f"{'python -c pass':<32} {statistics.median(base for base, _ in turns):>7.1f} {1:>6.2f}x")
        for kind in KINDS:
            ms = statistics.median(run[kind] for _, run in turns)
            ratio = statistics.median(run[kind] / base for base, run in turns)
            print(f"{f'values: {kind}':<32} {ms:>7.1f} {ratio:>6.2f}x")


if __name__ == "__main__":
    main()
