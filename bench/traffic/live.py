"""Live, in the lab's network: how soon a request is told, what another host's traffic does to the count, and the cost.

python -m bench.traffic.live [--requests 24] [--mbit 300] [--pps 50]      needs root, for network namespaces

Four runs of `traffic watch`: the speaker alone; beside another host that sends so many Mbit/s through the same
interface; the same with --device, which leaves that host out in the kernel; and a minute of so many packets a second of
one device. Told is the time from the first packet of a request to the line that calls it voice. Of a core: user and
system time of the watching and of its tcpdump.
"""

import argparse
import contextlib
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.lab import net
from tests.lab.cloud import NAME_SERVER
from tests.traffic.inputs import packets as p

FRAME = 1300
STEADY_S = 60
OTHER = "02:00:00:00:00:60"


def flood(mbit: float, seconds: float) -> None:
    """Send another host's frames out of eth0 (in the speaker's namespace), in lots of a few milliseconds."""
    body = p.ipv4("192.168.77.60", "203.0.113.99", p.udp(5000, 9999, bytes(FRAME)), proto=17)
    frame = p.ethernet(OTHER, "02:00:00:00:00:99", body)
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(("eth0", 0))
    per_second = mbit * 1e6 / 8 / len(frame)
    begun, sent = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        while sent < per_second * passed:
            out.send(frame)
            sent += 1
        time.sleep(0.002)
    print(sent)


def trickle(per_second: float, seconds: float) -> None:
    """Send a device's packets of 200 bytes out of eth0, evenly."""
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(("eth0", 0))
    begun = time.monotonic()
    for number in range(int(per_second * seconds)):
        body = p.ipv4("192.168.77.60", "203.0.113.99", p.tcp(5000, 443, number * 200, bytes(200)))
        time.sleep(max(0.0, begun + number / per_second - time.monotonic()))
        out.send(p.ethernet(OTHER, "02:00:00:00:00:99", body))


def cpu_s(pid: int) -> float:
    """User and system time of a process and of its children so far."""
    with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/task/{pid}/children") as children:
        fields = stat.read().rsplit(")", 1)[1].split()
        below = [int(child) for child in children.read().split()]
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_s, below))


@contextlib.contextmanager
def watching(lab: net.NetLab, *options: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """`traffic watch` on the router: its process, and what it says; all of that at the end."""
    events: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "echoctl", "traffic", "watch", "--json", "-i", net.INTERFACE, *options]
        env = {**os.environ, "PYTHONPATH": str(net.ROOT), "HOME": home, "ECHOCTL_DATA_DIR": f"{home}/data"}
        child = subprocess.Popen(lab.beside("router", *command), stdout=subprocess.PIPE, text=True, env=env)
        assert child.stdout
        events.append(json.loads(child.stdout.readline()))
        thread = threading.Thread(target=lambda: events.extend(map(json.loads, child.stdout or ())))
        thread.start()
        yield child.pid, events
        child.send_signal(2)
        thread.join(20)
        child.wait(20)


def beside(lab: net.NetLab, code: str) -> "subprocess.Popen[str]":
    """Run a function of this module in the speaker's namespace."""
    command = lab.beside("speaker", sys.executable, "-c", f"from bench.traffic.live import *; {code}")
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=net.ROOT)


def watch(lab: net.NetLab, requests: int, mbit: float, *options: str) -> str:
    """One run; returns a line of figures."""
    with watching(lab, *options) as (pid, events):
        speaker = lab.speaker()
        time.sleep(2)
        before, begun = cpu_s(pid), time.monotonic()
        other = beside(lab, f"flood({mbit}, {requests * 7})") if mbit else None
        for _ in range(requests):
            speaker.do("wake")
            time.sleep(2.5)
        share = (cpu_s(pid) - before) / (time.monotonic() - begun)
        sent = int(other.communicate()[0]) if other else 0
        truth = speaker.off()
        time.sleep(1)
    return line(events, speaker.truth, truth, share, sent)


def steady(lab: net.NetLab, per_second: float) -> str:
    """A minute of one device; returns the cost."""
    with watching(lab) as (pid, events):
        source = beside(lab, f"trickle({per_second}, {STEADY_S + 4})")
        time.sleep(2)
        before, begun = cpu_s(pid), time.monotonic()
        time.sleep(STEADY_S)
        share = (cpu_s(pid) - before) / (time.monotonic() - begun)
        source.communicate()
    return f"{events[-1]['packets']} packets, {events[-1]['dropped']} dropped; {share:.2%} of a core"


def line(
    events: list[dict[str, Any]], done: list[dict[str, Any]], truth: dict[str, Any], share: float, sent: int
) -> str:
    """The figures of one run."""
    told = []
    for deed in (each for each in done if each["event"] == "wake"):
        at = [
            datetime.fromisoformat(event["at"]).timestamp()
            for event in events
            if event.get("class") == "voice" and event["end"] >= deed["t0"] and event["start"] <= deed["t1"]
        ]
        told.append(min(at) - deed["t0"] if at else float("inf"))
    told.sort()
    seconds = [event for event in events if event["type"] == "second" and event["device"] == net.SPEAKER_MAC]
    # the speaker counts its connections, not its questions to the name server
    up = sum(event["bytes_up"] for event in seconds if not event["endpoint"].endswith(f".{NAME_SERVER}"))
    real = sum(connection["tx"] for connection in truth["connections"])
    end = events[-1]
    return (
        f"told after {told[len(told) // 2]:.2f} s median, {told[math.ceil(len(told) * 0.95) - 1]:.2f} s p95, "
        f"{told[-1]:.2f} s at most of {len(told)}; "
        f"{end['packets']} packets ({sent} of the other host), {end['dropped']} dropped; "
        f"speaker's bytes {'equal' if up == real else f'{up} of {real}'}; {share:.1%} of a core"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=24)
    parser.add_argument("--mbit", type=float, default=300)
    parser.add_argument("--pps", type=float, default=50)
    wanted = parser.parse_args()
    if why := net.missing():
        sys.exit(f"no network lab: {why}")
    for name, mbit, options in (
        ("alone", 0.0, ()),
        (f"beside {wanted.mbit:.0f} Mbit/s", wanted.mbit, ()),
        ("the same, --device", wanted.mbit, ("--device", net.SPEAKER_MAC)),
    ):
        with net.network() as lab:
            print(f"{name}: {watch(lab, wanted.requests, mbit, *options)}", flush=True)
    with net.network() as lab:
        print(f"{wanted.pps:.0f} packets/s: {steady(lab, wanted.pps)}", flush=True)


if __name__ == "__main__":
    main()
