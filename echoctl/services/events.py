"""The durable log, as services use it: add to it, follow it, forget what is old."""

import contextlib
import time
from collections.abc import Iterator, Mapping

from echoctl import paths
from echoctl.model.speech import Event
from echoctl.store import events as rows
from echoctl.store.database import db

KEEP_MS = 30 * 24 * 3600 * 1000
"""Events older than 30 days go."""

POLL_S = 0.05
"""How often a follower looks whether the store has changed: one PRAGMA of 5 µs."""


class Log:
    """A connection for adding events. Old ones are dropped when it is opened."""

    def __init__(self) -> None:
        self._connection = db.connect(paths.database(), create=True)
        rows.forget(self._connection, _now_ms() - KEEP_MS)

    def add(self, kind: str, data: Mapping[str, object]) -> None:
        """Add one event. `data` must hold neither text nor level nor score."""
        rows.append(self._connection, _now_ms(), kind, data)

    def close(self) -> None:
        """Close the connection; `add` may not be called any more."""
        self._connection.close()


def changes() -> Iterator[list[Event]]:
    """Wait for the store to change, again and again; yields the new events of each change, often none.

    At first none, once it watches: who looks at the store then, and after each change, misses nothing.
    """
    with contextlib.closing(db.connect(paths.database(), create=True)) as connection:
        version = db.data_version(connection)
        seq = rows.last(connection)
        yield []
        while True:
            time.sleep(POLL_S)
            now = db.data_version(connection)
            if now == version:
                continue
            version = now
            fresh = rows.after(connection, seq)
            if fresh:
                seq = fresh[-1].seq
            yield fresh


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
