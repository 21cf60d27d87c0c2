"""The only owner of mute: reading it, setting it, and telling who listens, and that alive.

The fast path lives on this module, so it imports os, time, fcntl and (through the store) sqlite3, and nothing else: no
dataclass, no enum, no json.
"""

import os
import time
from collections.abc import Iterator

from echoctl import paths
from echoctl.errors import DeviceError
from echoctl.model.listener import Listener, SandboxLevel, Snapshot, telling
from echoctl.sandbox import counters
from echoctl.services import mute_file
from echoctl.store import listeners
from echoctl.store import state as rows
from echoctl.store.database import db, listener_locks

CONFIRM_S = 2.0
"""How long a mute may take to be carried out by a running listener; usually it is below 0.1 s."""

_MIC = {
    mute_file.OPEN: "open", mute_file.CLOSED: "closed", mute_file.WAITING: "closed", mute_file.DROPPED: "dropped",
    mute_file.NONE: "none",
}  # fmt: skip


def snapshot() -> Snapshot:
    """Read the state. A store that does not exist yet is a quiet one: nothing is made."""
    if not os.path.exists(paths.database()):
        return Snapshot(Listener())
    with db.session(paths.database()) as connection:
        muted, by, at_ms = rows.read(connection)
        told = listeners.read(connection)
    running = [_alive(name, *told.get(name, _NEVER), mute_file.done(lock)[0]) for name, lock in _running()]
    running.sort(key=telling)
    first = running[0] if running else _last(*[_NEVER, *told.values()][-1], muted=muted)
    return Snapshot(first, muted=muted, muted_by=by, muted_ms=at_ms, listeners=tuple(running))


_NEVER: tuple[listeners.Row, dict[str, int]] = dict.fromkeys(listeners.COLUMNS, ""), {}


def _alive(name: str, row: listeners.Row, counted: dict[str, int], doing: bytes) -> Listener:
    """What the row says, corrected by the word of its microphone."""
    ear_pid, sandbox = int(row["ear_pid"] or 0), str(row["ear_sandbox"])
    return Listener(
        name=name,
        listening=True,
        led="muted" if doing in (mute_file.CLOSED, mute_file.DROPPED) else str(row["led"] or "off"),
        led_ms=int(row["led_ms"] or 0),
        mic=_MIC.get(doing, "closed"),
        device=str(row["device"]),
        room=str(row["room"]),
        pid=int(row["pid"] or 0),
        started_ms=int(row["started_ms"] or 0),
        ear_pid=ear_pid,
        mic_pid=int(row["mic_pid"] or 0),
        sandbox=sandbox,
        mic_sandbox=str(row["mic_sandbox"]),
        # As it is now, by the kernel's own count; the row only says whose count to ask for.
        sent_bytes=counters.sent_bytes(ear_pid) if sandbox == SandboxLevel.FULL else None,
        counters=counted,
    )


def _last(row: listeners.Row, counted: dict[str, int], *, muted: bool) -> Listener:
    """What remains of one that has ended, be it without a word."""
    return Listener(
        led="muted" if muted else "off",
        led_ms=int(row["led_ms"] or 0),
        device=str(row["device"]),
        room=str(row["room"]),
        started_ms=int(row["started_ms"] or 0),
        counters=counted,
    )


def set_muted(muted: bool, by: str) -> Snapshot:
    """Mute or unmute, and wait until each running listener has closed or opened its microphone.

    Raises DeviceError when one does not carry a mute out in time; StoreError when it could not be written down: those
    that run are muted all the same.
    """
    _write_muted(muted, by)
    end = time.monotonic() + CONFIRM_S
    while (owing := _owing(muted)) and time.monotonic() < end:
        time.sleep(0.01)
    now = snapshot()
    if muted and now.muted and owing:  # else somebody has unmuted meanwhile
        who = "the listener has not closed its microphone"
        if len(owing) > 1:
            who = f"{len(owing)} listeners have not closed their microphones"
        pids = " ".join(str(each.mic_pid or each.pid) for each in now.listeners if each.name in owing)
        raise DeviceError(f"{who} yet", f"it is muted in the store; to be sure end it: kill -9 {pids}")
    return now


def _owing(muted: bool) -> list[str]:
    """The listeners that run and have not done so; those whom no order could reach are told by their front."""
    return [name for name, lock in _running() if not _carried_out(name, lock, muted)]


def _carried_out(name: str, lock: int, muted: bool) -> bool:
    """Whether its microphone has answered an order to that, or was lost on the way to it."""
    what, answered = mute_file.done(lock)
    if what == mute_file.NONE:
        return True
    return answered and mute_file.wanted(lock) == muted and (what != mute_file.WAITING or _lost(name))


def _lost(name: str) -> bool:
    return any(each.led == "error" for each in snapshot().listeners if each.name == name)


def toggle_muted(by: str) -> None:
    """Mute when it is not, else unmute; a listener's own front calls this, and sees what comes of it."""
    _write_muted(not snapshot().muted, by)


def _write_muted(muted: bool, by: str) -> None:
    """A mute goes to the microphones first, and needs no store for that; what is written down lasts."""
    paths.private_dir(paths.data_dir())
    if muted:
        _order(muted)
    with db.session(paths.database(), create=True) as connection:
        rows.set_muted(connection, muted, by, time.time_ns() // 1_000_000)
    _order(muted)  # to a listener as well that began meanwhile


def _order(muted: bool) -> None:
    folder = paths.data_dir()
    for name in listener_locks.names(folder):
        try:
            lock = listener_locks.open_file(folder, name)
        except OSError:  # whoever runs all the same is found to owe it
            continue
        try:
            mute_file.order(lock, muted)
        finally:
            os.close(lock)


def running() -> list[str]:
    """The names of the listeners that run. Raises OSError for a lock that may not be looked at."""
    return [name for name, _ in _running()]


def _running() -> Iterator[tuple[str, int]]:
    return listener_locks.running(paths.data_dir())
