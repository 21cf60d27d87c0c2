"""Deleting: plan, then do, then report what is true. Needs no key.

The wrapped keys are zeroed where they lie and everything about the recordings goes, in one transaction; then the
write-ahead log, which holds older copies of those pages, is merged and truncated. Only after that are the keys dead.
"""

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.model import PurgePlan, PurgeReport, Selection
from echoctl.store import db, events, purging, recordings


def plan(selection: Selection) -> PurgePlan:
    """What the selection names, now. An empty selection, and a store that does not exist, give an empty plan."""
    if not db.exists(paths.database()):
        return PurgePlan((), 0, None, None)
    with db.session(paths.database()) as connection:
        found = recordings.find(connection, selection)
    return PurgePlan(
        tuple(row.uid for row in found),
        sum(row.size for row in found),
        found[0].at_ms if found else None,
        found[-1].at_ms if found else None,
    )


def run(agreed: PurgePlan, *, everything: bool = False) -> PurgeReport:
    """Purge what the plan names, or everything that is there by now, with all traces of what was heard.

    Raises StoreError; then nothing was purged. When the report says that the keys are not dead, a reader kept the
    log from being emptied: call `settle` later.
    """
    if not db.exists(paths.database()):
        return PurgeReport(0, 0, True)
    with db.session(paths.database()) as connection:
        with db.immediate(connection):
            count, size = purging.doom(connection, None if everything else agreed.ids)
            purging.kill_keys(connection)
            purging.remove_rows(connection)
            if everything:
                purging.remove_traces(connection)
            if count:
                events.insert(connection, SystemClock().now_ms(), "purge", {"count": count})
        return PurgeReport(count, size, purging.empty_log(connection))


def settle() -> bool:
    """Empty the log after a purge that could not; False when a reader still keeps it."""
    if not db.exists(paths.database()):
        return True
    with db.session(paths.database()) as connection:
        return purging.empty_log(connection)
