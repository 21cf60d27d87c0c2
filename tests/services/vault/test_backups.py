import contextlib
import errno
import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import NotFound, StoreError, UsageError
from echoctl.model.speech import Selection, StoreMode
from echoctl.services.history import reader, verifying
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import backups, unlocking
from echoctl.store.database import db
from tests.heard import MORNING_MS, chooses, nobody, pcm, say

ALL = Selection(all=True)


def texts() -> list[str]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert {finding.state for finding in verifying.recordings_of(opened)} <= {verifying.State.WHOLE}
        assert verifying.problems(opened) == []
        return [r.transcript.text for r in opened.page(ALL, 0) if r.transcript]


def lose(store: Path, *folders: str) -> None:
    for folder in folders:
        shutil.rmtree(store / folder)


def test_a_backup_is_one_private_file_and_brings_everything_back(
    recorder: Recorder, store: Path, tmp_path: Path
) -> None:
    for n in range(3):
        say(recorder, f"number {n}", MORNING_MS + n, sound=pcm(3.0))
    file = tmp_path / "backup"
    made = backups.backup(str(file))
    assert (made.recordings, made.opens_elsewhere) == (3, False)
    assert made.size == file.stat().st_size and file.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("backup?*"))
    recorder.close()
    lose(store, "data")
    assert backups.restore(str(file)).device_key == "ok"
    assert texts() == ["number 2", "number 1", "number 0"]


def test_no_device_key_and_no_word_is_in_it(recorder: Recorder, tmp_path: Path) -> None:
    say(recorder, "zanzibar")
    backups.backup(str(tmp_path / "backup"))
    data = (tmp_path / "backup").read_bytes()
    assert Path(paths.device_key()).read_bytes() not in data and b"zanzibar" not in data


def test_on_another_machine_the_recovery_line_opens_it(recorder: Recorder, store: Path, tmp_path: Path) -> None:
    say(recorder, "hello")
    recorder.close()
    line, _ = unlocking.make_recovery(nobody)
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    assert backups.backup(str(tmp_path / "backup")).opens_elsewhere
    lose(store, "data", "state")
    assert backups.restore(str(tmp_path / "backup")).device_key != "ok"
    unlocking.recover(line, None)
    assert texts() == ["hello"]


def record_until_told(done: "multiprocessing.synchronize.Event", begun: "multiprocessing.synchronize.Event") -> None:
    with contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())) as recorder:
        n = 0
        while not done.is_set():
            say(recorder, f"number {n}", MORNING_MS + n, sound=bytes(6400))
            begun.set()
            n += 1


def test_backups_of_a_busy_store_are_each_whole(vault: Path, store: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    done, begun = context.Event(), context.Event()
    writer = context.Process(target=record_until_told, args=(done, begun))
    writer.start()
    try:
        assert begun.wait(60)
        sizes = [backups.backup(str(tmp_path / f"b{n}")).recordings for n in range(4)]
    finally:
        done.set()
        writer.join()
    assert writer.exitcode == 0 and sizes == sorted(sizes) and sizes[-1] > 0
    for n in range(4):
        lose(store, "data")
        backups.restore(str(tmp_path / f"b{n}"))
        found = texts()
        assert found == [f"number {m}" for m in reversed(range(len(found)))] and found


def test_nothing_is_overwritten_and_nothing_half_is_left(recorder: Recorder, tmp_path: Path) -> None:
    say(recorder, "hello")
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("there", "link"):
        with pytest.raises(UsageError, match="exists"):
            backups.backup(str(tmp_path / name))
    with pytest.raises(StoreError):
        backups.backup(str(tmp_path / "no/such/folder"))
    assert (tmp_path / "there").read_text() == "mine"
    assert not (tmp_path / "target").exists() and not list(tmp_path.glob("*.part*"))


def test_a_stick_that_knows_no_second_names_takes_a_backup(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT and exFAT."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    say(recorder, "one")
    monkeypatch.setattr(os, "link", refused)
    out = tmp_path / "stick" / "backup"
    out.parent.mkdir()
    backups.backup(str(out))
    before = out.read_bytes()
    assert before.startswith(b"SQLite format 3") and list(out.parent.iterdir()) == [out]
    with pytest.raises(UsageError, match="exists"):
        backups.backup(str(out))
    assert out.read_bytes() == before
    monkeypatch.setattr(os, "rename", refused)
    with pytest.raises(StoreError):
        backups.backup(str(out) + "2")
    assert list(out.parent.iterdir()) == [out]


def test_a_store_is_never_restored_over(recorder: Recorder, tmp_path: Path) -> None:
    say(recorder, "hello")
    backups.backup(str(tmp_path / "backup"))
    with pytest.raises(UsageError, match="store already"):
        backups.restore(str(tmp_path / "backup"))


@pytest.mark.parametrize("left", ["-wal", "-journal"])
def test_a_log_that_was_left_behind_is_not_played_into_a_restored_store(
    recorder: Recorder, store: Path, tmp_path: Path, left: str
) -> None:
    say(recorder, "hello")
    backups.backup(str(tmp_path / "backup"))
    log = Path(paths.database() + "-wal").read_bytes()
    recorder.close()
    lose(store, "data")
    (store / "data").mkdir(mode=0o700)
    (store / f"data/echoctl.db{left}").write_bytes(log)
    with pytest.raises(UsageError, match="is there already"):
        backups.restore(str(tmp_path / "backup"))
    assert not Path(paths.database()).exists()


def test_without_a_vault_there_is_nothing_to_back_up(store: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        backups.backup(str(tmp_path / "backup"))
    assert not (tmp_path / "backup").exists()


def foreign(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


_SPOILS: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "noise": lambda file: file.write_bytes(os.urandom(8192)),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "zeros": lambda file: file.write_bytes(file.read_bytes()[:8192] + bytes(8192) + file.read_bytes()[16384:]),
    "other program": lambda file: foreign(file, "PRAGMA application_id = 5"),
    "newer": lambda file: foreign(file, "PRAGMA user_version = 9999"),
    "trigger": lambda file: foreign(
        file, "CREATE TRIGGER spy AFTER INSERT ON recording BEGIN DELETE FROM recording; END"
    ),
    "view": lambda file: foreign(file, "CREATE VIEW spy AS SELECT * FROM recording"),
    "slab": lambda file: foreign(file, "UPDATE keyslab SET wraps = x'00'"),
    "folder": lambda file: (file.unlink(), file.mkdir()),
    "pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "nowhere": lambda file: file.unlink(),
}


@pytest.mark.parametrize("how", list(_SPOILS))
@pytest.mark.timeout(30)
def test_what_is_no_good_backup_is_refused_and_leaves_nothing(
    recorder: Recorder, store: Path, tmp_path: Path, how: str
) -> None:
    for n in range(3):
        say(recorder, "hello", MORNING_MS + n)
    recorder.close()
    file = tmp_path / "backup"
    backups.backup(str(file))
    _SPOILS[how](file)
    lose(store, "data")
    with pytest.raises((StoreError, UsageError, NotFound)) as caught:
        backups.restore(str(file))
    assert caught.value.hint and ".part" not in caught.value.message
    assert list((store / "data").iterdir()) == []


def test_a_backup_carries_its_schema_and_its_rights(recorder: Recorder, store: Path, tmp_path: Path) -> None:
    say(recorder, "hello")
    recorder.close()
    file = tmp_path / "backup"
    backups.backup(str(file))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == db.SCHEMA_VERSION
        assert connection.execute("PRAGMA application_id").fetchone()[0] == db.APPLICATION_ID
    lose(store, "data")
    backups.restore(str(file))
    assert Path(paths.database()).stat().st_mode & 0o777 == 0o600
    assert texts() == ["hello"]
