"""A store in a temporary folder, and things heard in it: shared by the tests of vault, store, services and cli."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoctl.clock import SystemClock
from echoctl.model.speech import Detection, Recording, StoreMode, Transcript, Word
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.services.vault.credential import OwnerCredential
from echoctl.store.database import db, transactions, wal
from echoctl.vault import keys

MORNING_MS = 1_800_000_000_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for a store; returns the folder that holds everything.

    In this process a passphrase costs as little as is allowed (tests/vault/test_keys.py has what it costs for real).
    """
    monkeypatch.setattr(keys.Cost.__init__, "__defaults__", (8 * 1024, 1, 1))
    for kind in ("data", "state", "config", "cache"):
        monkeypatch.setenv(f"ECHOCTL_{kind}_DIR".upper(), str(tmp_path / kind))
    return tmp_path


@pytest.fixture
def vault(store: Path) -> Path:
    """A store with a new vault."""
    assert unlocking.ensure()
    return store


@pytest.fixture
def recorder(vault: Path) -> Iterator[Recorder]:
    """A recorder that keeps text and audio, in the kitchen."""
    made = Recorder(mode=StoreMode.BOTH, room="kitchen", wall=SystemClock())
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a busy database gives up soon."""
    for module in (db, transactions, wal):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing below `folder` can be written; root, whom rights do not bind, gets a read-only mount."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode != 0:
        pytest.skip("root without the right to mount: nothing can be made read-only")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


nobody = OwnerCredential(lambda: None)
"""Somebody who has no passphrase."""


def knows(text: str) -> OwnerCredential:
    """Somebody who knows a passphrase."""
    return OwnerCredential(lambda: bytearray(text.encode()))


def chooses(text: str) -> Callable[[], bytearray]:
    """Somebody who chooses a passphrase."""
    return lambda: bytearray(text.encode())


def pcm(seconds: float = 0.4) -> bytes:
    """Noise, which FLAC cannot shrink."""
    return os.urandom(int(seconds * 16000) * 2)


def say(
    recorder: Recorder, text: str, at_ms: int = MORNING_MS, *, word: str = "alexa", sound: bytes | None = None
) -> Recording:
    """Let `recorder` store one utterance with its detection."""
    detection = recorder.detected(Detection(word, 1.0, 0.5, 0.9, {"spotter": 0.97}), at_ms)
    return recorder.commit(
        pcm=pcm() if sound is None else sound,
        transcript=Transcript(text, tuple(Word(w, n / 2, n / 2 + 0.4, 0.9) for n, w in enumerate(text.split()))),
        at_ms=at_ms,
        detection=detection,
        wake_word=word,
        scores={"spotter": 0.97},
    )
