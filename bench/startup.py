"""How long echoctl takes to start, as ratios to a bare interpreter measured in the same run.

Milliseconds say more about the machine than about the program, and a busy machine doubles them. So every command
runs in turn with `python -c pass`, round after round, and the medians are compared; processor time, which other
work disturbs less, is compared beside it. Bytecode is compiled first: without it this would measure the compiler.

    python bench/startup.py [--rounds N] [--json]
"""

import argparse
import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BARE = ("python -c pass", [sys.executable, "-c", "pass"], None)
PEERS = ("sqlite-utils", "llm", "http")


SCRIPT = "import sys\nfrom echoctl.__main__ import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
"""What pip installs as bin/echoctl."""


def commands(script: Path) -> list[tuple[str, list[str], float | None]]:
    """(label, command, budget as a ratio to the bare interpreter)."""
    sys.path.insert(0, str(ROOT))
    from echoctl.cli.app import COMMANDS

    def echoctl(*arguments: str) -> list[str]:
        return [sys.executable, str(script), *arguments]

    rows: list[tuple[str, list[str], float | None]] = [
        BARE,
        ("echoctl --version", echoctl("--version"), 1.25),
        ("echoctl status", echoctl("status"), 2.0),
        ("echoctl mute", echoctl("mute"), 2.0),
        ("echoctl _complete rooms (Tab)", echoctl("_complete", "rooms"), 3.0),
        ("echoctl --help", echoctl("--help"), 6.0),
    ]
    rows += [(f"echoctl {name} --help", echoctl(name, "--help"), 6.0) for name in COMMANDS]
    if "history" in COMMANDS:
        rows.append(("echoctl history list", echoctl("history", "list"), None))
    for peer in PEERS:
        path = shutil.which(peer, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if path:
            rows.append((f"{peer} --version", [path, "--version"], None))
    return rows


def once(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """(milliseconds from start to exit, milliseconds of processor time) of one run."""
    null = subprocess.DEVNULL
    started = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdin=null, stdout=null, stderr=null)
    _, status, used = os.wait4(child.pid, 0)
    took = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} exits with {child.returncode}: nothing to measure")
    return took * 1000, (used.ru_utime + used.ru_stime) * 1000


def measure(rounds: int, folder: str) -> list[dict[str, Any]]:
    """One row per command, all commands in turn in each round, so that a burst of other work hits all alike."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ECHOCTL_", "PYTHON"))}
    environment |= {"HOME": folder, "PYTHONPATH": str(ROOT)}
    for kind in ("DATA", "STATE", "CONFIG", "CACHE"):
        environment.pop(f"XDG_{kind}_HOME", None)
    script = Path(folder) / "echoctl"
    script.write_text(SCRIPT)
    todo = commands(script)
    for _, command, _ in todo:
        once(command, environment)
    runs = [[once(command, environment) for _, command, _ in todo] for _ in range(rounds)]
    return [
        {
            "command": label,
            "ms": round(statistics.median(run[at][0] for run in runs), 1),
            # Each run is compared with the bare one of its own round.
            "ratio": round(statistics.median(run[at][0] / run[0][0] for run in runs), 2),
            "cpu_ratio": round(statistics.median(run[at][1] / run[0][1] for run in runs), 2),
            "budget": budget,
        }
        for at, (label, _, budget) in enumerate(todo)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for folder in (ROOT / "echoctl", sysconfig.get_path("purelib")):
        compileall.compile_dir(str(folder), quiet=2, workers=2)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options.rounds, folder)
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "rounds": options.rounds, "rows": rows}, indent=2))
        return
    load = os.getloadavg()[0]
    print(f"Python {sys.version.split()[0]}, {options.rounds} interleaved rounds, medians; load {load:.1f}")
    print(f"{'':<30} {'ms':>8} {'ratio':>8} {'of cpu':>8}  budget")
    for row in rows:
        budget = f"{row['budget']}x" if row["budget"] else ""
        over = "  over" if row["budget"] and row["ratio"] > row["budget"] else ""
        print(f"{row['command']:<30} {row['ms']:>8} {row['ratio']:>7}x {row['cpu_ratio']:>7}x  {budget}{over}")


if __name__ == "__main__":
    main()
