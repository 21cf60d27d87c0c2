"""How soon a live upload is told: from its first packet to the line that `traffic watch --json` prints of it.

    python -m bench.traffic.delay [--wakes N] [--json]

In the lab's network (tests/lab/net.py), so it needs root. The simulated speaker's requests are 20 to 40 kB over 2.4 to
3.6 s. Beside it: how much of a core the watching takes.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from typing import Any

from tests.lab import net

PAUSE_S = 2.5


def measure(wakes: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home, net.network() as lab:
        env = {**os.environ, "HOME": home, "PYTHONPATH": str(net.ROOT)}
        command = [sys.executable, "-m", "echoctl", "traffic", "watch", "-i", net.INTERFACE, "--json"]
        watching = subprocess.Popen(lab.beside("router", *command), env=env, stdout=subprocess.PIPE, text=True)
        lines: list[str] = []
        assert watching.stdout
        watching.stdout.readline()
        reader = threading.Thread(target=lambda: lines.extend(watching.stdout or ()))
        reader.start()
        speaker, begun = lab.speaker(), time.monotonic()
        for _ in range(wakes):
            speaker.do("wake")
            time.sleep(PAUSE_S)
        lasted = time.monotonic() - begun
        watching.terminate()
        _, status, used = os.wait4(watching.pid, 0)
        watching.returncode = os.waitstatus_to_exitcode(status)
        reader.join()
    return {**_delays(lines), "asked": wakes, "core_share": (used.ru_utime + used.ru_stime) / lasted}


def _delays(lines: list[str]) -> dict[str, Any]:
    """By grade: seconds from a burst's first packet to the first line that has it so."""
    first: dict[tuple[str, float], float] = {}
    for line in lines:
        event = json.loads(line)
        if event["type"] == "burst" and event["class"] in ("possible", "voice"):
            told = datetime.fromisoformat(event["at"]).timestamp() - event["start"]
            for grade in ("possible", "voice") if event["class"] == "voice" else ("possible",):
                first.setdefault((grade, event["start"]), told)
    table = {}
    for grade in ("possible", "voice"):
        ranked = sorted(told for (kind, _), told in first.items() if kind == grade)
        if ranked:
            p95 = ranked[math.ceil(0.95 * len(ranked)) - 1]
            table[grade] = {"told": len(ranked), "median": ranked[len(ranked) // 2], "p95": p95, "max": ranked[-1]}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wakes", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if why := net.missing():
        raise SystemExit(f"no network lab: {why}")
    found = measure(options.wakes)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for grade in ("possible", "voice"):
        row = found.get(grade, {"told": 0, "median": 0, "p95": 0, "max": 0})
        print(
            f"at least {grade:<9} {row['told']:>3} of {found['asked']}  "
            f"median {row['median']:.2f} s  p95 {row['p95']:.2f} s"
        )
    print(f"of a core: {found['core_share']:.1%}")


if __name__ == "__main__":
    main()
