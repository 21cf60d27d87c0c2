import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl.errors import StoreError
from echoctl.store.database import db


def test_an_exception_rolls_back_and_the_connection_stays_usable(made: str) -> None:
    conn = db.connect(made)
    with pytest.raises(KeyboardInterrupt), db.immediate(conn):
        conn.execute("INSERT INTO event(at_ms, kind, data) VALUES(1, 'x', '{}')")
        raise KeyboardInterrupt
    assert not conn.in_transaction
    assert conn.execute("SELECT count(*) FROM event").fetchone() == (0,)


@pytest.mark.usefixtures("impatient")
def test_a_busy_database_is_a_store_error(made: str) -> None:
    one, two = db.connect(made), db.connect(made)
    with db.immediate(one), pytest.raises(StoreError, match="busy"), db.immediate(two):
        pass


def test_mistakes_of_the_program_are_not_disguised(made: str) -> None:
    conn = db.connect(made)
    with pytest.raises(sqlite3.OperationalError, match="no such table"), db.immediate(conn):
        conn.execute("SELECT * FROM nonsense")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), db.session(made) as conn:
        conn.execute("SELECT * FROM nonsense")


_LIMITED = """
import resource, signal, sys
from echoctl.errors import StoreError
from echoctl.store.database import db
conn = db.connect(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
done = 0
try:
    while True:
        with db.immediate(conn):
            conn.execute("INSERT INTO event(at_ms, kind, data) VALUES(1, 'x', ?)", ("x" * 20_000,))
        done += 1
except StoreError as error:
    assert not conn.in_transaction
    sys.stdout.write(f"{done} {error.hint}")
"""


def test_a_file_that_may_not_grow_is_a_store_error_and_loses_nothing(made: str) -> None:
    run = subprocess.run([sys.executable, "-c", _LIMITED, made], capture_output=True, text=True)
    assert run.stderr == ""
    done = int(run.stdout.split()[0])
    assert done > 0
    conn = db.connect(made)
    assert conn.execute("SELECT count(*) FROM event").fetchone() == (done,)
    assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting needs root")
def test_a_full_disk_is_a_store_error_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k,mode=0700", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        conn = db.connect(str(disk / "echoctl.db"), create=True)
        done = 0
        with pytest.raises(StoreError, match="full") as caught:
            while True:
                with db.immediate(conn):
                    conn.execute("INSERT INTO event(at_ms, kind, data) VALUES(1, 'x', ?)", ("x" * 20_000,))
                done += 1
        assert "space" in caught.value.hint
        conn.close()
        # The log stays behind, since there is no room to merge it: what was committed is in the two together.
        roomy = tmp_path / "roomy"
        shutil.copytree(disk, roomy)
        conn = db.connect(str(roomy / "echoctl.db"))
        assert done > 0
        assert conn.execute("SELECT count(*) FROM event").fetchone() == (done,)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _write(path: str, n: int) -> None:
    conn = db.connect(path, create=True)
    for _ in range(n):
        with db.immediate(conn):
            conn.execute("SELECT count(*) FROM event").fetchone()
            conn.execute("INSERT INTO event(at_ms, kind, data) VALUES(1, 'x', '{}')")


def test_processes_that_create_and_write_at_once_wait_for_each_other(path: str) -> None:
    Path(path).parent.mkdir(mode=0o700)
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write, args=(path, 60)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert db.connect(path).execute("SELECT count(*) FROM event").fetchone() == (180,)
    assert sorted(os.listdir(os.path.dirname(path)))[0] == "echoctl.db"
    assert not os.path.exists(path + ".new")
