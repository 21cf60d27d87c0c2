import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import StoreError
from echoctl.model.speech import Detection, Selection, StoreMode
from echoctl.services.history import reader, statistics
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.services.system import database
from echoctl.services.vault import unlocking
from echoctl.store import events, purging, slabs
from echoctl.store.database import db, reserve, wal
from tests.crash import remnants
from tests.heard import MORNING_MS, nobody, say
from tests.services.purging.stored import ALL, files, fill, rows, wraps


def many(count: int) -> list[str]:
    """The same, some of them in one transaction: hundreds cost little time."""
    with remnants.recorder() as recorder:
        return remnants.fill(recorder, count, random.Random(count))


def texts() -> list[str]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        found = opened.page(ALL, 0)
    assert not any(recording.damaged for recording in found)
    return [recording.transcript.text for recording in found if recording.transcript]


def run(*ids: str) -> bool:
    return purge.run(purge.plan(Selection(ids=ids))).keys_dead


def test_what_is_purged_goes_with_all_that_belongs_to_it(recorder: Recorder) -> None:
    gone, kept = say(recorder, "gone"), say(recorder, "kept", MORNING_MS + 1)
    assert run(gone.id)
    assert texts() == ["kept"]
    assert rows("SELECT id, recording FROM detection") == [(2, 2)]
    assert rows("SELECT DISTINCT recording FROM chunk") == [(2,)]
    about = rows("SELECT kind, data FROM event ORDER BY seq")
    assert [kind for kind, _ in about] == ["wake", "recording", "purge"]
    assert kept.id in str(about[1]) and gone.id not in str(about)
    assert rows("SELECT count(*) FROM detection d JOIN event e ON json_extract(e.data, '$.detection') = d.id") == [(1,)]


def test_all_means_traces_too(recorder: Recorder) -> None:
    say(recorder, "one")
    recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS)
    recorder.near_miss("alexa", MORNING_MS)
    report = purge.run(purge.plan(ALL))
    assert (report.count, report.keys_dead) == (1, True)
    assert rows("SELECT kind FROM event") == [("purge",)]
    for table in ("recording", "chunk", "detection", "epoch", "keyslab"):
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)]


def test_the_listener_goes_on_when_its_epoch_was_purged(recorder: Recorder) -> None:
    say(recorder, "one")
    purge.run(purge.plan(ALL))
    say(recorder, "two", MORNING_MS + 1)
    say(recorder, "three", MORNING_MS + 2)
    assert texts() == ["three", "two"]


@pytest.mark.slow
def test_no_wrapped_key_that_was_purged_is_in_any_file(vault: Path) -> None:
    ids = many(600)
    before = wraps()
    doomed = random.Random(1).sample(ids, 200)
    assert run(*doomed)
    raw = files()
    # A slot may lie across two pages, so either half counts.
    assert [uid for uid in doomed if before[uid][:16] in raw or before[uid][-16:] in raw] == []
    assert all(before[uid][:16] in raw or before[uid][-16:] in raw for uid in set(ids) - set(doomed))
    assert len(texts()) == 400


@pytest.mark.slow
def test_purging_epoch_after_epoch_leaves_no_key_behind(vault: Path) -> None:
    """Slabs that are dropped make others move in their table: what moves must hold no key."""
    ids = many(256 * 5)
    before = wraps()
    order = random.Random(2)
    for epoch in order.sample(range(5), 4):
        assert run(*ids[epoch * 256 : epoch * 256 + 256])
    fill(10)
    left = [uid for uid in ids if uid in wraps()]
    assert run(*left)
    raw = files()
    assert [uid for uid in ids if before[uid][:16] in raw or before[uid][-16:] in raw] == []


class RowStore:
    """The slabs' interface over plain rows and DELETE: what one would write first."""

    SLOT_BYTES = slabs.SLOT_BYTES

    @staticmethod
    def write(connection: sqlite3.Connection, epoch: int, seq: int, wrapped: bytes) -> None:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS wrap(epoch, seq, wrapped, PRIMARY KEY(epoch, seq)) WITHOUT ROWID"
        )
        connection.execute("INSERT INTO wrap VALUES(?, ?, ?)", (epoch, seq, wrapped))

    @staticmethod
    def zero(connection: sqlite3.Connection, epoch: int, seqs: list[int]) -> None:
        connection.executemany("DELETE FROM wrap WHERE epoch = ? AND seq = ?", [(epoch, seq) for seq in seqs])


@pytest.mark.slow
def test_the_scan_finds_keys_when_slabs_are_replaced_by_rows(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scan must fail for rows that are deleted, or it would prove nothing."""
    found = 0
    monkeypatch.setattr(slabs, "write", RowStore.write)
    monkeypatch.setattr(slabs, "zero", RowStore.zero)
    for seed in range(8):
        ids = many(250)
        with contextlib.closing(db.connect(paths.database())) as connection:
            query = "SELECT r.uid, w.wrapped FROM recording r JOIN wrap w USING (epoch, seq)"
            before = dict(connection.execute(query).fetchall())
        doomed = random.Random(seed).sample(ids, 200)
        assert run(*doomed)
        raw = files()
        found += sum(before[uid][:16] in raw or before[uid][-16:] in raw for uid in doomed)
        if found:
            break
    assert found > 0


@pytest.mark.usefixtures("impatient")
def test_a_reader_that_blocks_the_checkpoint_is_told_honestly(vault: Path) -> None:
    ids = fill(20)
    before = wraps()[ids[0]]
    with contextlib.closing(db.connect(paths.database())) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM recording").fetchone()
        assert not run(ids[0])
        assert before[:16] in files() or before[-16:] in files()
        assert not purge.settle()
        reader.execute("COMMIT")
        assert purge.settle()
    raw = files()
    assert before[:16] not in raw and before[-16:] not in raw
    assert len(texts()) == 19


def test_a_purge_that_fails_changes_nothing(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = fill(5)
    before = wraps()
    points: list[Callable[..., object]] = [slabs.kill, events.insert]
    for point in points:
        with monkeypatch.context() as broken, pytest.raises(StoreError, match="full"):
            broken.setattr(sys.modules[point.__module__], point.__name__, _full)
            run(*ids)
        assert wraps() == before
        assert len(texts()) == 5


def _full(*_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    raise error


@pytest.mark.slow
def test_recording_and_purging_at_once_lose_and_revive_nothing(vault: Path) -> None:
    import threading

    stop = threading.Event()
    made: list[str] = []

    def record() -> None:
        with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())) as recorder:
            while not stop.is_set():
                made.append(say(recorder, str(len(made)), MORNING_MS + len(made)).id)

    thread = threading.Thread(target=record)
    thread.start()
    purged: set[str] = set()
    try:
        while len(made) < 60:
            plan = purge.plan(Selection(before_ms=MORNING_MS + len(made)))
            purged.update(plan.ids)
            assert purge.run(plan).keys_dead
    finally:
        stop.set()
        thread.join()
    left = {uid for (uid,) in rows("SELECT uid FROM recording")}
    assert left.isdisjoint(purged)
    assert left | purged == set(made)
    assert len(texts()) == len(left)


@pytest.mark.slow
def test_the_database_is_sound_after_all_that(vault: Path) -> None:
    ids = many(300)
    run(*ids[::3])
    health = database.check()
    assert health and health.problems == () and health.log_emptied


def test_a_receipt_tells_what_when_why_and_each_step_and_nothing_else(vault: Path) -> None:
    ids = fill(3)
    report = purge.run(purge.plan(Selection(ids=(ids[0],))))
    everything = purge.run(purge.plan(ALL))
    newer, older = purge.receipts()
    assert (older.id, newer.id) == (*report.receipts, *everything.receipts)
    assert (older.why, older.what, older.count) == ("history delete", {"ids": 1}, 1)
    assert (newer.what, newer.count) == ({"all": True}, 2)
    for receipt in (older, newer):
        assert receipt.log_ms and receipt.rows_ms and receipt.done_ms
        assert receipt.at_ms <= receipt.log_ms <= receipt.rows_ms <= receipt.done_ms


def begun(*ids: str) -> None:
    """A purge that ended right after its point of no return."""
    with db.session(paths.database()) as connection, db.immediate(connection):
        purging.begin(connection, MORNING_MS, "history delete", {}, ids or None)


def test_what_is_past_the_point_of_no_return_is_nowhere_any_more(vault: Path) -> None:
    ids = fill(5)
    begun(*ids[:3])
    assert purge.plan(ALL).ids == tuple(ids[3:])
    assert (counted := statistics.stats()) and counted.recordings == 2
    assert unlocking.status().recordings == 2
    health = database.check()
    assert health and health.problems == ()


@pytest.mark.parametrize("take_up", [texts, purge.settle, purge.receipts, database.check, lambda: fill(1)])
def test_any_later_command_finishes_an_interrupted_purge_without_a_key(
    vault: Path, take_up: Callable[[], object]
) -> None:
    ids = fill(30)
    before = wraps()
    begun(*ids[:20])
    key = Path(paths.device_key())
    if take_up is not texts:
        key.rename(key.with_suffix(".away"))
    take_up()
    raw = files()
    assert [uid for uid in ids[:20] if before[uid][:16] in raw or before[uid][-16:] in raw] == []
    assert rows("SELECT count(*) FROM recording WHERE state <> 1") == [(0,)]
    assert rows("SELECT count(*) FROM purge_job WHERE done_ms IS NULL") == [(0,)]


@pytest.mark.slow
def test_a_second_purge_while_the_first_is_unfinished_finishes_both(vault: Path) -> None:
    ids = many(600)
    begun(*ids[:300])
    assert run(*ids[300:500])
    assert rows("SELECT count(*) FROM recording") == [(100,)]
    assert [receipt.done_ms is not None for receipt in purge.receipts()] == [True, True]
    assert len(texts()) == 100


def test_an_interrupted_delete_of_everything_spares_what_came_later(recorder: Recorder) -> None:
    say(recorder, "old")
    recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS)
    begun()
    say(recorder, "new", MORNING_MS + 1)
    recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS + 1)
    assert purge.settle()
    assert texts() == ["new"]
    assert rows("SELECT count(*) FROM detection") == [(2,)]
    assert [kind for (kind,) in rows("SELECT kind FROM event ORDER BY seq")] == ["wake", "recording", "wake"]


@pytest.mark.usefixtures("impatient")
def test_a_purge_that_is_blocked_names_who_blocks_it(vault: Path) -> None:
    [uid] = fill(1)
    code = (
        "import sys; from echoctl import paths\n"
        "from echoctl.store.database import db; c = db.connect(paths.database())\n"
        "c.execute('BEGIN'); c.execute('SELECT count(*) FROM event').fetchone(); print(flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout and child.stdin and child.stdout.readline()
    report = purge.run(purge.plan(Selection(ids=(uid,))))
    assert (report.keys_dead, report.done) == (False, False)
    assert [who for who in report.blocked_by if f"({child.pid})" in who]
    assert purge.receipts()[0].done_ms is None
    child.communicate()
    assert purge.settle()
    assert purge.receipts()[0].done_ms is not None


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_purge_succeeds_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("root without the right to mount")
    try:
        monkeypatch.setenv("ECHOCTL_DATA_DIR", str(disk / "data"))
        monkeypatch.setenv("ECHOCTL_STATE_DIR", str(tmp_path / "state"))
        assert unlocking.ensure()
        ids = []
        recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
        with contextlib.closing(recorder), pytest.raises(StoreError):
            for n in range(1000):
                ids.append(say(recorder, f"number {n}", MORNING_MS + n, sound=os.urandom(64_000)).id)
        assert len(ids) > 20
        assert len(texts()) == len(ids)
        report = purge.run(purge.plan(Selection(ids=tuple(ids[:-2]))))
        assert (report.keys_dead, report.done, report.count) == (True, True, len(ids) - 2)
        assert len(texts()) == 2
        with contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())) as recorder:
            say(recorder, "room again", MORNING_MS + 5000)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_unfinished_purge_that_cannot_be_finished_keeps_nobody_from_reading(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for a command that can."""
    ids = fill(3)
    begun(ids[0])
    with monkeypatch.context() as broken:
        broken.setattr(purging, "remove_rows", _full)
        with pytest.raises(StoreError, match="full"):
            purge.settle()
        assert len(texts()) == 2
        assert len(fill(1)) == 1
    assert purge.settle() and purge.receipts()[0].done_ms


def test_without_room_for_zeros_the_purge_stays_open_and_says_so(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise db.StoreFull("the disk is full")

    say(recorder, "one")
    recorder.close()
    with monkeypatch.context() as patch:
        patch.setattr(wal, "_overwrite", full)
        patch.setattr(reserve, "_free", lambda _: 0)
        report = purge.run(purge.plan(ALL))
        assert (report.done, report.keys_dead, report.blocked_by) == (False, False, ("a full disk",))
    assert purge.settle() and purge.receipts()[0].done_ms
