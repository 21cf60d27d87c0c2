"""What a fault may strike, and what must hold after it: shared by system calls that fail and losses of power."""

import os
import shutil
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.purging import guests, purge
from echoctl.services.system import database
from echoctl.services.vault import unlocking
from echoctl.store.database import db, migrations
from tests.crash.remnants import files, left, wraps
from tests.crash.victims import MORNING_MS, record, recorder
from tests.heard import nobody

ALL = Selection(all=True)

WRAPS: dict[str, bytes] = {}
"""The wrapped keys of the six recordings."""


def prepare(folder: Path) -> None:
    """A store with six recordings, and the same as an older version would have left it."""
    with pytest.MonkeyPatch.context() as patch:
        use(folder / "now", patch)
        unlocking.ensure()
        with recorder() as made:
            for n in range(6):
                record(made, f"before {n}", MORNING_MS + n)
        WRAPS.update(wraps())
        (folder / "now/data/echoctl.db-reserve").unlink(missing_ok=True)
        shutil.copytree(folder / "now", folder / "older")
        use(folder / "older", patch)
        older(folder / "older/data/echoctl.db")


def older(path: Path) -> None:
    """Undo the last migration by making an older schema and copying what it knows."""
    import sqlite3

    import sqlite_utils

    new = path.with_suffix(".older")
    with sqlite3.connect(new, isolation_level=None) as made:
        made.execute(f"PRAGMA page_size = {db.PAGE_SIZE}")
        made.execute("BEGIN")
        migrations.steps.apply(sqlite_utils.Database(made), stop_before="m004_erasing")
        made.execute("COMMIT")
        made.execute("ATTACH ? AS now", (str(path),))
        made.execute("DELETE FROM state")
        for table in ("vault", "keyslots", "epoch", "keyslab", "recording", "chunk", "detection", "event", "state"):
            both = "SELECT name FROM pragma_table_info(?) INTERSECT SELECT name FROM pragma_table_info(?, 'now')"
            columns = ", ".join(name for (name,) in made.execute(both, (table, table)))
            made.execute(f"INSERT INTO {table}({columns}) SELECT {columns} FROM now.{table}")
        made.execute(f"PRAGMA application_id = {db.APPLICATION_ID}")
        made.execute("PRAGMA user_version = 3")
        made.execute("DETACH now")
        made.execute("PRAGMA journal_mode = WAL")
    made.close()
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    new.rename(path)
    path.chmod(0o600)


def use(folder: Path, patch: pytest.MonkeyPatch) -> None:
    for kind in ("data", "state"):
        patch.setenv(f"ECHOCTL_{kind.upper()}_DIR", str(folder / kind))


def ended(folder: Path) -> int:
    [mark] = folder.glob("ended-*")
    return int(mark.name.partition("-")[2])


def check(name: str, folder: Path, how: int) -> None:
    """What must hold after any fault. The device key is away while unfinished work is finished."""
    key, away = Path(paths.device_key()), folder / "away"
    if name != "rotate" and key.exists():
        key.rename(away)
    assert purge.settle()
    if away.exists():
        away.rename(key)
    health = database.check()
    assert health and health.problems == (), health
    found = texts()
    before = {f"before {n}" for n in range(6)}
    acked = {mark.name.partition("-")[2] for mark in folder.glob("acked-*")}
    assert acked <= found.keys()
    kept = set(found.values()) & before
    if name == "delete":
        assert kept in (before, before - {f"before {n}" for n in range(3)})
        assert how != 0 or len(kept) == 3
    else:
        assert kept == before
    assert all(receipt.done_ms is not None for receipt in purge.receipts())
    with db.session(paths.database()) as connection:
        assert connection.execute("SELECT count(*) FROM recording WHERE state <> 1").fetchone() == (0,)
    rotated = [receipt for receipt in purge.receipts() if receipt.why == "vault rotate"]
    dead = [key for uid, key in WRAPS.items() if uid not in found or rotated]
    assert left(dead, files(folder / "data")) == 0
    if name == "guest":
        if any(stay.ended_ms is None for stay, _ in guests.stays()):
            guests.check_out("Ann")
        assert len(texts()) == 6
    if name == "rotate":
        assert not rotated or key.read_bytes() != (Path(os.environ["TEMPLATE_KEY"])).read_bytes()
    with recorder() as made:
        record(made, "goes on", MORNING_MS + 1000)
    assert "goes on" in texts().values()


def texts() -> dict[str, str | None]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        found = opened.page(ALL, 0)
        assert not [recording.id for recording in found if recording.damaged]
        for recording in found:
            if not recording.locked:
                opened.flac(recording.id)
    return {recording.id: recording.transcript.text if recording.transcript else None for recording in found}
