"""How a running listener tells everybody else what it does, and learns that somebody muted it."""

import contextlib
import itertools
import json
import os
import time
import zlib

from echoctl import paths
from echoctl.errors import StoreError
from echoctl.services import mute_file
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.store import listeners as rows
from echoctl.store import state
from echoctl.store.database import db, listener_locks

COUNTERS = ("wakes", "near_misses", "recordings", "overflows", "dropped_ms", "lag_ms")
"""What a listener counts; `lag_ms` is the most that it ever was behind."""

_CHOOSING = ("PULSE_SOURCE", "PIPEWIRE_NODE")
"""Variables by which a sound server is told which of its microphones is meant."""


def name_of(device: str) -> str:
    """What the listener of a microphone is called: "" is the usual one, as it is to `--device`."""
    chosen = "\0".join([device, *(os.environ.get(name, "") for name in _CHOOSING)])
    return f"{listener_locks.FIRST}-{zlib.crc32(chosen.encode()):08x}" if chosen.strip("\0") else listener_locks.FIRST


def _claim(device: str) -> tuple[str, int]:
    """The name of a microphone's listener, and its lock. Raises StoreError when somebody else listens to it."""
    name = name_of(device)
    lock = listener_locks.hold(paths.data_dir(), name)
    if lock is None:
        what = f"to {device}" if device else "to this microphone"
        hint = "echoctl status shows it; end it, or listen to another one: echoctl devices"
        raise StoreError(f"another listener listens {what} already", hint)
    return name, lock


def _claim_any() -> tuple[str, int]:
    """The same for a file, to which there may be any number."""
    names = (f"{listener_locks.FIRST}-file-{number}" for number in itertools.count(1))
    tries = ((name, listener_locks.hold(paths.data_dir(), name, patience_s=0.0)) for name in names)
    return next((name, lock) for name, lock in tries if lock is not None)


class Presence:
    """How a running listener tells everybody else what it does, and learns that somebody muted it.

    Its front has it: the lock, a row of its own, and the file by which its microphone is muted. Writes only what
    differs from what it wrote last: an idle listener writes nothing. Counters start at zero with each listener.
    """

    def __init__(self, spec: EarSpec) -> None:
        """Raises StoreError when another listener has that microphone."""
        paths.private_dir(paths.data_dir())
        with contextlib.ExitStack() as stack:
            self.name, self.lock = _claim(spec.device) if spec.input is None else _claim_any()
            """`lock` is the lock file, which is the mute file."""
            stack.callback(os.close, self.lock)
            self.watch = mute_file.Watch(self.lock)
            stack.callback(self.watch.close)
            self._connection = stack.enter_context(contextlib.closing(db.connect(paths.database(), create=True)))
            self._begin(spec.room)
            self._open = stack.pop_all()

    def _begin(self, room: str) -> None:
        self._written: rows.Row = {}
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._version = -1
        self.muted = False
        self.muted_by = ""
        mute_file.answer(self.lock, mute_file.WAITING)
        mute_file.hurry(self.lock, False)
        self.changed()
        mute_file.order(self.lock, self.muted)
        now_ms = time.time_ns() // 1_000_000
        rows.begin(self._connection, self.name, {"room": room, "pid": os.getpid(), "started_ms": now_ms})

    def __enter__(self) -> "Presence":
        return self

    def __exit__(self, *exc: object) -> None:
        with self._open, contextlib.suppress(StoreError):  # the next reader sees the free lock and corrects the row
            self.set(led="off", pid=0, ear_pid=0, mic_pid=0)

    def mute_descriptor(self) -> int:
        """The mute file once more, for a microphone process: a lock goes with the descriptor it was taken by."""
        return listener_locks.open_file(paths.data_dir(), self.name)

    @property
    def doing(self) -> bytes:
        """What the microphone does, of the letters in mute_file."""
        return mute_file.done(self.lock)[0]

    def gone(self) -> None:
        """The microphone process is dead, so nothing is open: answer in its place."""
        muted = mute_file.wanted(self.lock)
        mute_file.answer(self.lock, mute_file.CLOSED if muted else mute_file.WAITING)

    def changed(self) -> bool:
        """Whether somebody has written to the store since the last call; costs 5 µs while nobody does.

        `muted` is fresh then, and the microphone is told when a program wrote the row alone.
        """
        version = db.data_version(self._connection)
        if version == self._version:
            return False
        self._version = version
        was = self.muted
        self.muted, self.muted_by, _ = state.read(self._connection)
        if was != self.muted:
            mute_file.order(self.lock, self.muted)
        return True

    def count(self, name: str, by: int = 1) -> None:
        """Raise a counter; it is written with the next `set`."""
        self._counters[name] += by

    def health(self, **values: int) -> None:
        """Set the counters that the source keeps, `lag_ms` among them; they are written with the next `set`."""
        values["lag_ms"] = max(values["lag_ms"], self._counters["lag_ms"])
        self._counters.update(values)

    def show(self, **changes: int | str) -> None:
        """As `set`; what a full disk has no room for is written the next time."""
        with contextlib.suppress(StoreError):
            self.set(**changes)

    def set(self, **changes: int | str) -> None:
        """Write the columns that differ from what was written last, and the counters if they moved."""
        changes["counters"] = json.dumps(self._counters)
        fresh = {name: value for name, value in changes.items() if self._written.get(name) != value}
        if not fresh:
            return
        if "led" in fresh:
            fresh["led_ms"] = time.time_ns() // 1_000_000
        rows.update(self._connection, self.name, fresh)
        self._written.update(fresh)
