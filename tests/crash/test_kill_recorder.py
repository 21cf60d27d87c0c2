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
from tests.crash.mortals import Mortal, delete, record
from tests.heard import nobody

KILLS = 100


def record_until_killed(seed: int, after_s: float) -> dict[str, str]:
    """Id -> hash of everything that was acknowledged before SIGKILL."""
    mortal = Mortal(record, seed)
    time.sleep(after_s)
    return dict(mortal.kill())


def whole(selection: Selection) -> dict[str, str]:
    """Id -> hash of each recording as it opens now."""
    hashes = {}
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        for recording in opened.page(selection, 0):
            transcript = opened.show(recording.id).transcript
            assert transcript
            pcm = codec.decode_flac(opened.flac(recording.id)[1])
            hashes[recording.id] = hashlib.sha256(pcm + transcript.text.encode()).hexdigest()
    return hashes


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
    # What was committed and not yet acknowledged is whole as well.
    hashes = whole(Selection(all=True))
    assert {uid: hashes[uid] for uid in acknowledged} == acknowledged
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


@pytest.mark.slow
def test_a_purge_that_is_killed_has_taken_all_or_nothing(vault: Path) -> None:
    chance = random.Random(5)
    outcomes = set()
    for seed in range(20):
        made = list(record_until_killed(seed, 0.2))
        mortal = Mortal(delete, *made)
        time.sleep(chance.uniform(0.0, 0.03))
        mortal.kill()
        with reader.opened(nobody, needs_key=True) as opened:
            assert opened
            left = [recording for recording in opened.page(Selection(ids=tuple(made)), 0) if not recording.damaged]
        assert len(left) in (0, len(made))
        outcomes.add(bool(left))
        if left:
            whole(Selection(ids=tuple(made)))
        purge.run(purge.plan(Selection(all=True)))
    assert outcomes == {True, False}  # the kills came before and after the commit, or this shows little
