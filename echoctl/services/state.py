"""The only owner of mute and LED state: reading it, setting it, and telling a live listener from a dead one.

The fast path lives on this module, so it imports os, sys, time, fcntl and (through the store) sqlite3, and nothing
else: no dataclass, no enum, no json.
"""

import contextlib
import fcntl
import os
import time

from echoctl import paths
from echoctl.errors import DeviceError, StoreError
from echoctl.model.listener import SandboxLevel, Snapshot
from echoctl.sandbox import counters
from echoctl.services import mute_file
from echoctl.store import state as rows
from echoctl.store.database import db, key_marker

CONFIRM_S = 2.0
"""How long a mute may take to be carried out by a running listener; usually it is below 0.1 s."""


COUNTERS = ("wakes", "near_misses", "recordings", "overflows", "dropped_ms", "lag_ms")
"""What a listener counts; `lag_ms` is the most that it ever was behind."""


_NEVER: dict[str, int | str] = {
    "muted": 0, "muted_by": "", "muted_ms": 0, "led": "off", "led_ms": 0, "device": "", "pid": 0,
    "started_ms": 0, "ear_pid": 0, "seal": "", "mic_pid": 0, "mic_sandbox": "",
}  # fmt: skip


_MIC = {
    mute_file.OPEN: "open", mute_file.CLOSED: "closed", mute_file.WAITING: "closed", mute_file.DROPPED: "dropped",
    mute_file.NONE: "none",
}  # fmt: skip


def snapshot() -> Snapshot:
    """Read the state. A store that does not exist yet is a quiet one: nothing is made."""
    if not os.path.exists(paths.database()):
        return _snapshot(_NEVER, {}, None)
    with db.session(paths.database()) as connection:
        row, counted = rows.read(connection)
    return _snapshot(row, counted, _doing())


def _doing() -> bytes | None:
    """What the microphone of a running listener does; None when there is no listener."""
    try:
        lock = os.open(paths.listener_lock(), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return mute_file.done(lock)[0] if not key_marker.is_free(lock) else None
    finally:
        os.close(lock)


def _snapshot(row: dict[str, int | str], counted: dict[str, int], doing: bytes | None) -> Snapshot:
    """What the row says, corrected for a listener that died without a word, and by the word of its microphone."""
    muted, ear_pid, sandbox, listening = bool(row["muted"]), int(row["ear_pid"]), str(row["seal"]), doing is not None
    closed = "muted" if doing in (mute_file.CLOSED, mute_file.DROPPED) else str(row["led"])
    return Snapshot(
        muted=muted,
        muted_by=str(row["muted_by"]),
        muted_ms=int(row["muted_ms"]),
        listening=listening,
        led=closed if listening else "muted" if muted else "off",
        led_ms=int(row["led_ms"]),
        mic=_MIC.get(doing or b"", "closed"),
        device=str(row["device"]),
        pid=int(row["pid"]) if listening else 0,
        started_ms=int(row["started_ms"]),
        ear_pid=ear_pid if listening else 0,
        mic_pid=int(row["mic_pid"]) if listening else 0,
        sandbox=sandbox if listening else "",
        mic_sandbox=str(row["mic_sandbox"]) if listening else "",
        # As it is now, by the kernel's own count; the row only says whose count to ask for.
        sent_bytes=counters.sent_bytes(ear_pid) if listening and sandbox == SandboxLevel.FULL else None,
        counters=counted,
    )


def set_muted(muted: bool, by: str) -> Snapshot:
    """Mute or unmute, and wait until a running listener has closed or opened its microphone.

    Raises DeviceError when the listener does not carry a mute out in time; StoreError when it could not be written
    down: a running listener is muted all the same.
    """
    _write_muted(muted, by)
    end = time.monotonic() + CONFIRM_S
    while not (carried_out := _carried_out()) and time.monotonic() < end:
        time.sleep(0.01)
    now = snapshot()
    if muted and not carried_out:
        raise DeviceError(
            "the listener has not closed its microphone yet",
            f"it is muted in the store; to be sure end it: kill -9 {now.mic_pid or now.pid}",
        )
    return now


def _carried_out() -> bool:
    """Whether the microphone of a running listener has answered the last order, or was lost on the way to that."""
    with _listeners_file() as lock:
        if lock is None or key_marker.is_free(lock):
            return True
        what, answered = mute_file.done(lock)
    if what == mute_file.NONE:
        return True
    return answered and (what != mute_file.WAITING or snapshot().led == "error")


def toggle_muted(by: str) -> None:
    """Mute when it is not, else unmute; the listener's own front calls this, and sees what comes of it."""
    _write_muted(not snapshot().muted, by)


def _write_muted(muted: bool, by: str) -> None:
    """A mute goes to the microphone first, and needs no store for that; what is written down lasts."""
    paths.private_dir(paths.data_dir())
    if muted:
        _order(muted)
    with db.session(paths.database(), create=True) as connection:
        rows.set_muted(connection, muted, by, time.time_ns() // 1_000_000)
    _order(muted)  # to a listener as well that began meanwhile


def _order(muted: bool) -> None:
    with _listeners_file() as lock:
        if lock is not None:
            mute_file.order(lock, muted)


class _listeners_file:  # noqa: N801 - used like a function
    """The lock file of a listener, open; None where there never was one."""

    def __enter__(self) -> int | None:
        try:
            self._file: int | None = os.open(paths.listener_lock(), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            self._file = None
        return self._file

    def __exit__(self, *exc: object) -> None:
        if self._file is not None:
            os.close(self._file)


def listener_alive() -> bool:
    """Whether a listener holds the lock of this store."""
    return key_marker.listening(paths.database())


def hold_listener_lock() -> int:
    """Become this store's only listener: returns a descriptor to keep open. Raises StoreError when there is one."""
    lock = os.open(paths.listener_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    for _ in range(25):  # `status` holds a shared lock for some microseconds while it looks
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return lock
    os.close(lock)
    raise StoreError(
        "another listener runs on this store", "echoctl status shows it; end it, or use another ECHOCTL_DATA_DIR"
    )


class Presence:
    """How a running listener tells everybody else what it does, and learns that somebody muted it.

    Its front has it: the lock, one connection, and the file by which its microphone is muted. Writes only what differs
    from what it wrote last: an idle listener writes nothing. Counters start at zero with each listener.
    """

    def __init__(self) -> None:
        paths.private_dir(paths.data_dir())
        self.lock = hold_listener_lock()
        """The lock file, which is the mute file."""
        self.watch = mute_file.Watch(self.lock)
        self._connection = db.connect(paths.database(), create=True)
        self._written: dict[str, int | str] = {}
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._version = -1
        self.muted = False
        self.muted_by = ""
        mute_file.answer(self.lock, mute_file.WAITING)
        mute_file.hurry(self.lock, False)
        self.changed()
        mute_file.order(self.lock, self.muted)
        self.set(pid=os.getpid(), started_ms=time.time_ns() // 1_000_000, led="off", device="")

    def __enter__(self) -> "Presence":
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(StoreError):  # the next reader sees the free lock and corrects the row
            self.set(led="off", pid=0, ear_pid=0, mic_pid=0)
        self._connection.close()
        self.watch.close()
        os.close(self.lock)

    def mute_descriptor(self) -> int:
        """The mute file once more, for a microphone process: a lock goes with the descriptor it was taken by."""
        return os.open(paths.listener_lock(), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)

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
        row, _ = rows.read(self._connection)
        was, self.muted, self.muted_by = self.muted, bool(row["muted"]), str(row["muted_by"])
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
        import json  # noqa: PLC0415 - 6 ms that `status` must not pay; the listener has it anyway

        changes["counters"] = json.dumps(self._counters)
        fresh = {name: value for name, value in changes.items() if self._written.get(name) != value}
        if not fresh:
            return
        if "led" in fresh:
            fresh["led_ms"] = time.time_ns() // 1_000_000
        rows.update(self._connection, fresh)
        self._written.update(fresh)
