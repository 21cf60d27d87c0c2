"""A disk that is full, for real: a small file system of its own."""

import contextlib
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from echoctl.audio import codec
from echoctl.clock import SystemClock
from echoctl.errors import ExitCode, StoreError
from echoctl.model.speech import Detection, Recording, Selection, StoreMode
from echoctl.services.history import archiving, reader, statistics
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.services.vault import unlocking
from echoctl.store import integrity
from tests.conftest import Run
from tests.crash import remnants
from tests.heard import MORNING_MS, nobody, pcm, say

pytestmark = pytest.mark.lab
ALL = Selection(all=True)


@contextlib.contextmanager
def small_disk(disk: Path, size: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of its own for everything that echoctl keeps."""
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a small file system needs the right to mount")
    try:
        for kind in ("data", "state", "config", "cache"):
            monkeypatch.setenv(f"ECHOCTL_{kind.upper()}_DIR", str(disk / kind))
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store on a file system of 3 MB, of which half a MB is something else's."""
    with small_disk(tmp_path / "disk", "3m", monkeypatch) as disk:
        unlocking.ensure()
        (disk / "ballast").write_bytes(bytes(512 << 10))
        yield disk


def fill_up(disk: Path) -> None:
    """Leave not a byte."""
    with pytest.raises(OSError, match="No space"), open(disk / "rest", "wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            continue


def fill(recorder: Recorder) -> tuple[dict[str, bytes], StoreError]:
    """Record until that fails; what was acknowledged, and how it failed."""
    sounds: dict[str, bytes] = {}
    for n in range(1000):
        sound = pcm(0.7)
        try:
            sounds[say(recorder, f"number {n}", MORNING_MS + n, sound=sound).id] = sound
        except StoreError as error:
            return sounds, error
    raise AssertionError("the disk never became full")


def everything() -> list[Recording]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        return opened.page(ALL, 0)


def all_whole(sounds: dict[str, bytes]) -> None:
    assert {recording.id for recording in everything()} >= set(sounds)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        for uid, sound in sounds.items():
            assert opened.show(uid).transcript
            assert codec.decode_flac(opened.flac(uid)[1]) == sound
        assert integrity.problems(opened.connection) == []


def test_what_was_acknowledged_is_there_and_the_rest_is_exit_8(full: Path) -> None:
    recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
    sounds, error = fill(recorder)
    assert error.exit_code == ExitCode.STORE and "full" in error.message and error.hint
    assert len(sounds) > 20
    again, _ = fill(recorder)  # it may go on with something smaller, and fails in the same way
    recorder.close()
    all_whole(sounds | again)
    assert len(everything()) == len(sounds | again)


def test_when_there_is_space_again_it_goes_on(full: Path) -> None:
    recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
    sounds, _ = fill(recorder)
    (full / "ballast").unlink()
    sound = pcm(0.7)
    made = say(recorder, "space again", MORNING_MS + 5000, sound=sound)
    recorder.close()
    all_whole({**sounds, made.id: sound})


@pytest.mark.slow
@pytest.mark.parametrize("everything", [True, False])
def test_a_purge_that_is_larger_than_the_reserve_succeeds(
    everything: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "large", "32m", monkeypatch) as disk:
        unlocking.ensure()
        with remnants.recorder() as made:
            remnants.fill(made, 15_000, random.Random(1))
            detection = made.detected(Detection("alexa", 0.0, 0.0, 0.0), MORNING_MS)
        assert detection
        fill_up(disk)
        report = purge.run(replace(purge.plan(ALL), everything=everything))
        assert (report.count, report.done, report.keys_dead) == (15_000, True, True)
        stats = statistics.stats()
        assert stats and stats.detections == (0 if everything else 1)
        assert len(report.receipts) > 1  # it went in parts
        assert purge.plan(ALL).count == 0


def test_a_command_says_so_in_one_line(full: Path, cli: Callable[..., Run], tmp_path: Path) -> None:
    recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
    say(recorder, "first", MORNING_MS - 1)
    out = tmp_path / "out"
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        list(archiving.to_archive(opened, opened.ids(ALL), str(out)))
    purge.run(purge.plan(ALL))
    sounds, _ = fill(recorder)
    recorder.close()
    fill_up(full)
    for argv in (["history", "import", out], ["vault", "backup", full / "backup"]):
        said = cli(*argv)
        assert said.exit == 8 and "Traceback" not in said.stderr, said.stderr
        assert "full" in said.stderr and len(said.stderr.splitlines()) == 2
    assert not list(full.glob("backup*"))
    all_whole(sounds)
