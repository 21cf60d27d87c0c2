"""The dashboard's costs, beside btop and bmon where they are installed, in one run.

Start: from the command until it has drawn the panes at a terminal of its own, as a ratio to `python -c pass` of the
same round; no terminal emulator has to start first. Processor time: of the dashboard alone (its ear is another process)
in a real terminal (tmux), as a share of one core, while nothing happens and while the ring moves, which a still ear of
this bench makes it do. Memory: resident size at the start and at the end.

    python -m bench.tui [--rounds N] [--seconds S] [--json]
"""

import argparse
import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.screen import screen

ROOT = Path(__file__).resolve().parent.parent
WARM_S = 8.0
"""Until a program has its caches: growth before that is no leak."""

TICKS = os.sysconf("SC_CLK_TCK")
SOCKETS = itertools.count()

MOVING = """
import asyncio, sys
from textual.timer import Timer
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.config.schema import Config
from echoctl.tui import run as running
from echoctl.tui.app import Dashboard
from echoctl.tui.options import Options
from echoctl.tui.feed import EarEvent
from echoctl.tui.live_state import Role
from dataclasses import replace
import math

class Busy(Dashboard):
    def on_mount(self):
        super().on_mount()
        self.set_timer(1.0, self.begin)

    def begin(self):
        self.live.now = replace(self.live.now, role=Role.STARTING)
        sandbox = {"holds": "none", "sent_bytes": None, "why": ""}
        self.post_message(EarEvent({"type": "ready", "words": ["alexa"], "device": "bench", "sandbox": sandbox}))
        self.post_message(EarEvent({"type": "state", "state": "listening", "muted": False, "by": ""}))
        self.count = 0
        self.set_interval(0.08, self.sound)

    def sound(self):
        self.count += 1
        level = abs(math.sin(self.count / 3)) * 0.9
        self.post_message(EarEvent({"type": "level", "level": level, "score": 0.2, "threshold": 0.5}))
        if self.count % 4 == 0:
            text = "turn on the kitchen light " * (self.count % 3 + 1)
            self.post_message(EarEvent({"type": "partial", "text": text}))

running.Dashboard = Busy
running.run(Options(spec=EarSpec(), listen=False), Config(), print)
"""
"""A dashboard whose ear is made up: levels at the rate of a real one, words that grow."""


def environment(folder: str) -> dict[str, str]:
    """Of a person whose home is `folder`."""
    drop = ("ECHOCTL_", "PYTHON", "TMUX", "NO_COLOR")
    env = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
    return env | {"HOME": folder, "PYTHONPATH": str(ROOT), "COLORTERM": "truecolor"}


@contextmanager
def terminal(command: str, folder: str) -> Iterator["Tmux"]:
    """Run a command in a terminal of 120x40, with a server of its own."""
    tmux = Tmux(f"echoctl-bench-{os.getpid()}-{next(SOCKETS)}")
    env = environment(folder) | {"TERM": "tmux-256color"}
    start = ["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", f"exec {command}"]
    tmux(*start, env=env)
    try:
        yield tmux
    finally:
        tmux("kill-server")


class Tmux:
    def __init__(self, socket: str) -> None:
        self._socket = socket

    def __call__(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout

    @property
    def pid(self) -> int:
        """Of what runs in it."""
        return int(self("display-message", "-p", "#{pane_pid}"))


def used(pid: int) -> float:
    """Seconds of processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def first_paint(command: Sequence[str], word: str, folder: str) -> tuple[float, float]:
    """Milliseconds from the command until the word is drawn, and of processor time until then."""
    with screen(command, environment(folder) | {"TERM": "xterm-256color"}) as made:
        return (made.seen(word) - made.began) * 1000, made.busy_ms()


def bare() -> tuple[float, float]:
    """The same of `python -c pass`."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (time.perf_counter() - began) * 1000, busy * 1000


def share(command: str, folder: str, seconds: float) -> tuple[float, float]:
    """(percent of one core, growth of memory in MB) of a program that is left alone."""
    with terminal(command, folder) as tmux:
        pid = tmux.pid
        time.sleep(WARM_S)
        before, size, began = used(pid), resident(pid), time.monotonic()
        time.sleep(seconds)
        percent = 100 * (used(pid) - before) / (time.monotonic() - began)
        return percent, (resident(pid) - size) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    python = f"'{sys.executable}'"
    with tempfile.TemporaryDirectory() as folder:
        moving = Path(folder) / "moving.py"
        moving.write_text(MOVING)
        dashboard = f"{python} -m echoctl tui --no-listen"
        start = [sys.executable, "-m", "echoctl", "tui"]
        first_paint(start, "history", folder)
        starts = [(bare(), first_paint(start, "history", folder)) for _ in range(options.rounds)]
        programs = {"echoctl tui, nothing happens": dashboard, "echoctl tui, listening": f"{python} {moving}"}
        programs |= {name: name for name in ("btop", "bmon") if shutil.which(name)}
        costs = {name: share(command, folder, options.seconds) for name, command in programs.items()}
    result = {
        "first_paint_ms": round(statistics.median(start[0] for _, start in starts)),
        "ratio": round(statistics.median(start[0] / alone[0] for alone, start in starts), 1),
        "cpu_ratio": round(statistics.median(start[1] / alone[1] for alone, start in starts), 1),
        "percent": {name: round(percent, 2) for name, (percent, _) in costs.items()},
        "growth_mb": {name: round(growth, 2) for name, (_, growth) in costs.items()},
        "load": round(os.getloadavg()[0], 1),
    }
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{options.rounds} rounds, {options.seconds:.0f} s each; load {result['load']}")
    ratios = f"{result['ratio']}x of python -c pass, {result['cpu_ratio']}x of its processor time"
    print(f"first paint {result['first_paint_ms']} ms, {ratios}")
    for name, (percent, growth) in costs.items():
        print(f"{name:<30} {percent:6.2f} % of a core  {growth:+6.2f} MB")


if __name__ == "__main__":
    main()
