"""Importing a capture with everything on, beside a bare loop, other readers, tcpdump and tshark, in one run.

python -m bench.traffic.import_ [--packets 1000000] [--file CAPTURE] [--rounds 3]

Every reader but tcpdump (which only writes the packets to nowhere) finds bytes per device, endpoint and second.
echoctl also follows sequence numbers, cuts windows of 200 ms, reads names from DNS, TLS and QUIC, grades bursts, and
writes its store. The made-up hour has two video streams, a phone that uploads pictures, a laptop and three speakers.
CPU time is user and system time of the process and its children; the best round counts.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.traffic import readers
from bench.traffic.made import make_day, make_home

OURS = "echoctl, everything on"


def run(name: str, file: Path) -> tuple[float, int, int]:
    """CPU seconds, packets and MB of one reader in a process of its own, less the start of Python and its imports."""
    if name in readers.PROGRAMS:
        command = [*readers.PROGRAMS[name], str(file)]
        before = os.times()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} ended with exit code {done.returncode}")
        after = os.times()
        return after[2] + after[3] - before[2] - before[3], done.stdout.count(b"\n"), 0
    with tempfile.TemporaryDirectory() as store:
        os.chmod(store, 0o700)
        done = subprocess.run(
            [sys.executable, "-m", "bench.traffic.readers", name, str(file)],
            capture_output=True,
            text=True,
            env={**os.environ, "ECHOCTL_DATA_DIR": f"{store}/data", "HOME": store},
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    cpu, packets, size = done.stdout.split()
    return float(cpu), int(packets), int(size)


def available() -> list[str]:
    """The readers that this machine has."""
    names = list(readers.READERS)
    for module in ("dpkt", "scapy"):
        if subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            names = [name for name in names if not name.startswith(module)]
    return names + [name for name, command in readers.PROGRAMS.items() if shutil.which(command[0])]


def measure(file: Path, rounds: int) -> dict[str, float]:
    """Print a line per reader; returns microseconds per packet."""
    costs: dict[str, float] = {}
    packets = 0
    print(f"{'reader':32} {'packets/s':>10} {'us/packet':>10} {'MB':>5}")
    for name in available():
        results = []
        for _ in range(1 if name.startswith(("scapy", "tshark")) else rounds):
            results.append(run(name, file))
        cpu, counted, size = min(results)
        packets = packets if name in readers.PROGRAMS else counted
        costs[name] = cpu / packets * 1e6
        print(f"{name:32} {packets / cpu:10.0f} {costs[name]:10.2f} {size or '':>5}", flush=True)
    for other in ("bare struct loop", "dpkt, whole objects"):
        if other in costs:
            print(f"{OURS}: {costs[other] / costs[OURS]:.2f}x of {other}")
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = wanted.file or Path(folder) / "home.pcap"
        if not wanted.file:
            make_home(file, wanted.packets)
        print(f"{file.name}: {file.stat().st_size / 1e6:.0f} MB")
        measure(file, wanted.rounds)
        day = Path(folder) / "day.pcap"
        number = make_day(day)
        begun = time.perf_counter()
        cpu, _, size = run(OURS, day)
        wall = time.perf_counter() - begun
        print(f"a day of a speaker, {number} packets: {cpu:.2f} s, {wall:.2f} s with the start of Python, {size} MB")


if __name__ == "__main__":
    main()
