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
from echoctl.store import state as rows
from echoctl.store.database import db, key_marker

CONFIRM_S = 2.0
"""How long a mute may take to be carried out by a running listener; usually it is below 0.1 s."""


COUNTERS = ("wakes", "near_misses", "recordings", "overflows", "dropped_ms", "lag_ms")
"""What a listener counts; `lag_ms` is the most that it ever was behind."""


_NEVER: dict[str, int | str] = {
    "muted": 0, "muted_by": "", "muted_ms": 0, "led": "off", "led_ms": 0, "mic": "closed", "device": "", "pid": 0,
    "started_ms": 0, "ear_pid": 0, "seal": "",
}  # fmt: skip


def snapshot() -> Snapshot:
    """Read the state. A store that does not exist yet is a quiet one: nothing is made."""
    if not os.path.exists(paths.database()):
        return _snapshot(_NEVER, {}, listening=False)
    with db.session(paths.database()) as connection:
        row, counted = rows.read(connection)
    return _snapshot(row, counted, listening=listener_alive())


def _snapshot(row: dict[str, int | str], counted: dict[str, int], *, listening: bool) -> Snapshot:
    """What the row says, corrected for a listener that died without a word."""
    # The column is called as it was when the schema was released; what people and programs see says sandbox.
    muted, ear_pid, sandbox = bool(row["muted"]), int(row["ear_pid"]), str(row["seal"])
    return Snapshot(
        muted=muted,
        muted_by=str(row["muted_by"]),
        muted_ms=int(row["muted_ms"]),
        listening=listening,
        led=str(row["led"]) if listening else "muted" if muted else "off",
        led_ms=int(row["led_ms"]),
        mic=str(row["mic"]) if listening else "closed",
        device=str(row["device"]),
        pid=int(row["pid"]) if listening else 0,
        started_ms=int(row["started_ms"]),
        ear_pid=ear_pid if listening else 0,
        sandbox=sandbox if listening else "",
        # As it is now, by the kernel's own count; the row only says whose count to ask for.
        sent_bytes=counters.sent_bytes(ear_pid) if listening and sandbox == SandboxLevel.NAMESPACE else None,
        counters=counted,
    )


def set_muted(muted: bool, by: str) -> Snapshot:
    """Mute or unmute, and wait until a running listener has closed or opened its microphone.

    Raises DeviceError when the listener does not carry a mute out in time.
    """
    _write_muted(muted, by)
    end = time.monotonic() + CONFIRM_S
    now = snapshot()
    while not _carried_out(now) and time.monotonic() < end:
        time.sleep(0.01)
        now = snapshot()
    if now.muted and not _carried_out(now):
        raise DeviceError(
            "the listener has not closed its microphone yet",
            f"it is muted in the store; to be sure end it: kill {now.pid}",
        )
    return now


def _carried_out(now: Snapshot) -> bool:
    """Whether the listener does what the store says; that its microphone is closed is not enough: it may just open."""
    if not now.listening or now.mic == "none":
        return True
    return now.led == "muted" if now.muted else now.mic == "open" or now.led == "error"


def toggle_muted(by: str) -> None:
    """Mute when it is not, else unmute; the listener's own front calls this, and sees what comes of it."""
    _write_muted(not snapshot().muted, by)


def _write_muted(muted: bool, by: str) -> None:
    paths.private_dir(paths.data_dir())
    with db.session(paths.database(), create=True) as connection:
        rows.set_muted(connection, muted, by, time.time_ns() // 1_000_000)
    with contextlib.suppress(OSError):  # there is no listener yet; `Presence.when_touched`
        os.utime(paths.listener_lock())


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

    Holds the listener's lock and one connection. Writes only what differs from what it wrote last: an idle listener
    writes nothing. Counters start at zero with each listener.
    """

    def __init__(self, pid: int) -> None:
        self._lock = hold_listener_lock()
        self._folder: int | None = None
        self._connection = db.connect(paths.database(), create=True)
        self._written: dict[str, int | str] = {}
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._version = -1
        self.muted = False
        self.muted_by = ""
        self.changed()
        self.set(pid=pid, started_ms=time.time_ns() // 1_000_000, led="off", mic="closed", device="")

    def __enter__(self) -> "Presence":
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(StoreError):  # the next reader sees the free lock and corrects the row
            self.set(led="off", mic="closed", pid=0, ear_pid=0)
        self._connection.close()
        for descriptor in (self._folder, self._lock):
            if descriptor is not None:
                os.close(descriptor)

    def when_touched(self, handler: "Callable[[], None]") -> bool:
        """Have `handler` called, in a signal handler, when somebody mutes or unmutes; False where that cannot be.

        Who mutes touches the lock's file, and the kernel tells those who watch its folder (F_NOTIFY, Linux): nobody
        need know a process by its number, which may be another's by then.
        """
        import signal  # noqa: PLC0415 - brings enum, which `status` must not pay for

        signal.signal(signal.SIGIO, lambda number, frame: handler())
        self._folder = os.open(paths.data_dir(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.fcntl(self._folder, fcntl.F_NOTIFY, fcntl.DN_ATTRIB | fcntl.DN_MULTISHOT)
        except (OSError, AttributeError):  # an unusual kernel, macOS
            return False
        return True

    def changed(self) -> bool:
        """Whether the mute state has changed since the last call; `muted` is fresh then. Costs 5 µs while idle."""
        version = db.data_version(self._connection)
        if version == self._version:
            return False
        self._version = version
        row, _ = rows.read(self._connection)
        was, self.muted, self.muted_by = self.muted, bool(row["muted"]), str(row["muted_by"])
        return was != self.muted

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


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
