"""A recorder that is killed loses nothing that it has acknowledged, and spoils nothing."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from echoctl.audio import codec
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.purging import purge
from echoctl.services.system import database
from echoctl.services.vault import unlocking
from tests.heard import nobody

KILLS = 100

CHILD = """
import hashlib, random, sys
from echoctl.audio import codec
from echoctl.clock import SystemClock
from echoctl.model.speech import Detection, StoreMode, Transcript
from echoctl.services.vault import unlocking
from echoctl.services.history.recorder import Recorder
unlocking.ensure()
chance = random.Random(int(sys.argv[1]))
recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
codec.encode_flac(bytes(640))  # loads what it needs
print("ready", flush=True)
while True:
    pcm = chance.randbytes(chance.choice((640, 32_000, 160_000)))
    text = f"number {chance.randrange(10**9)}"
    at_ms = SystemClock().now_ms()
    detection = recorder.detected(Detection("alexa", 0.0, 0.0, 0.0), at_ms)
    made = recorder.commit(pcm=pcm, transcript=Transcript(text), at_ms=at_ms, detection=detection, wake_word="alexa",
                           scores={})
    print(made.id, hashlib.sha256(pcm + text.encode()).hexdigest(), flush=True)
"""


def record_until_killed(seed: int, after_s: float) -> dict[str, str]:
    """Id -> hash of everything that was acknowledged before SIGKILL."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(seed)], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    lines = [line.split() for line in child.stdout.read().splitlines()]
    child.wait()
    return {line[0]: line[1] for line in lines if len(line) == 2 and len(line[1]) == 64}


def whole(uid: str) -> str:
    """The hash of a recording as it opens now."""
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        transcript = opened.show(uid).transcript
        assert transcript
        return hashlib.sha256(codec.decode_flac(opened.flac(uid)[1]) + transcript.text.encode()).hexdigest()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_kills_lose_no_acknowledged_recording(vault: Path) -> None:
    chance = random.Random(7)
    acknowledged: dict[str, str] = {}
    seeds = 0
    while seeds < KILLS or len(acknowledged) <= KILLS:  # on a busy machine some die before there is anything to lose
        acknowledged |= record_until_killed(seeds, chance.uniform(0.0, 0.15))
        seeds += 1
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        stored = opened.page(Selection(all=True), 0)
    assert not [recording.id for recording in stored if recording.damaged]
    assert set(acknowledged) <= {recording.id for recording in stored}
    assert len(acknowledged) > KILLS
    assert {uid: whole(uid) for uid in acknowledged} == acknowledged
    for recording in stored:  # what was committed and not yet acknowledged is whole as well
        whole(recording.id)
    health = database.check()
    assert health and health.problems == ()


@pytest.mark.slow
def test_a_first_run_that_is_killed_can_be_done_again(store: Path) -> None:
    """At whatever moment the vault's making ends, the next run finishes it or finds it finished."""
    chance = random.Random(3)
    for _ in range(25):
        for folder in ("data", "state"):
            for file in sorted((store / folder).rglob("*"), reverse=True):
                file.unlink() if not file.is_dir() else file.rmdir()
        child = subprocess.Popen(
            [sys.executable, "-c", "from echoctl.services.vault import unlocking\nunlocking.ensure()"]
        )
        time.sleep(chance.uniform(0.05, 0.35))
        child.send_signal(signal.SIGKILL)
        child.wait()
        unlocking.ensure()
        assert unlocking.status().device_key == "ok"
        with reader.opened(nobody, needs_key=True) as opened:
            assert opened and opened.problem is None


PURGER = """
import sys
from echoctl.model.speech import Selection
from echoctl.services.purging import purge
plan = purge.plan(Selection(ids=tuple(sys.argv[1:])))
print("ready", flush=True)
purge.run(plan)
"""


@pytest.mark.slow
def test_a_purge_that_is_killed_has_taken_all_or_nothing(vault: Path) -> None:
    chance = random.Random(5)
    outcomes = set()
    for seed in range(20):
        made = list(record_until_killed(seed, 0.2))
        child = subprocess.Popen([sys.executable, "-c", PURGER, *made], stdout=subprocess.PIPE)
        assert child.stdout and child.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.03))
        child.send_signal(signal.SIGKILL)
        child.wait()
        with reader.opened(nobody, needs_key=True) as opened:
            assert opened
            left = [recording for recording in opened.page(Selection(ids=tuple(made)), 0) if not recording.damaged]
        assert len(left) in (0, len(made))
        outcomes.add(bool(left))
        for uid in {recording.id for recording in left}:
            whole(uid)
        purge.run(purge.plan(Selection(all=True)))
    assert outcomes == {True, False}  # the kills came before and after the commit, or this shows little
