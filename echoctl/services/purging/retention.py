"""Retention: rules that purge by themselves. Enforced by the listener and by `retention run`; needs no key."""

from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import StoreError
from echoctl.model.speech import PurgePlan, PurgeReport
from echoctl.services.purging import guests, purge
from echoctl.store import retention as rows
from echoctl.store.database import db
from echoctl.store.retention import EVERYWHERE as EVERYWHERE
from echoctl.store.retention import Rule as Rule

EVERY_S = 60.0
"""How often a listener looks."""

_AT_ONCE = 100
"""Recordings that a listener purges in one go, so that its own writes never wait for long."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The rules, and what they would take next."""

    rules: tuple[Rule, ...]
    due: PurgePlan
    next_ms: int | None
    """When the next recording reaches its age; None: no rule limits the age, or nothing is kept."""


def outlook() -> Outlook:
    """The rules and what they would take now; before there is a store, the rules that it will begin with."""
    if not db.exists(paths.database()):
        return Outlook((rows.DEFAULT,), PurgePlan((), 0, None, None), None)
    now_ms = SystemClock().now_ms()
    with db.session(paths.database()) as connection:
        given = rows.rules(connection)
        due = purge.planned(rows.expired(connection, given, now_ms))
        ages = [rule for rule in given if rule.max_age_ms is not None]
        ends = [_next(connection, rule, now_ms) for rule in ages]
    return Outlook(tuple(given), due, min((end for end in ends if end is not None), default=None))


def would_take(rule: Rule) -> PurgePlan:
    """What a rule that is not yet set would take now."""
    with db.session(paths.database()) as connection:
        return purge.planned(rows.expired(connection, [rule], SystemClock().now_ms()))


def rule_of(room: str) -> Rule:
    """The rule of a room or of the whole store; without limits when there is none."""
    found = [rule for rule in outlook().rules if rule.room == room]
    return found[0] if found else Rule(room, None, None, None)


def put(rule: Rule) -> None:
    """Set a rule; it takes effect with the next `run`, or within a minute where a listener runs."""
    with db.session(paths.database()) as connection, db.immediate(connection):
        rows.put(connection, rule)


def run(limit: int = -1) -> list[PurgeReport]:
    """Check overdue guests out and purge what the rules take, at most `limit` recordings of it."""
    if not db.exists(paths.database()):
        return []
    reports = guests.check_out_overdue()
    with db.session(paths.database()) as connection:
        found = rows.expired(connection, rows.rules(connection), SystemClock().now_ms(), limit)
    if found:
        reports.append(purge.run(purge.planned(found), why="retention"))
    return reports


def enforce(stop: Event) -> None:
    """Enforce the rules beside a listener, in a thread of its own, until `stop` is set.

    What fails is tried again a minute later. When the process ends in the middle, the next one finishes the purge.
    """
    wait = 0.0
    while not stop.wait(wait):
        wait = EVERY_S
        with suppress(StoreError):
            if any(report.count == _AT_ONCE for report in run(_AT_ONCE)):
                wait = 1.0


def _next(connection: db.Connection, rule: Rule, now_ms: int) -> int | None:
    oldest = rows.oldest(connection, rule.room, now_ms - (rule.max_age_ms or 0))
    return None if oldest is None else oldest + (rule.max_age_ms or 0)
