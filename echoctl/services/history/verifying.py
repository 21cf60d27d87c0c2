"""Reading everything that is stored, and naming what does not open. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from echoctl.errors import EchoctlError, NotFound, VaultLocked
from echoctl.services.history.reader import History
from echoctl.services.vault import unlocking
from echoctl.store import integrity, recordings
from echoctl.store.database import db


class State(StrEnum):
    """What became of one recording."""

    WHOLE = "whole"
    INCOMPLETE = "incomplete"
    """All that is there is authentic, and the end of the sound is missing."""
    DAMAGED = "damaged"
    """Something of it was altered or is gone."""
    LOCKED = "locked"
    """It belongs to somebody else: a guest's private stay opens for the guest alone."""
    UNREADABLE = "unreadable"
    """The database cannot give its row."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One recording, looked at."""

    name: str
    """Its id, or `row N` where that cannot be read."""
    state: State


def problems(opened: History) -> list[str]:
    """What is wrong with the database file and with the ways in, one line each."""
    try:
        found = integrity.problems(opened.connection)
    except db.FAULTS as exc:
        found = [f"the database cannot check itself: {exc}"]
    return found + [f"the {name} slot is damaged" for name in unlocking.damaged_slots(opened.connection)]


def recordings_of(opened: History) -> Iterator[Finding]:
    """Open every recording: its text, its correction and all of its sound. Raises VaultLocked.

    One that is purged meanwhile is passed over.
    """
    if opened.problem:
        raise opened.problem if not isinstance(opened.problem, NotFound) else VaultLocked("there is no vault yet")
    for number, row in recordings.walk(opened.connection):
        if row is None:
            yield Finding(f"row {number}", State.UNREADABLE)
            continue
        if state := _state(opened, row):
            yield Finding(row.uid, state)


def _state(opened: History, row: recordings.Row) -> State | None:
    try:
        if row.epoch is not None and opened.foreign(row.epoch):
            return State.LOCKED
        return State.INCOMPLETE if opened.examine(row).incomplete else State.WHOLE
    except NotFound:
        return None
    except VaultLocked:  # somebody has just rotated the vault
        raise
    except (EchoctlError, *db.FAULTS):
        return State.DAMAGED
