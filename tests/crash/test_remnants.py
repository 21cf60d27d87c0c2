"""A purged key is in no byte of any file, and in no block of the disk: over random schedules, beside the mutations that
the same search must catch. ECHOCTL_KEYS and ECHOCTL_IMAGE_KEYS say how many; `make torture` looks for 100,000.
"""

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.model import Selection
from echoctl.services import database, purge, vaults
from echoctl.store import db, slabs, wal
from tests.conftest import REPOSITORY
from tests.crash.remnants import MORNING_MS, files, fill, left, pages, recorder, wraps
from tests.heard import store as store

KEYS = int(os.environ.get("ECHOCTL_KEYS", "5000"))
MINUTES = float(os.environ.get("ECHOCTL_MINUTES", "0.08"))
IMAGE_KEYS = int(os.environ.get("ECHOCTL_IMAGE_KEYS", "600"))


def schedule(seed: int, keys: int, temporary: Path) -> tuple[int, int]:
    """Record and purge in random portions until so many keys are purged; returns (purged, found in a file)."""
    chance, purged, found = random.Random(seed), 0, 0
    vaults.ensure()
    while purged < keys:
        with recorder() as made:
            fill(made, chance.choice((5, 60, 400, 700)), chance)
            if chance.random() < 0.5:  # else the listener has ended before the purge
                purged, found = _purge(chance, purged, found, temporary)
        if chance.random() < 0.7:
            purged, found = _purge(chance, purged, found, temporary)
    return purged, found


def _purge(chance: random.Random, purged: int, found: int, temporary: Path) -> tuple[int, int]:
    before = wraps()
    how = chance.random()
    if how < 0.15:
        selection = Selection(all=True)
    elif how < 0.5:
        selection = Selection(before_ms=MORNING_MS + chance.randrange(10**9))
    else:
        selection = Selection(ids=tuple(chance.sample(sorted(before), chance.randrange(len(before) + 1))))
    plan = purge.plan(selection)
    report = purge.run(plan, everything=selection.all)
    assert report.done
    raw = files(Path(paths.data_dir()), temporary)
    assert left([before[uid] for uid in before.keys() - set(plan.ids)], raw) == len(before) - plan.count
    return purged + plan.count, found + left([before[uid] for uid in plan.ids], raw)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where SQLite would put temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_no_purged_key_is_in_any_file(store: Path, temporary: Path) -> None:
    purged, found = schedule(1, KEYS, temporary)
    assert purged >= KEYS
    assert found == 0
    health = database.check()
    assert health and health.problems == ()


class NoSecureDelete(db._Connection):
    """As built without SECURE_DELETE, and with the pragma turned off: nothing here may depend on it."""

    def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
        if "secure_delete" in sql:
            sql = "PRAGMA secure_delete = OFF"
        return super().execute(sql, *rest)  # type: ignore[arg-type]


@pytest.fixture
def without_secure_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def made(*arguments: object, **rest: object) -> sqlite3.Connection:
        return connect(*arguments, **{**rest, "factory": NoSecureDelete})  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(db.sqlite3, "connect", made)


@pytest.mark.slow
@pytest.mark.usefixtures("without_secure_delete")
def test_no_purged_key_is_in_any_file_without_secure_delete(store: Path, temporary: Path) -> None:
    vaults.ensure()
    with db.session(paths.database()) as connection:
        assert connection.execute("PRAGMA secure_delete").fetchone() == (0,)
    purged, found = schedule(2, KEYS // 2, temporary)
    assert (purged >= KEYS // 2, found) == (True, 0)


class Rows:
    """The slabs' interface over rows and DELETE: what one would write first."""

    @staticmethod
    def write(connection: sqlite3.Connection, epoch: int, seq: int, wrapped: bytes) -> None:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS wrap(epoch, seq, wrapped, PRIMARY KEY(epoch, seq)) WITHOUT ROWID"
        )
        connection.execute("INSERT INTO wrap VALUES(?, ?, ?)", (epoch, seq, wrapped))

    @staticmethod
    def zero(connection: sqlite3.Connection, epoch: int, seqs: list[int]) -> None:
        connection.executemany("DELETE FROM wrap WHERE epoch = ? AND seq = ?", [(epoch, seq) for seq in seqs])

    @staticmethod
    def kill(connection: sqlite3.Connection, epoch: int) -> None:
        connection.execute("DELETE FROM wrap WHERE epoch = ?", (epoch,))
        connection.execute("UPDATE epoch SET dead = 1 WHERE id = ?", (epoch,))

    @staticmethod
    def read(connection: sqlite3.Connection, epoch: int) -> bytes:
        whole = bytearray(slabs.SLOTS * slabs.SLOT_BYTES)
        for seq, wrapped in connection.execute("SELECT seq, wrapped FROM wrap WHERE epoch = ?", (epoch,)):
            whole[seq * slabs.SLOT_BYTES : (seq + 1) * slabs.SLOT_BYTES] = wrapped
        return bytes(whole)


@pytest.mark.slow
def test_the_search_finds_keys_when_slabs_are_rows(
    store: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutation check: the very same schedule with DELETE and secure_delete leaves keys in the pages' gaps."""
    for name in ("write", "zero", "kill", "read"):
        monkeypatch.setattr(slabs, name, getattr(Rows, name))
    assert schedule(1, 2000, temporary)[1] > 0


def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Record, partly in processes that are killed, and purge on an ext4 file system of its own; search its image.

    Returns how many keys were purged, and how many are in the image.
    """
    file, place = tmp_path / "disk.img", tmp_path / "disk"
    place.mkdir()
    with open(file, "wb") as stream:
        stream.truncate(160 << 20)
    subprocess.run(["mkfs.ext4", "-q", file], check=True)
    if subprocess.run(["mount", "-o", "loop", file, place], capture_output=True).returncode:
        pytest.skip("no loop devices here")
    monkeypatch.setenv("ECHOCTL_DATA_DIR", str(place / "data"))
    monkeypatch.setenv("ECHOCTL_STATE_DIR", str(tmp_path / "state"))
    chance, dead = random.Random(3), []
    try:
        while len(dead) < IMAGE_KEYS:
            _record_in_a_process(120, len(dead), kill=chance.random() < 0.5)
            before = wraps()
            ids = chance.sample(sorted(before), len(before) * 3 // 4)
            assert purge.run(purge.plan(Selection(ids=tuple(ids)))).done
            dead += [before[uid] for uid in ids]
    finally:
        subprocess.run(["umount", place], check=True)
    return len(dead), left(dead, pages(file))


def _record_in_a_process(count: int, seed: int, *, kill: bool) -> None:
    command = [sys.executable, "-m", "tests.crash.remnants", str(count), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY) as child:
        assert child.stdout and child.stdout.readline() == b"done\n"
        if kill:
            child.kill()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount an image")


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(3600)
@needs_root
def test_no_purged_key_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    purged, found = image(tmp_path, monkeypatch)
    assert purged >= IMAGE_KEYS
    assert found == 0


@pytest.mark.lab
@pytest.mark.slow
@needs_root
def test_the_search_finds_keys_on_the_disk_when_the_log_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "_overwrite", lambda *_: None)
    assert image(tmp_path, monkeypatch)[1] > 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_writers_a_purger_and_a_reader_never_find_it_locked(store: Path) -> None:
    """At once, for ECHOCTL_MINUTES (CI: some seconds). Nothing but what was meant to go is gone."""
    seconds = MINUTES * 60
    vaults.ensure()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.crash.crowd", role, str(seconds)],
            stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        )
        for role in ("writer", "writer", "purger", "reader")
    ]  # fmt: skip
    told = [child.communicate(timeout=seconds + 120)[0].split() for child in children]
    assert [child.returncode for child in children] == [0] * 4, told
    made, purged = set(told[0]) | set(told[1]), set(told[2])
    with contextlib.closing(db.connect(paths.database())) as connection:
        there = {uid for (uid,) in connection.execute("SELECT uid FROM recording")}
    assert purged <= made and there == made - purged
    assert len(made) > 50 and len(purged) > 5
    assert int(told[3][0]) > 50
    health = database.check()
    assert health and health.problems == ()
