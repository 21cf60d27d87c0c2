"""SIGKILL for the ear, the microphone or the front, at random moments: what was announced is there, and opens.

Another listener on the same store goes on all the while.
"""

import json
import os
import random
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import Run
from tests.harness.counts import SEED, asked
from tests.lab.listener import Running

KILLS = asked(15)
"""Each loads the speech model. `make torture` has hundreds; tests/crash/test_kill_recorder.py kills without a model."""


def recorded(lines: list[str]) -> set[str]:
    """The recordings that a listener announced, whose last line may have been cut off."""
    events = [json.loads(line) for line in lines if line.strip().endswith("}")]
    return {event["id"] for event in events if event["type"] == "recording"}


@pytest.mark.usefixtures("installed_model")
@pytest.mark.slow
@pytest.mark.timeout(60 + 4 * KILLS)
def test_no_acknowledged_recording_is_lost_or_unreadable(
    start: Callable[..., Running],
    cli: Callable[..., Run],
    sample: Path,
    tmp_path: Path,
    record_property: Callable[[str, int], None],
) -> None:
    pcm, rate = soundfile.read(sample, dtype="int16")
    soundfile.write(tmp_path / "long.wav", np.tile(pcm, 20), rate)
    chance = random.Random(20261123 + SEED)
    announced: set[str] = set()
    soundfile.write(tmp_path / "longer.wav", np.tile(pcm, 20 + KILLS), rate)
    with (tmp_path / "beside.json").open("w") as told:
        beside = start("listen", "--input", tmp_path / "longer.wav", "--realtime", "--json", stdout=told.fileno())
    for turn in range(KILLS):
        listener = start("listen", "--input", tmp_path / "long.wav", "--json")
        for _ in range(chance.randint(1, 2)):
            listener.until('"state": "thinking"')
        time.sleep(chance.uniform(0.0, 0.1))  # decoding, sealing, the commit, its announcement, or just after it
        processes = [listener.process.pid, listener.ear, listener.microphone]
        gone = [os.pidfd_open(process) for process in processes[1:]]
        os.kill(processes[turn % 3], signal.SIGKILL)
        rest, _ = listener.process.communicate(timeout=30)
        for process in gone:  # none outlives the others
            assert select.select([process], [], [], 5)[0]
            os.close(process)
        announced |= recorded([*listener.lines, *rest.splitlines()])
    assert len(announced) >= KILLS / 3
    assert beside.end() == 143, "it went on all the while"
    others = recorded((tmp_path / "beside.json").read_text().splitlines())
    assert others
    announced |= others
    stored = {
        recording["id"]: recording for recording in cli("history", "list", "--limit", "0", "--json").json["recordings"]
    }
    assert announced <= stored.keys()
    assert not [recording for recording in stored.values() if recording["damaged"] or recording["locked"]]
    (tmp_path / "out").mkdir()
    run = cli("history", "export", *stored, "--output", tmp_path / "out", timeout=300)
    assert run.exit == 0, run.stderr
    assert len(list((tmp_path / "out").iterdir())) == len(stored)
    record_property("done", KILLS)
