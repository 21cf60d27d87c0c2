"""The whole way: sound and packets in, a verdict out, against what the simulated speaker says it did."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.traffic.data import windows_of
from tests.conftest import REPOSITORY, Run
from tests.lab import scene
from tests.lab.cloud import NAMES
from tests.lab.net import INTERFACE, SPEAKER_MAC, NetLab, missing, network

Cli = Callable[..., Run]

pytestmark = pytest.mark.lab


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


def sent(cli: Cli) -> dict[str, tuple[int, int]]:
    """Name -> bytes up and down, as echoctl counted them."""
    rows = cli("traffic", "endpoints", "--json").json["endpoints"]
    return {row["name"]: (row["bytes_up"], row["bytes_down"]) for row in rows if row["name"] in NAMES}


def said(truth: list[dict[str, object]]) -> dict[str, tuple[int, int]]:
    """The same as the speaker counted it."""
    sums: Counter[tuple[str, str]] = Counter()
    for connection in truth[-1]["connections"]:  # type: ignore[attr-defined]
        for key in ("tx", "rx"):
            sums[connection["name"], key] += connection[key]
    return {name: (sums[name, "tx"], sums[name, "rx"]) for name, key in sums if key == "tx"}


def test_both_hear_the_same_wake_word_and_later_the_speaker_sends_unasked(net_lab: NetLab, cli: Cli) -> None:
    lines: list[str] = []
    ending = scene.play(net_lab, environment(), lines.append)
    assert ending.code == 12, "\n".join([*lines, ending.verdict])
    assert ending.verdict.startswith("kitchen: unexplained uploads: 1\n")
    sentences = ending.verdict.splitlines()
    assert any('the word "Alexa" was heard: explained.' in line for line in sentences)
    assert any(line.endswith("and nobody called it.") for line in sentences)

    (given,) = cli("traffic", "verdict", "--json").json["verdicts"]
    called, alone = (event for event in ending.truth if event["event"] == "wake")
    assert len(given["explained"]) == len(given["unexplained"]) == 1
    assert given["silent_wakes"] == given["possible"] == given["streams"] == []
    bursts = [row for row in cli("traffic", "bursts", "--json").json["bursts"] if row["class"] == "voice"]
    for burst, event in zip(sorted(bursts, key=lambda row: row["start"]), (called, alone), strict=True):
        assert abs(burst["start"] - event["t0"]) < 1.0
    assert [row["wake"] is not None for row in sorted(bursts, key=lambda row: row["start"])] == [True, False]
    assert any("explained by wake" in line for line in lines)
    done = [event["event"] for event in ending.truth]
    assert done == ["connected", "wake", "metrics", "update", "wake", "false", "end"]
    assert sent(cli) == said(ending.truth)
    assert "and nobody called it" in cli("traffic", "report", "--html", "-").stdout


@pytest.mark.parametrize(("family", "tls", "nat"), [("4", "1.3", True), ("4", "1.2", False), ("6", "1.3", False)])
def test_bytes_are_those_that_the_speaker_counted(cli: Cli, tmp_path: Path, family: str, tls: str, nat: bool) -> None:
    if why := missing():
        pytest.skip(f"no network lab: {why}")
    with network(nat=nat) as lab, captured(lab, tmp_path / "lab.pcap"):
        truth = watched(lab, family, tls)
    counted = sent(cli)
    assert len(counted) == 3
    assert counted == said(truth)
    assert by_connection(tmp_path / "lab.pcap") == {
        (each["remote"], each["port"]): (each["tx"], each["rx"])
        for each in truth[-1]["connections"]  # type: ignore[attr-defined]
    }
    rows = cli("traffic", "bursts", "--json").json["bursts"]
    assert {row["device"] for row in rows} == {SPEAKER_MAC}
    assert not {row["class"] for row in rows} & {"voice", "possible"}


@contextmanager
def captured(lab: NetLab, file: Path) -> Iterator[None]:
    """tcpdump beside it, on the same interface."""
    options = ("-s", "256", "-B", "8192", "-U", "-Z", "root")
    command = lab.beside("router", "tcpdump", "-i", INTERFACE, *options, "-w", str(file))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr and "listening" in child.stderr.readline()
        yield
        child.terminate()


def by_connection(file: Path) -> dict[tuple[str, int], tuple[int, int]]:
    """(endpoint, port of the speaker) -> bytes up and down, the name server left out."""
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for window in windows_of(file)[0]:
        if not window.remote.endswith((".53", "::53")):
            up, down = sums.get((window.remote, window.port), (0, 0))
            sums[window.remote, window.port] = up + window.up, down + window.down
    return sums


def watched(lab: NetLab, family: str, tls: str) -> list[dict[str, object]]:
    """Watch the speaker refuse, report and update; returns what it says it did."""
    command = lab.beside("router", sys.executable, "-m", "echoctl", "traffic", "watch", "-i", INTERFACE, "--json")
    watching = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert watching.stdout and json.loads(watching.stdout.readline())["what"] == "begun"
        speaker = lab.speaker("--family", family, "--tls", tls)
        for word in ("false", "metrics", "update"):
            speaker.do(word)
        speaker.off()
        time.sleep(1.5)
    finally:
        watching.terminate()
        watching.communicate(timeout=20)
    return speaker.truth
