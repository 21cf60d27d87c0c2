"""What is in a store: rows, wrapped keys, raw bytes and texts, to see what a purge has left."""

import contextlib
import os
from pathlib import Path

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.model.speech import Selection, StoreMode, Transcript
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.store import slabs
from echoctl.store.database import db
from tests.heard import MORNING_MS, nobody

ALL = Selection(all=True)


def fill(count: int) -> list[str]:
    """Short recordings, text only; returns their ids."""
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())) as recorder:
        return [
            recorder.commit(
                pcm=bytes(640),
                transcript=Transcript(f"number {n}"),
                at_ms=MORNING_MS + n,
                detection=None,
                wake_word="",
                scores={},
            ).id
            for n in range(count)
        ]


def rows(query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(db.connect(paths.database())) as connection:
        return connection.execute(query).fetchall()


def wraps() -> dict[str, bytes]:
    """Every recording's wrapped key."""
    with contextlib.closing(db.connect(paths.database())) as connection:
        places = connection.execute("SELECT uid, epoch, seq FROM recording").fetchall()
        blobs = {epoch: slabs.read(connection, epoch) for _, epoch, _ in places}
    size = slabs.SLOT_BYTES
    return {uid: blobs[epoch][seq * size : (seq + 1) * size] for uid, epoch, seq in places}


def files() -> bytes:
    return b"".join(Path(paths.data_dir(), name).read_bytes() for name in sorted(os.listdir(paths.data_dir())))


def listed(ask: object = nobody) -> dict[str, str | None]:
    """Text of each recording by id, None where it is locked."""
    with reader.opened(ask, needs_key=True) as opened:  # type: ignore[arg-type]
        assert opened
        found = opened.page(ALL, 0)
    assert not any(recording.damaged for recording in found)
    return {recording.id: recording.transcript.text if recording.transcript else None for recording in found}
