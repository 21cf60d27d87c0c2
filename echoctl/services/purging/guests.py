"""Guests: a stay begins with a check-in, and its end purges what was heard. Checking out needs no key."""

from dataclasses import dataclass

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import NotFound, UsageError
from echoctl.model.speech import PurgePlan, PurgeReport, Selection
from echoctl.services import state
from echoctl.services.purging import purge
from echoctl.services.vault import unlocking
from echoctl.store import guests as rows
from echoctl.store import recordings
from echoctl.store.database import db
from echoctl.store.guests import Guest as Guest
from echoctl.vault import age, keys
from echoctl.vault.primitives import random_secret, wipe

CHECK_OUT = "guest check-out"
_MUTED_BY = "guest check-in"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What was asked for at a check-in."""

    name: str
    room: str = ""
    until_ms: int | None = None
    muted: bool = False
    stored: bool = True
    private: bool = False


def check_in(wanted: CheckIn) -> str | None:
    """Begin a stay; for a private one, returns the guest's identity, which is kept nowhere.

    Raises UsageError when somebody else is staying.
    """
    if not wanted.name.strip():
        raise UsageError("a guest needs a name", "echoctl guest check-in NAME")
    unlocking.ensure()
    seed = random_secret() if wanted.private else None
    public = keys.public_bytes(seed) if seed else None
    guest = Guest(
        0, wanted.name, wanted.room, SystemClock().now_ms(), wanted.until_ms, None, wanted.stored, wanted.muted, public
    )
    with db.session(paths.database()) as connection, db.immediate(connection):
        if there := rows.current(connection):
            raise UsageError(f"{there.name} is staying", f"check out first: echoctl guest check-out {there.name}")
        rows.insert(connection, guest)
    if wanted.muted:
        state.set_muted(True, _MUTED_BY)
    if seed is None:
        return None
    line = age.encode(age.HYBRID_PREFIX, seed).upper()
    wipe(seed)
    return line


def plan(name: str) -> PurgePlan:
    """What a check-out would take. Raises NotFound."""
    if not db.exists(paths.database()):
        raise _nobody(name)
    with db.session(paths.database()) as connection:
        _present(connection, name)
        return purge.planned(recordings.find(connection, Selection(guest=name)))


def check_out(name: str) -> PurgeReport:
    """End a stay and purge all of it, with what was heard and not recorded. Raises NotFound."""
    with db.session(paths.database()) as connection:
        guest = _present(connection, name)
        report = purge.stay(connection, guest.id, CHECK_OUT)
    if guest.muted and state.snapshot().muted_by == _MUTED_BY:
        state.set_muted(False, CHECK_OUT)
    return report


def check_out_overdue() -> list[PurgeReport]:
    """Check out the guests who should have left."""
    with db.session(paths.database()) as connection:
        guest = rows.current(connection)
    if not guest or guest.until_ms is None or guest.until_ms > SystemClock().now_ms():
        return []
    return [check_out(guest.name)]


def stays() -> list[tuple[Guest, int]]:
    """All stays, newest first, and how many recordings there are of each."""
    if not db.exists(paths.database()):
        return []
    with db.session(paths.database()) as connection:
        return [(guest, recordings.count_guest(connection, guest.id)) for guest in rows.stays(connection)]


def _present(connection: db.Connection, name: str) -> Guest:
    guest = rows.current(connection)
    if guest is None or guest.name != name:
        raise _nobody(name)
    return guest


def _nobody(name: str) -> NotFound:
    return NotFound(f"no guest {name} is staying", "echoctl guest list")
