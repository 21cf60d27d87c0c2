"""System calls that fail: SIGKILL, a full disk and I/O errors, injected from outside into the real process (strace)
at the n-th write or sync of appending, purging, rotating, a guest's stay and a migration.

Whatever happens: what was acknowledged is there, a purge took all or nothing, no key is needed to finish it, nothing is
corrupt, and nothing but an EchoctlError came out. `make torture` lets every call fail, of lives of several lengths.
"""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.crash.aftermath import check, ended, use
from tests.crash.victims import SAID, SCENARIOS
from tests.harness.counts import SEED, asked

FAULTS = asked(200)

KINDS = (
    ("pwrite64", "signal=KILL:when={}"),
    ("fdatasync,fsync", "signal=KILL:when={}"),
    ("pwrite64,write,writev,fallocate", "error=ENOSPC:when={}+"),
    ("fdatasync,fsync", "error=EIO:when={}"),
    ("pwrite64", "error=EIO:when={}"),
    ("write,writev,ftruncate,rename,unlink", "signal=KILL:when={}"),
)
"""Which calls, and what happens to the n-th of each: a disk that is full stays full."""

BEYOND = 12
"""Calls may fail without the process minding: it is not at its end before so many more have done nothing."""


def inject(calls: str, what: str, jobs: dict[str, Path]) -> None:
    """Run the scenarios under strace."""
    command = [
        "strace", "--seccomp-bpf", "-f", "-qq", "-o", "/dev/null",
        "-e", f"trace={calls}", "-e", f"inject={calls}:{what}",
        sys.executable, "-m", "tests.crash.victims", *(f"{name}={folder}" for name, folder in jobs.items()),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def plan() -> Iterator[tuple[int, int, set[str]]]:
    """(kind, n, scenarios still going): every call once, in an order that meets early and late ones when it is cut off.

    The caller takes a scenario out of the set when nothing failed. What is beyond its last call by far is left out.
    """
    clean: dict[tuple[int, str], int] = {}
    numbers = [1, 3, 6, 12, 25, 2, 9, 17, 4, 30, 5, 8, 7, 10, 11, 14, 20, 40]
    for n in itertools.chain(numbers, (n for n in itertools.count(13) if n not in numbers)):
        for kind in range(len(KINDS)):
            going = {name for name in SCENARIOS if n < clean.get((kind, name), n) + BEYOND}
            if going:
                asked = set(going)
                yield kind, n, going
                clean |= {(kind, name): min(n, clean.get((kind, name), n)) for name in asked - going}
        if all(n > clean.get((kind, name), n) + BEYOND for kind in range(len(KINDS)) for name in SCENARIOS):
            return


def attempt(
    kind: int, n: int, jobs: dict[str, Path], template: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, bool]:
    """Let the n-th call fail in each scenario and look at what is left; whether something did fail."""
    for name, folder in jobs.items():
        shutil.copytree(template / ("older" if name == "migrate" else "now"), folder)
    inject(KINDS[kind][0], KINDS[kind][1].format(n), jobs)
    failed = {}
    for name, folder in jobs.items():
        use(folder, monkeypatch)
        how = ended(folder)
        where = f"{name}: {KINDS[kind]} n={n}, ended with {how}"
        assert not (folder / "traceback").exists(), f"{where}\n{(folder / 'traceback').read_text()}"
        assert how in (0, SAID, -9), where
        try:
            check(name, folder, how)
        except Exception as problem:
            raise AssertionError(where) from problem
        shutil.rmtree(folder)
        failed[name] = how != 0
    return failed


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_whatever_fails_nothing_is_lost_and_nothing_is_half_done(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, int], None]
) -> None:
    monkeypatch.setenv("TEMPLATE_KEY", str(template / "now/state/keys/device.key"))
    injected = dict.fromkeys(SCENARIOS, 0)
    monkeypatch.setenv("TURN", str(SEED))  # how long a life, and with it how many calls
    for kind, n, names in plan():
        done = attempt(kind, n, {name: tmp_path / name for name in names}, template, monkeypatch)
        for name, failed in done.items():
            injected[name] += failed
        names -= {name for name, failed in done.items() if not failed}
        if sum(injected.values()) >= FAULTS:
            break
    record_property("done", sum(injected.values()))
    assert min(injected.values()) > 0
