import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlite_utils

from echoctl.errors import StoreError
from echoctl.store import integrity, listeners, state
from echoctl.store.database import db


def pragma(conn: sqlite3.Connection, name: str) -> object:
    return conn.execute(f"PRAGMA {name}").fetchone()[0]


def test_every_connection_has_the_pragmas_that_privacy_and_durability_need(made: str) -> None:
    conn = db.connect(made)
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "temp_store": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "wal_autocheckpoint": 256,
        "journal_size_limit": -1,
        "page_size": 4096,
        "application_id": 0x65636863,
        "user_version": db.SCHEMA_VERSION,
        "busy_timeout": 5000,
    }
    assert {name: pragma(conn, name) for name in wanted} == wanted


def test_files_are_private_and_stay_so_while_in_use(path: str) -> None:
    old = os.umask(0)
    try:
        conn = db.connect(path, create=True)
        with db.immediate(conn):
            conn.execute("INSERT INTO event(at_ms, kind, data) VALUES(1, 'x', '{}')")
    finally:
        os.umask(old)
    folder = Path(path).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        "echoctl.db": 0o600,
        "echoctl.db-wal": 0o600,
        "echoctl.db-shm": 0o600,
    }


def test_looking_creates_nothing(path: str) -> None:
    with pytest.raises(StoreError, match="no database") as caught:
        db.connect(path)
    assert "echoctl listen" in caught.value.hint
    assert not Path(path).parent.exists()


def test_all_tables_are_strict(made: str) -> None:
    conn = db.connect(made)
    rows = conn.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE '%sqlite%'")
    tables = dict(rows.fetchall())
    expected = {"vault", "keyslots", "epoch", "keyslab", "recording", "chunk", "detection", "event", "state"}
    expected |= {"device", "endpoint", "second", "burst", "capture", "verdict"}
    expected |= {"purge_job", "filler", "retention", "guest", "listener"}
    assert set(tables) == expected
    assert set(tables.values()) == {1}


def test_the_state_row_is_there_from_the_start(made: str) -> None:
    assert db.connect(made).execute("SELECT * FROM state").fetchall() == [(1, 0, "", 0)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"garbage" * 4000, "is not a database"),
        (b"x", "is not an echoctl database"),
    ],
)
def test_a_file_that_is_no_database_is_refused_in_one_line(path: str, content: bytes, message: str) -> None:
    Path(path).parent.mkdir(mode=0o700)
    Path(path).write_bytes(content)
    os.chmod(path, 0o600)
    for create in (False, True):
        with pytest.raises(StoreError, match=message) as caught:
            db.connect(path, create=create)
        assert caught.value.hint
    assert Path(path).read_bytes() == content


def test_a_truncated_database_is_refused(made: str) -> None:
    os.truncate(made, os.path.getsize(made) - 3 * 4096 - 100)
    with pytest.raises(StoreError, match=r"damaged|not a database"):
        db.connect(made)


def test_a_foreign_database_is_refused_and_left_alone(path: str) -> None:
    Path(path).parent.mkdir(mode=0o700)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t(x)")
    other.close()
    os.chmod(path, 0o600)
    before = Path(path).read_bytes()
    with pytest.raises(StoreError, match="not an echoctl database"):
        db.connect(path, create=True)
    assert Path(path).read_bytes() == before


def test_a_newer_schema_is_refused(made: str) -> None:
    conn = sqlite3.connect(made)
    conn.execute(f"PRAGMA user_version = {db.SCHEMA_VERSION + 1}")
    conn.close()
    with pytest.raises(StoreError, match="newer echoctl") as caught:
        db.connect(made)
    assert caught.value.exit_code == 8


def test_an_older_schema_is_migrated(path: str) -> None:
    Path(path).parent.mkdir(mode=0o700)
    conn = sqlite3.connect(path)
    conn.execute(f"PRAGMA application_id = {db.APPLICATION_ID}")
    conn.close()
    os.chmod(path, 0o600)
    conn = db.connect(path)
    assert pragma(conn, "user_version") == db.SCHEMA_VERSION
    assert conn.execute("SELECT count(*) FROM state").fetchone() == (1,)


def test_what_the_one_listener_of_before_did_is_its_row_now(path: str) -> None:
    from echoctl.store.database import migrations

    Path(path).parent.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"PRAGMA application_id = {db.APPLICATION_ID}")
        migrations.steps.apply(sqlite_utils.Database(conn), stop_before="m006_listeners")
        conn.execute("UPDATE state SET muted = 1, muted_by = 'x', muted_ms = 5, device = 'a mic', started_ms = 7")
        conn.execute("UPDATE state SET led = 'muted', seal = 'full', counters = '{\"wakes\": 3}'")
        conn.execute("PRAGMA user_version = 5")
    os.chmod(path, 0o600)
    with contextlib.closing(db.connect(path)) as conn:
        assert state.read(conn) == (True, "x", 5)
        ((row, counters),) = listeners.read(conn).values()
        assert (row["led"], row["device"], row["started_ms"], row["ear_sandbox"]) == ("muted", "a mic", 7, "full")
        assert counters == {"wakes": 3}


def test_there_are_as_many_steps_as_the_version_says() -> None:
    from echoctl.store.database import migrations

    names = [step.name for step in migrations.steps._migrations]
    assert [name[:5] for name in names] == [f"m{n:03}_" for n in range(1, db.SCHEMA_VERSION + 1)]


def test_a_step_that_fails_leaves_nothing_behind(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from echoctl.store.database import schema

    monkeypatch.setattr(schema, "FIRST", (*schema.FIRST[:3], "CREATE NONSENSE"))
    with pytest.raises(sqlite3.OperationalError):
        db.connect(path, create=True)
    assert not os.path.exists(path)
    monkeypatch.undo()
    assert pragma(db.connect(path, create=True), "user_version") == db.SCHEMA_VERSION


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_open_to_others_is_refused(made: str, mode: int) -> None:
    os.chmod(made, mode)
    with pytest.raises(StoreError, match="open to other users") as caught:
        db.connect(made)
    assert caught.value.hint == f"chmod 600 {made}"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_can_change_is_refused(made: str, mode: int) -> None:
    os.chmod(os.path.dirname(made), mode)
    with pytest.raises(StoreError, match="can be changed by others"):
        db.connect(made)


def test_a_link_is_not_followed(made: str, tmp_path: Path) -> None:
    link = tmp_path / "data" / "link.db"
    link.symlink_to(made)
    with pytest.raises(StoreError, match="not a plain file"):
        db.connect(str(link))


def test_a_dangling_link_is_not_created_through(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "echoctl.db").symlink_to(target)
    with pytest.raises(StoreError):
        db.connect(str(folder / "echoctl.db"), create=True)
    assert not target.exists()


def test_somebody_elses_file_is_refused(made: str) -> None:
    if os.geteuid() == 0:
        os.chown(made, 65534, 65534)
    else:
        made = "/etc/passwd"
    with pytest.raises(StoreError, match="belongs to another user"):
        db.connect(made)


def test_odd_characters_in_the_path_are_part_of_the_path(tmp_path: Path) -> None:
    path = str(tmp_path / "a?mode=ro#b%20c" / "echoctl.db")
    db.connect(path, create=True).close()
    assert os.listdir(tmp_path) == ["a?mode=ro#b%20c"]
    db.connect(path).close()


def test_a_session_closes_and_tells_what_is_wrong_with_the_file(made: str) -> None:
    with db.session(made) as conn:
        conn.execute("INSERT INTO event(at_ms, kind, data) VALUES(1, CAST(x'ff' AS TEXT), '{}')")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        conn.execute("SELECT 1")
    with pytest.raises(StoreError, match="damaged"), db.session(made) as conn:
        conn.execute("SELECT kind FROM event").fetchall()
    with open(made, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(os.path.getsize(made) - 4096))
    with pytest.raises(StoreError, match="damaged") as caught, db.session(made) as conn:
        conn.execute("SELECT count(*) FROM event").fetchall()
    assert "db check" in caught.value.hint


def test_a_name_that_was_lost_in_the_schema_is_damage_and_a_wrong_query_is_a_bug(made: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such column"), db.session(made) as conn:
        conn.execute("SELECT wake_wort FROM recording")
    raw = bytearray(Path(made).read_bytes())
    at = raw.index(b"wake_word TEXT NOT NULL")
    raw[at + 8] ^= 1
    Path(made).write_bytes(raw)
    with pytest.raises(StoreError, match="is damaged"), db.session(made) as conn:
        conn.execute("SELECT wake_word FROM recording")
    with db.session(made) as conn:
        assert integrity.problems(conn) == ["the table recording is not as it was made"]


def test_a_text_where_bytes_belong_is_damage_and_anything_else_a_bug(made: str) -> None:
    with pytest.raises(TypeError), db.session(made):
        raise TypeError
    with db.session(made) as conn, db.immediate(conn):
        conn.execute("INSERT INTO epoch(uid, gen, created_ms, sealed) VALUES(x'', 1, 0, ?)", (b"root of 17 bytes.",))
    with db.session(made) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw = bytearray(Path(made).read_bytes())
    header = raw.rindex(bytes([12 + 17 * 2]), 0, raw.index(b"root of 17 bytes."))  # the serial type of such a blob
    raw[header] += 1  # of such a text
    Path(made).write_bytes(raw)
    with pytest.raises(StoreError, match="is damaged"), db.session(made) as conn:
        assert conn.execute("SELECT sealed FROM epoch").fetchone() == ("root of 17 bytes.",)
        raise TypeError


def test_a_file_format_that_never_was_is_damage(made: str) -> None:
    raw = bytearray(Path(made).read_bytes())
    raw[47] = 9  # the schema format
    Path(made).write_bytes(raw)
    with pytest.raises(StoreError, match="is damaged"):
        db.connect(made)


def test_data_version_tells_of_other_peoples_commits_only(made: str) -> None:
    one, two = db.connect(made), db.connect(made)
    before = db.data_version(one)
    with db.immediate(one):
        one.execute("UPDATE state SET muted = 1")
    assert db.data_version(one) == before
    with db.immediate(two):
        two.execute("UPDATE state SET muted = 0")
    assert db.data_version(one) != before


def test_opening_a_current_database_imports_nothing_heavy(made: str) -> None:
    code = "import sys; from echoctl.store.database import db; db.connect(sys.argv[1]); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code, made], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not loaded & {"sqlite_utils", "dataclasses", "enum", "contextlib", "json", "typing", "inspect"}
