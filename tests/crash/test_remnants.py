"""A purged key is in no byte of any file, and in no block of the disk: over random schedules, beside the mutations that
the same search must catch, and with another SQLite. `make torture` looks for 100,000 with each SQLite.
"""

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.model.speech import Selection
from echoctl.services.purging import purge
from echoctl.services.system import database
from echoctl.services.vault import unlocking
from echoctl.store import slabs
from echoctl.store.database import db, wal
from tests.conftest import REPOSITORY
from tests.crash import other_sqlite
from tests.crash.remnants import left, pages, wraps
from tests.crash.schedule import schedule
from tests.harness.counts import SEED, asked

Tell = Callable[[str, int], None]


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
def test_no_purged_key_is_in_any_file(store: Path, temporary: Path, record_property: Tell) -> None:
    keys = asked(5000)
    purged, found = schedule(SEED, keys, temporary)
    record_property("done", purged)
    assert purged >= keys
    assert found == 0
    health = database.check()
    assert health and health.problems == ()


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.skipif(not other_sqlite.library(), reason="no second SQLite for this machine")
def test_no_purged_key_is_in_any_file_with_another_sqlite(store: Path, temporary: Path, record_property: Tell) -> None:
    """One that was built without SECURE_DELETE, which Debian's has."""
    keys = asked(5000)
    command = [sys.executable, "-m", "tests.crash.schedule", str(SEED), str(keys), str(temporary)]
    env = other_sqlite.environment()
    done = subprocess.run(command, stdout=subprocess.PIPE, env=env, cwd=REPOSITORY, check=True)
    said = json.loads(done.stdout)
    assert said["sqlite"] != sqlite3.sqlite_version and not said["secure_delete"], "this Python has SQLite built in"
    record_property("done", said["purged"])
    assert said["purged"] >= keys
    assert (said["found"], said["problems"]) == (0, [])


class NoSecureDelete(db._Connection):
    """With the pragma off: nothing here may depend on it."""

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
def test_no_purged_key_is_in_any_file_without_secure_delete(
    store: Path, temporary: Path, record_property: Tell
) -> None:
    keys = asked(2500)
    unlocking.ensure()
    with db.session(paths.database()) as connection:
        assert connection.execute("PRAGMA secure_delete").fetchone() == (0,)
    purged, found = schedule(SEED, keys, temporary)
    record_property("done", purged)
    assert (purged >= keys, found) == (True, 0)


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


def image(keys: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
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
    chance, dead = random.Random(SEED), []
    try:
        while len(dead) < keys:
            _record_in_a_process(120, SEED + len(dead), kill=chance.random() < 0.5)
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
def test_no_purged_key_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Tell) -> None:
    keys = asked(600)
    purged, found = image(keys, tmp_path, monkeypatch)
    record_property("done", purged)
    assert purged >= keys
    assert found == 0


@pytest.mark.lab
@pytest.mark.slow
@needs_root
def test_the_search_finds_keys_on_the_disk_when_the_log_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "_overwrite", lambda *_: None)
    assert image(600, tmp_path, monkeypatch)[1] > 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_writers_a_purger_and_a_reader_never_find_it_locked(store: Path, record_property: Tell) -> None:
    """At once, for some seconds (`make torture`: a minute). Nothing but what was meant to go is gone."""
    seconds = asked(5)
    unlocking.ensure()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.crash.crowd", role, str(seconds)],
            stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        )
        for role in ("writer", "writer", "purger", "reader")
    ]  # fmt: skip
    told = [child.communicate(timeout=seconds + 120)[0].split() for child in children]
    assert [child.returncode for child in children] == [0] * 4, told
    record_property("done", seconds)
    made, purged = set(told[0]) | set(told[1]), set(told[2])
    with contextlib.closing(db.connect(paths.database())) as connection:
        there = {uid for (uid,) in connection.execute("SELECT uid FROM recording")}
    assert purged <= made and there == made - purged
    assert len(made) > 50 and len(purged) > 5
    assert int(told[3][0]) > 50
    health = database.check()
    assert health and health.problems == ()
