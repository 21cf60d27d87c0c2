"""What listens cannot open what it wrote: neither from its objects, nor from its memory, nor from its files."""

import contextlib
import gc
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from echoctl import paths
from echoctl.services.history.recorder import Recorder
from tests.heard import MORNING_MS, say
from tests.vault.independent import LABEL, SLAB_START, SLOT, Vault, expand, hpke_open, ulid

EAR = """
import os, sys
from echoctl.clock import SystemClock
from echoctl.model.speech import StoreMode, Transcript
from echoctl.services.history.recorder import Recorder
recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
for n in range(40):
    recorder.commit(pcm=os.urandom(6400), transcript=Transcript(f"number {n}"), at_ms=1_800_000_000_000 + n,
                    detection=None, wake_word="", scores={})
print("done", flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def ear() -> Iterator[int]:
    """A process that has stored 40 recordings and waits; yields its pid."""
    with subprocess.Popen([sys.executable, "-c", EAR], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == b"done\n"
        yield process.pid
        process.stdin.write(b"\n")


def memory(pid: int) -> bytes:
    """Everything that the process can write to, which is where its data are."""
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, rights, *rest = line.split()
            if not rights.startswith("rw") or "[vvar]" in rest:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            mem.seek(start)
            with contextlib.suppress(OSError):
                parts.append(_without_zeros(mem.read(end - start)))
    return b"\xff".join(parts)


def _without_zeros(raw: bytes) -> bytes:
    """Most of a process's memory was never touched: leave those pages out of the search."""
    empty = bytes(4096)
    pages = (raw[at : at + 4096] for at in range(0, len(raw), 4096))
    return b"".join(page for page in pages if page != empty)


def independent() -> Vault:
    return Vault(sqlite3.connect(paths.database()), device=Path(paths.device_key()).read_bytes())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
def test_no_key_of_anything_stored_is_in_the_listeners_memory(vault: Path) -> None:
    with ear() as pid:
        image = memory(pid)
    key = independent()
    assert len(key.recordings()) == 40
    secrets = {**key.secrets, "device secret": key.device}
    assert len(secrets) == 1 + 1 + 1 + 40 * 4  # device, seed, root; per recording: chain, wrap, record, file key
    # Halves, because what is left of a freed object may have lost its beginning.
    assert [name for name, value in secrets.items() if value[:16] in image or value[-16:] in image] == []
    # The scan sees what is there: the step that the ear is at, and the vault's public key.
    last = next(value for name, value in secrets.items() if name.startswith("chain") and name.endswith(" 39"))
    assert expand(last, LABEL + b"next") in image
    assert key.connection.execute("SELECT public FROM vault").fetchone()[0][-32:] in image


def reachable(root: object) -> set[bytes]:
    """The contents of every buffer that can be reached from an object."""
    seen: set[int] = set()
    found: set[bytes] = set()
    todo = [root]
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, type) or type(thing).__name__ in ("module", "function"):
            continue
        seen.add(id(thing))
        if isinstance(thing, bytes | bytearray | memoryview):
            found.add(bytes(thing))
        todo.extend(gc.get_referents(thing))
    return found


def test_nothing_that_the_recorder_holds_opens_anything_stored(recorder: Recorder) -> None:
    for n in range(5):
        say(recorder, f"number {n}", MORNING_MS + n)
    held = reachable(recorder)
    key = independent()
    key.recordings()
    chain = next(value for name, value in key.secrets.items() if name.startswith("chain") and name.endswith(" 4"))
    assert expand(chain, LABEL + b"next") in held  # what it does hold was found
    candidates = {buffer[at : at + 32] for buffer in held for at in range(0, max(1, len(buffer) - 31), 8)}
    assert candidates.isdisjoint(key.secrets.values())
    for candidate in candidates:
        if len(candidate) == 32:
            _try(key.connection, candidate)


def _try(connection: sqlite3.Connection, candidate: bytes) -> None:
    """Take 32 bytes for a seed, a root, a chain key, a wrapping key and a record key: each must open nothing."""
    (uid,) = connection.execute("SELECT uid FROM vault").fetchone()
    (epoch, sealed, slab) = connection.execute(
        "SELECT uid, sealed, wraps FROM epoch JOIN keyslab ON epoch = id"
    ).fetchone()
    with pytest.raises((InvalidTag, ValueError)):
        hpke_open(candidate, sealed, LABEL + b"epoch" + uid + epoch)
    steps = [candidate, expand(candidate, LABEL + b"chain")]
    for name, seq, at_ms, text in connection.execute("SELECT uid, seq, at_ms, text FROM recording").fetchall():
        aad = LABEL + b"record" + uid + epoch + seq.to_bytes(4, "big") + ulid(name) + at_ms.to_bytes(8, "big")
        wrapped = slab[SLAB_START + SLOT * seq : SLAB_START + SLOT * seq + SLOT]
        with pytest.raises(InvalidTag):
            AESGCM(expand(candidate, LABEL + b"text")).decrypt(text[:12], text[12:], aad)
        for step in steps:
            for wrapping in (
                step,
                expand(step, LABEL + b"wrap"),
                expand(expand(step, LABEL + b"next"), LABEL + b"wrap"),
            ):
                with pytest.raises(InvalidTag):
                    AESGCM(wrapping).decrypt(bytes(12), wrapped, aad)


def test_the_listener_works_without_the_keys_folder(vault: Path) -> None:
    """What it needs is in the database; the folder can be hidden from it."""
    keys = Path(paths.keys_dir())
    keys.rename(keys.parent / "hidden")
    with ear():
        pass
    (keys.parent / "hidden").rename(keys)
    assert len(independent().recordings()) == 40
