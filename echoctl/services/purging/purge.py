"""Deleting: plan, then do, then report what is true. Needs no key.

The wrapped keys are zeroed where they lie and the texts cleared, in one transaction, which is the point of no return.
What follows can be done by any process at any time: the write-ahead log, which holds older copies of those pages, is
merged and overwritten (then the keys are dead), the rows go, the log is overwritten once more. A purge that was
interrupted is finished by the next command.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import StoreError, VaultDamaged, VaultLocked
from echoctl.model.speech import PurgePlan, PurgeReport, Receipt, Selection
from echoctl.store import events, guests, purging, recordings, vaults
from echoctl.store.database import db, key_marker, reserve
from echoctl.store.database.blockers import others
from echoctl.text.timestamps import moment

DELETE = "history delete"


@contextmanager
def opened() -> Iterator[db.Connection | None]:
    """The store for a plan and what follows from it; None where nothing was ever stored (nothing is made then)."""
    if not db.exists(paths.database()):
        yield None
        return
    with db.session(paths.database()) as connection:
        yield connection


def plan(
    selection: Selection, *, matching: Collection[str] | None = None, on: db.Connection | None = None
) -> PurgePlan:
    """What the selection names now, in the store that is open `on`, else in one opened for a moment.

    `matching`: only these ids of it, which were found by what was said. An empty selection names nothing.
    """
    with nullcontext(on) if on else opened() as connection:
        found = recordings.find(connection, selection) if connection else []
    if matching is not None:
        wanted = frozenset(matching)
        found = [row for row in found if row.uid in wanted]
    everything = _everything(selection) and matching is None
    return replace(planned(found), everything=everything, asked=_asked(selection, matching))


def planned(found: Sequence[recordings.Found]) -> PurgePlan:
    """The plan of what was found, oldest first."""
    return PurgePlan(
        tuple(row.uid for row in found),
        sum(row.size for row in found),
        found[0].at_ms if found else None,
        found[-1].at_ms if found else None,
    )


def run(agreed: PurgePlan, *, why: str = DELETE, on: db.Connection | None = None) -> PurgeReport:
    """Purge what the plan names. Raises StoreError; then nothing was purged.

    When the report says that the keys are not dead, a reader kept the log from being overwritten: `settle`, and every
    later command, tries again.
    """
    with nullcontext(on) if on else opened() as connection:
        if connection is None or not (agreed.ids or agreed.everything):
            return PurgeReport(0, 0, True)
        receipts = _begin(connection, None if agreed.everything else agreed.ids, why, agreed.asked)
        return _report(connection, receipts, finish(connection))


def together(reports: Sequence[PurgeReport]) -> PurgeReport:
    """Several reports as one."""
    return PurgeReport(
        sum(report.count for report in reports),
        sum(report.size for report in reports),
        all(report.keys_dead for report in reports),
        all(report.done for report in reports),
        tuple(uid for report in reports for uid in report.receipts),
        tuple(dict.fromkeys(who for report in reports for who in report.blocked_by)),
    )


def _everything(selection: Selection) -> bool:
    """Whether no condition narrows it: only then what is recorded meanwhile goes, too."""
    return selection == Selection(all=True)


def _asked(selection: Selection, matching: Collection[str] | None) -> dict[str, object]:
    """What the receipt says of the conditions."""
    asked: dict[str, object] = {}
    if _everything(selection) and matching is None:
        asked["all"] = True
    if selection.ids:
        asked["ids"] = len(selection.ids)
    for name, at_ms in (("since", selection.since_ms), ("before", selection.before_ms)):
        if at_ms is not None:
            asked[name] = moment(at_ms)
    named = {
        "room": selection.room, "wake_word": selection.wake_word, "guest": selection.guest, "matching": matching,
    }  # fmt: skip
    return asked | {name: True for name, value in named.items() if value is not None}


def stay(connection: db.Connection, guest: int, why: str) -> PurgeReport:
    """Purge a guest's stay and end it, in one transaction: nothing of the guest is recorded in between."""
    if reserve.needed(paths.database()):
        reserve.give_back(paths.database())
    now_ms = SystemClock().now_ms()
    with key_marker.writing(paths.database()), db.immediate(connection):
        ids = recordings.of_guest(connection, guest)
        uid = purging.begin(connection, now_ms, why, {"guest": guest}, ids)
        purging.forget_guest(connection, guest)
        guests.end(connection, guest, now_ms)
        events.insert(connection, now_ms, "purge", {"count": len(ids)})
    return _report(connection, (uid,), finish(connection))


def finish(connection: db.Connection, patience_s: float | None = None) -> bool:
    """Take up every purge that is not done; waits for readers up to `patience_s` (None: five seconds).

    Returns False when a reader still keeps the log from being overwritten. Costs a look at an empty index when
    there is nothing to do.
    """
    if not purging.pending(connection):
        return True
    clock = SystemClock()
    _destroy_old_secret(connection, clock.now_ms())
    try:
        if not purging.erase_log(connection, clock.now_ms(), patience_s):
            return False
    except (db.StoreFull, db.Error):  # the log cannot be merged before the rows make room
        reserve.give_back(paths.database())
    if any(job.rows_ms is None and job.why != purging.ROTATE for job in purging.pending(connection)):
        purging.remove_rows(connection, clock.now_ms())
    if any(job.rows_ms is not None for job in purging.pending(connection)):
        with suppress(db.StoreFull):  # the purge stays open, and the next command tries again
            purging.erase_log(connection, clock.now_ms(), patience_s)
    reserve.keep(paths.database())
    return not purging.pending(connection)


def resume(connection: db.Connection) -> None:
    """`finish`, for a command that came for something else: does not wait, and what fails is left to the next one."""
    with suppress(StoreError, db.Error):
        finish(connection, 0.0)


def _destroy_old_secret(connection: db.Connection, now_ms: int) -> None:
    """After a rotation's point of no return: the new device secret takes the old one's place. Needs no passphrase.

    What listens cannot reach the secrets; then this is left to the next command that can.
    """
    if not any(job.why == purging.ROTATE and job.rows_ms is None for job in purging.pending(connection)):
        return
    from echoctl.vault import device, keys  # noqa: PLC0415 - cryptography: 35 ms, only after a rotation

    row = vaults.read(connection)
    path = paths.device_key()
    with suppress(StoreError, VaultLocked, VaultDamaged), device.changing(path):
        if row and device.promote(path, lambda secret: keys.device_check(secret, row.uid) == row.device):
            with db.immediate(connection):
                purging.rotated(connection, now_ms)


def settle() -> bool:
    """Finish purges that a reader kept unfinished; False when one is still in the way."""
    if not db.exists(paths.database()):
        return True
    with db.session(paths.database()) as connection:
        return finish(connection)


def receipts() -> list[Receipt]:
    """What was purged and when, newest first: counts, never content."""
    if not db.exists(paths.database()):
        return []
    with db.session(paths.database()) as connection:
        resume(connection)
        return [_receipt(job) for job in purging.jobs(connection)]


def blockers() -> tuple[str, ...]:
    """Who else has the database open, as `name (pid)`."""
    return tuple(f"{name} ({pid})" for pid, name in others(paths.database()))


def _begin(
    connection: db.Connection, ids: tuple[str, ...] | None, why: str, what: Mapping[str, object]
) -> tuple[str, ...]:
    """Pass the point of no return: without the reserve where room is short, and in parts where that is too little."""
    count = recordings.count(connection)[0] if ids is None else len(ids)
    if reserve.needed(paths.database(), count):
        reserve.give_back(paths.database())
    if reserve.needed(paths.database(), count) and count > reserve.PART:
        return tuple(_in_parts(connection, ids, why, what))
    return (_commit(connection, ids, why, what),)


def _in_parts(
    connection: db.Connection, ids: tuple[str, ...] | None, why: str, what: Mapping[str, object]
) -> list[str]:
    """Small purges, each finished before the next, so that each makes room for it."""
    found = ids if ids is not None else tuple(row.uid for row in recordings.find(connection, Selection(all=True)))
    made = []
    for start in range(0, len(found), reserve.PART):
        made.append(_commit(connection, found[start : start + reserve.PART], why, what))
        finish(connection)
    return made if ids is not None else [*made, _commit(connection, None, why, what)]  # what was not recorded too


def _commit(connection: db.Connection, ids: tuple[str, ...] | None, why: str, what: Mapping[str, object]) -> str:
    now_ms = SystemClock().now_ms()
    with key_marker.writing(paths.database()), db.immediate(connection):
        uid = purging.begin(connection, now_ms, why, what, ids)
        job = purging.pending(connection)[-1]
        if job.number:
            events.insert(connection, now_ms, "purge", {"count": job.number})
    return uid


def _report(connection: db.Connection, uids: tuple[str, ...], done: bool) -> PurgeReport:
    made = [job for job in purging.jobs(connection) if job.uid in uids]
    return PurgeReport(
        sum(job.number for job in made),
        sum(job.size for job in made),
        all(job.log_ms is not None for job in made),
        done,
        uids,
        () if done else blockers() or (("a full disk",) if reserve.needed(paths.database()) else ()),
    )


def _receipt(job: purging.Job) -> Receipt:
    return Receipt(
        job.uid,
        job.started_ms,
        job.why,
        json.loads(job.what),
        job.number,
        job.size,
        job.log_ms,
        job.rows_ms,
        job.done_ms,
    )
