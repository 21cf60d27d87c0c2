"""Vaults that went bad: every command ends with a documented exit code, nothing is said that nobody said, in time."""

import contextlib
import io
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from echoctl import paths
from echoctl.cli import app
from echoctl.cli.terminal import passphrase
from echoctl.model.speech import Feedback
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.store.database import db
from tests.harness.counts import SEED, asked
from tests.heard import MORNING_MS, chooses, nobody, pcm, say
from tests.torture.mutations import mutated

COUNT = asked(60)

LIMIT_S = 2.0
"""Of the processor's time, since the machine has other things to do; a command takes 20 ms."""

GOOD = "correct horse battery"
ENDS = {0, 2, 3, 6, 7, 8, 11}


class Store:
    """A whole store, what is in it, and a place where damaged copies of it are tried."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self.folder = folder
        self.sounds = {}
        for n in range(6):
            sound = pcm(2.5 if n == 3 else 0.1)
            self.sounds[say(recorder, f"number {n}", MORNING_MS + n, sound=sound).id] = sound
        with reader.opened(nobody, needs_key=True) as opened:
            assert opened
            opened.feedback(next(iter(self.sounds)), Feedback.WRONG, "number zero")
        self.texts = {uid: f"number {n}" for n, uid in enumerate(self.sounds)}
        unlocking.make_recovery(nobody)
        unlocking.set_passphrase(nobody, chooses(GOOD))
        recorder.close()
        with contextlib.closing(db.connect(paths.database())) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.whole = Path(paths.database()).read_bytes()
        self.said = folder / "said"

    def put(self, data: bytes) -> None:
        """Make `data` the database."""
        for name in os.listdir(paths.data_dir()):
            os.unlink(os.path.join(paths.data_dir(), name))
        file = os.open(paths.database(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(data)

    def run(self, *argv: str) -> tuple[int, str]:
        """One command line in this process: its exit code and stdout. Fails when it takes too long."""
        began = time.process_time()
        with open(self.said, "w+b") as file, contextlib.redirect_stderr(io.StringIO()):
            out = io.TextIOWrapper(file, "utf-8", write_through=True)
            with contextlib.redirect_stdout(out):
                code = app.main([*argv])
            out.flush()
            file.seek(0)
            said = file.read().decode()
            out.detach()
        assert time.process_time() - began < LIMIT_S, argv
        return code, said


@pytest.fixture
def torn(recorder: Recorder, store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    made = Store(store, recorder)
    # The passphrase's cost is by design; what is tried here is everything after it.
    monkeypatch.setattr(unlocking.keys, "_passphrase_key", _cached(unlocking.keys._passphrase_key))
    monkeypatch.setattr(passphrase, "secret_line", lambda _: GOOD)
    yield made
    sys.stdout.flush()


def _cached(derive: Any) -> Any:
    """Argon2id once per salt and cost: a mutated slot still gets its own key."""
    known: dict[tuple[bytes, Any], bytearray] = {}

    def cached(vault: Any, secret: bytearray, typed: bytearray, salt: bytes, cost: Any) -> bytearray:
        at = (bytes(salt), cost, bytes(secret), vault.uid)
        if at not in known:
            known[at] = derive(vault, secret, typed, salt, cost)
        return bytearray(known[at])

    return cached


def documents(said: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(said.rstrip()):
        value, end = decoder.raw_decode(said, at)
        yield value
        at = end + 1


def listed(said: str) -> list[dict[str, Any]]:
    return [row for document in documents(said) for row in document.get("recordings", [])]


def check_texts(store: Store, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["text"] is not None:
            assert row["text"] == store.texts[row["id"]]
        assert row["correction"] in (None, "number zero")


def check_sound(store: Store, uid: str, folder: Path) -> None:
    out = folder / "out.wav"
    code, _ = store.run("history", "export", uid, "-o", str(out))
    assert code in ENDS
    if code == 0:
        sound = out.read_bytes()[44:]
        out.unlink()
        assert store.sounds[uid].startswith(sound)
    assert not out.exists()


@pytest.mark.timeout(0)
def test_mutated_vaults_end_in_order_and_say_nothing_wrong(
    torn: Store, tmp_path: Path, record_property: Callable[[str, int], None]
) -> None:
    ends: Counter[int] = Counter()
    for seed in range(SEED, SEED + COUNT):
        chance = random.Random(seed)
        data = mutated(torn.whole, chance)
        torn.put(data)
        for argv in (
            ["history", "list", "-n", "0", "--json"],
            ["history", "search", "number", "--json"],
            ["vault", "verify", "--json"],
            ["vault", "status", "--json"],
            ["history", "stats", "--json"],
            ["history", "delete", "--all", "--dry-run", "--json"],
        ):
            code, said = torn.run(*argv)
            assert code in ENDS, f"seed {seed}: {argv} ended with {code}"
            ends[code] += 1
            if argv[1] in ("list", "search") and code == 0:
                check_texts(torn, listed(said))
        check_sound(torn, chance.choice(list(torn.sounds)), tmp_path)
        backup = tmp_path / "backup"
        backup.write_bytes(data)
        os.unlink(paths.database())
        code, _ = torn.run("vault", "restore", str(backup))
        assert code in ENDS, f"seed {seed}: restore ended with {code}"
    record_property("done", COUNT)
    # Some went on, some were damaged, some did not open: or this shows little.
    assert COUNT < 60 or (ends[0] and ends[7] and ends[8])


def test_the_watch_sees_what_is_wrong(torn: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself can fail: a text that nobody said, a bug, and a command that takes too long."""
    code, said = torn.run("history", "list", "-n", "0", "--json")
    assert code == 0 and len(listed(said)) == 6
    check_texts(torn, listed(said))
    with pytest.raises(AssertionError):
        check_texts(torn, [{**listed(said)[0], "text": "number 7"}])
    monkeypatch.setattr(reader.History, "page", lambda *_: 1 / 0)
    assert torn.run("history", "list")[0] == 1
    monkeypatch.setattr(sys.modules[__name__], "LIMIT_S", 0.0)
    with pytest.raises(AssertionError):
        torn.run("vault", "status")
