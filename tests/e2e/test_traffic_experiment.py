"""The guided experiment with a speaker that answers, and that does not stop when it is muted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY, Run
from tests.lab.net import INTERFACE, SPEAKER_MAC, NetLab

pytestmark = pytest.mark.lab

Cli = Callable[..., Run]

SILENCE_MIN, PAUSE_S, ASKS = "0.45", "9", 3
"""Each phase is a little longer than a verdict needs."""

WORD_S = 0.8
"""So long it takes to say a wake word."""


def test_the_experiment_leads_through_silence_requests_and_mute(net_lab: NetLab, cli: Cli) -> None:
    options = ["-i", INTERFACE, "--prompt", "--silence", SILENCE_MIN, "--pause", PAUSE_S, "--asks", str(ASKS), "--json"]
    command = net_lab.beside("router", sys.executable, "-m", "echoctl", "traffic", "experiment", *options)
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    speaker = net_lab.speaker()
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env) as guided:
        assert guided.stdin and guided.stdout and guided.stderr
        told = []
        try:
            for line in guided.stderr:
                told.append(line)
                if "press Enter" not in line:
                    continue
                guided.stdin.write("\n")
                guided.stdin.flush()
                # Once it does so although it is muted.
                if "then ask" in line and ("muted" not in line or f"1 of {ASKS}" in line):
                    time.sleep(WORD_S)
                    speaker.tell("wake")
        finally:
            guided.stdin.close()
        result = json.loads(guided.stdout.read())
    speaker.off()
    assert guided.returncode == 12, told
    sent = [event["tx"] for event in speaker.truth if event["event"] == "wake"]
    idle, asked, muted = result["phases"]
    assert [(each["phase"], each["verdict"]) for each in (idle, asked, muted)] == [
        ("idle", "quiet"),
        ("asked", "only when called"),
        ("muted", "unexplained uploads"),
    ]
    assert [len(each["explained"]) for each in (idle, asked, muted)] == [0, ASKS, 0]
    assert (len(muted["unexplained"]), muted["meaning"]) == (1, "it sent speech all the same")
    assert asked["meaning"] == f"{ASKS} requests went out, 0 did not"
    # The end of a request and its acknowledgement of the answer are small, and may miss the burst.
    assert result["learnt"]["bytes"] == pytest.approx(min(sent[:ASKS]) / 3, rel=0.02)
    (device,) = cli("traffic", "devices", "--json").json["devices"]
    assert (device["mac"], device["thresholds"]) == (SPEAKER_MAC, result["learnt"])
    assert not cli("traffic", "bursts", "--class", "possible", "--json").json["bursts"]
