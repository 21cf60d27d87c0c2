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

from echoctl import paths
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.purging import guests, purge
from echoctl.services.system import database
from echoctl.services.vault import unlocking
from echoctl.store.database import db, migrations
from tests.conftest import REPOSITORY
from tests.counts import SEED, asked
from tests.crash.remnants import files, left, wraps
from tests.crash.victims import MORNING_MS, SAID, SCENARIOS, record, recorder
from tests.heard import nobody

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

ALL = Selection(all=True)

WRAPS: dict[str, bytes] = {}
"""The wrapped keys of the six recordings."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with six recordings, and the same as an older version would have left it."""
    folder = tmp_path_factory.mktemp("template")
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
    return folder


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
            columns = ", ".join(name for (name,) in made.execute("SELECT name FROM pragma_table_info(?)", (table,)))
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


def ended(folder: Path) -> int:
    [mark] = folder.glob("ended-*")
    return int(mark.name.partition("-")[2])


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
