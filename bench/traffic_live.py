"""Live, in the lab's network: how soon a request is told, what another host's traffic does to the count, and the cost.

python -m bench.traffic_live [--requests 10] [--mbit 300]      needs root, for network namespaces

Three runs of `traffic watch`: the speaker alone; beside another host that sends so many Mbit/s through the same
interface; the same with --device, which leaves that host out in the kernel. Told is the time from the first packet of
a request to the line that calls it voice.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from typing import Any

from tests.lab import net
from tests.lab.cloud import NAME_SERVER
from tests.traffic import packets as p

FRAME = 1300
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


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(lab: net.NetLab, requests: int, mbit: float, *options: str) -> str:
    """One run; returns a line of figures."""
    events: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "echoctl", "traffic", "watch", "--json", "-i", net.INTERFACE, *options]
        env = {**os.environ, "PYTHONPATH": str(net.ROOT), "HOME": home, "ECHOCTL_DATA_DIR": f"{home}/data"}
        child = subprocess.Popen(lab.beside("router", *command), stdout=subprocess.PIPE, text=True, env=env)
        assert child.stdout
        events.append(json.loads(child.stdout.readline()))
        thread = threading.Thread(target=lambda: events.extend(map(json.loads, child.stdout or ())))
        thread.start()
        speaker = lab.speaker()
        time.sleep(2)
        before, begun = cpu_s(child.pid), time.monotonic()
        other = None
        if mbit:
            code = f"from bench.traffic_live import flood; flood({mbit}, {requests * 7})"
            other = subprocess.Popen(
                lab.beside("speaker", sys.executable, "-c", code), stdout=subprocess.PIPE, text=True, cwd=net.ROOT
            )
        for _ in range(requests):
            speaker.do("wake")
            time.sleep(2.5)
        share = (cpu_s(child.pid) - before) / (time.monotonic() - begun)
        sent = int(other.communicate()[0]) if other else 0
        truth = speaker.off()
        time.sleep(1)
        child.send_signal(2)
        thread.join(20)
        child.wait(20)
    return line(events, speaker.truth, truth, share, sent)


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
        f"told after {told[len(told) // 2]:.2f} s median, {told[int(len(told) * 0.95)]:.2f} s p95 of {len(told)}; "
        f"{end['packets']} packets ({sent} of the other host), {end['dropped']} dropped; "
        f"speaker's bytes {'equal' if up == real else f'{up} of {real}'}; {share:.1%} of a core"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10)
    parser.add_argument("--mbit", type=float, default=300)
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


if __name__ == "__main__":
    main()
