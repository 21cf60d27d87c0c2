"""Looking for purged keys in raw bytes: what the tests of remnants share, and the processes that they start."""

import contextlib
import os
import random
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from echoctl import paths
from echoctl.clock import SystemClock, new_id
from echoctl.model.speech import StoreMode, Transcript
from echoctl.services.history.recorder import Kept, Recorder
from echoctl.services.vault import unlocking
from echoctl.store import slabs
from echoctl.store.database import db

HALF = 16
PAGE = 4096

MORNING_MS = 1_800_000_000_000


def recorder() -> "contextlib.closing[Recorder]":
    return contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock()))


def fill(made: Recorder, count: int, chance: random.Random) -> list[str]:
    """Short texts, a few per transaction; returns their ids."""
    ids: list[str] = []
    while len(ids) < count:
        batch = [_kept(chance) for _ in range(min(chance.choice((1, 1, 20, 100)), count - len(ids)))]
        made.adopt(batch)
        ids += [kept.id for kept in batch]
    return ids


def wraps() -> dict[str, bytes]:
    """Every recording's wrapped key."""
    with contextlib.closing(db.connect(paths.database())) as connection:
        places = connection.execute("SELECT uid, epoch, seq FROM recording WHERE state = 1").fetchall()
        blobs = {epoch: slabs.read(connection, epoch) for epoch in {epoch for _, epoch, _ in places}}
    size = slabs.SLOT_BYTES
    return {uid: blobs[epoch][seq * size : (seq + 1) * size] for uid, epoch, seq in places}


def left(keys: Iterable[bytes], raw: bytes) -> int:
    """How many of the keys are in there. A slot may lie across two pages, so either half counts."""
    halves = {half: key for key in keys for half in (key[:HALF], key[-HALF:])}
    if not halves:
        return 0
    # One pass over all places, by the first two bytes; what passes is looked up.
    first = np.zeros(1 << 16, dtype=bool)
    first[[int.from_bytes(half[:2], "little") for half in halves]] = True
    data = np.frombuffer(raw, dtype=np.uint8)
    pairs = data[:-1] | data[1:].astype(np.uint16) << 8
    places = np.flatnonzero(first[pairs])
    return len({halves[half] for place in places if (half := raw[place : place + HALF]) in halves})


def files(*folders: Path) -> bytes:
    """All bytes of all files, without pages of zeros."""
    return b"".join(pages(file) for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())


def pages(file: Path) -> bytes:
    """A file without pages of zeros."""
    parts = []
    with open(file, "rb") as stream:
        while page := stream.read(PAGE):
            if page.count(0) < len(page):
                parts.append(page)
    return b"".join(parts)


def _kept(chance: random.Random) -> Kept:
    at_ms = MORNING_MS + chance.randrange(10**9)
    return Kept(new_id(at_ms), at_ms, 20, "", "", {}, None, Transcript("x" * chance.randrange(120)), None, b"")


def main(count: int, seed: int) -> None:
    """A process that records and then ends as it likes: in good order, or by a signal."""
    unlocking.ensure()
    with recorder() as made:
        fill(made, count, random.Random(seed))
        sys.stdout.write("done\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    os.umask(0o077)
    main(int(sys.argv[1]), int(sys.argv[2]))
