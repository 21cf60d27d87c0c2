"""A power loss at any moment loses nothing that was acknowledged and spoils nothing: tests/crash/power.py has how.

`make torture` takes thousands of moments.
"""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.crash.aftermath import check, ended, use
from tests.crash.power import TRACED, Disk, calls
from tests.harness.counts import SEED, asked

LOSSES = asked(100)

SCENARIOS = ("append", "delete", "rotate", "guest")


def record(name: str, folder: Path, trace: Path) -> None:
    """Let the scenario run undisturbed, and write down what it does to the disk."""
    command = [
        "strace",
        "--seccomp-bpf",
        "-f",
        "-qq",
        "-y",
        "-xx",
        "-s",
        "1000000",
        "-e",
        f"trace={TRACED}",
        "-o",
        trace,
    ]
    done = subprocess.run(
        [*command, sys.executable, "-m", "tests.crash.victims", f"{name}={folder}"], capture_output=True, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    assert ended(folder) == 0


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_power_loss_loses_nothing(
    name: str,
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, int], None],
) -> None:
    monkeypatch.setenv("TEMPLATE_KEY", str(template / "now/state/keys/device.key"))
    monkeypatch.setenv("TURN", str(SEED))
    source, place, trace = tmp_path / name, tmp_path / "after", tmp_path / "trace"
    shutil.copytree(template / "now", source)
    disk = Disk.of(source)
    record(name, source, trace)
    recorded = [call for call in calls(trace) if str(source) in call.path]
    assert sum(call.kind == "sync" for call in recorded) > 3
    chance = random.Random(f"{name} {SEED}")
    moments = sorted(chance.randrange(len(recorded) + 1) for _ in range(-(-LOSSES // len(SCENARIOS))))
    done = 0
    for moment in moments:
        for call in recorded[done:moment]:
            disk.apply(call)
        done = moment
        disk.lose_power(chance, source, place)
        for told in disk.told:
            (place / Path(told).name).mkdir()
        use(place, monkeypatch)
        check(name, place, -9)
    record_property("done", len(moments))
    for call in recorded[done:]:
        disk.apply(call)
    assert (
        disk.files[str(source / "data/echoctl.db")] == (source / "data/echoctl.db").read_bytes()
    )  # the replay is true
