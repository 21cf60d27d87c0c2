import contextlib
import os
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import StoreError
from echoctl.model.speech import StoreMode
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.store import slabs
from echoctl.store.database import db, key_marker, wal
from tests.heard import say

SECRET = b"a wrapped key that was in the log"


def log() -> bytes:
    return Path(paths.database() + "-wal").read_bytes()


def leave_in_the_log(connection: db.Connection) -> None:
    with db.immediate(connection):
        connection.execute("INSERT INTO event(at_ms, kind, data) VALUES(0, 'x', ?)", (SECRET.decode() * 100,))
    with db.immediate(connection):
        connection.execute("DELETE FROM event")
    assert SECRET in log()


def test_what_the_log_held_is_overwritten_before_it_is_truncated(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at through a second name, in the moment before SQLite cuts the file off."""
    seen = []
    checkpoint = wal._checkpoint

    def spy(connection: db.Connection, mode: str, end: float) -> bool:
        seen.append((mode, SECRET in log()))
        return checkpoint(connection, mode, end)

    monkeypatch.setattr(wal, "_checkpoint", spy)
    with contextlib.closing(db.connect(paths.database())) as connection:
        leave_in_the_log(connection)
        assert wal.erase(connection)
        assert seen == [("RESTART", True), ("RESTART", True), ("TRUNCATE", False)]
        assert log() == b""
        assert connection.execute("SELECT count(*) FROM filler").fetchone() == (0,)


def test_a_large_log_is_overwritten_to_its_end(vault: Path) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        with db.immediate(connection):
            connection.execute("INSERT INTO event(at_ms, kind, data) VALUES(0, 'x', hex(zeroblob(3000000)))")
        leave_in_the_log(connection)
        size = len(log())
        assert size > 6_000_000
        wal._checkpoint(connection, "RESTART", 0)
        wal._overwrite(connection, size)
        assert len(log()) >= size
        assert SECRET not in log()


def test_a_log_left_by_a_killed_recorder_is_overwritten_by_the_next_command(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = []
    erase = wal.erase
    monkeypatch.setattr(wal, "erase", lambda *args, **rest: erased.append(1) or erase(*args, **rest))
    if not (child := os.fork()):
        try:
            recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
            say(recorder, "one")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert key_marker.is_set(paths.database())
    with db.session(paths.database()):
        pass
    assert erased == [1]
    assert not key_marker.is_set(paths.database())
    with db.session(paths.database()):
        pass
    assert erased == [1]


def test_it_does_not_wait_for_a_reader_longer_than_it_may(vault: Path) -> None:
    with (
        contextlib.closing(db.connect(paths.database())) as connection,
        contextlib.closing(db.connect(paths.database())) as reader,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        leave_in_the_log(connection)
        assert not wal.erase(connection, 0.0)
        reader.execute("COMMIT")
        assert wal.erase(connection, 0.0)


def test_nobody_writes_keys_between_the_zeros_and_the_cut(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut off stays on the disk: a key that is alive now would outlive the purge that it meets later."""
    overwrite, tried = wal._overwrite, []

    def and_then_somebody_wants_to(connection: db.Connection, size: int) -> None:
        overwrite(connection, size)
        with pytest.raises(StoreError, match="busy"), key_marker.writing(paths.database(), 0.0):
            pass
        tried.append(size)

    monkeypatch.setattr(wal, "_overwrite", and_then_somebody_wants_to)
    with contextlib.closing(db.connect(paths.database())) as connection:
        leave_in_the_log(connection)
        assert wal.erase(connection, 0.0)
        assert tried and log() == b""


def test_the_log_stays_while_somebody_is_writing_keys(vault: Path) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection:
        with key_marker.writing(paths.database()):
            leave_in_the_log(connection)
            assert not wal.erase(connection, 0.0)
            assert SECRET in log() and key_marker.is_set(paths.database())
        assert wal.erase(connection, 0.0)
        assert log() == b"" and not key_marker.is_set(paths.database())


def test_the_log_of_a_purge_that_was_killed_is_overwritten_even_by_what_does_not_resume_it(vault: Path) -> None:
    """Its pages hold the keys that stay, next to the zeros. Seen by a second name, since SQLite removes the log."""
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())) as recorder:
        going, staying = (say(recorder, text, 1_800_000_000_000 + n).id for n, text in enumerate(("one", "two")))
    with contextlib.closing(db.connect(paths.database())) as connection:
        epoch, seq = connection.execute("SELECT epoch, seq FROM recording WHERE uid = ?", (staying,)).fetchone()
        key = slabs.read(connection, epoch)[seq * slabs.SLOT_BYTES :][: slabs.SLOT_BYTES]
        wal.erase(connection)
    if not (child := os.fork()):
        try:
            with db.session(paths.database()) as connection:
                purge._commit(connection, (going,), "test", {})
                os._exit(0)  # as if killed: nothing is closed in good order
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    assert key in log()
    os.link(paths.database() + "-wal", vault / "blocks")
    db.connect(paths.database()).close()
    assert not os.path.exists(paths.database() + "-wal")
    assert key not in (vault / "blocks").read_bytes()
