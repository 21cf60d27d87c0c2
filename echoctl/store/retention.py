"""How long recordings are kept: rules per room, and what they would take now. Needs no key."""

import sqlite3
from typing import NamedTuple

from echoctl.clock import first_id
from echoctl.store.recordings import Found

EVERYWHERE = "*"
"""The room of the rule for the whole store."""


class Rule(NamedTuple):
    """Limits of a room, or of the whole store; None: no limit. Each rule counts by itself."""

    room: str
    max_age_ms: int | None
    max_count: int | None
    max_bytes: int | None


DEFAULT = Rule(EVERYWHERE, 90 * 86_400_000, None, None)
"""What a new vault begins with."""


def rules(connection: sqlite3.Connection) -> list[Rule]:
    """All rules, that of the whole store first."""
    rows = connection.execute("SELECT room, max_age_ms, max_count, max_bytes FROM retention ORDER BY room <> '*', room")
    return [Rule(*row) for row in rows.fetchall()]


def put(connection: sqlite3.Connection, rule: Rule) -> None:
    """Store a rule in place of the room's earlier one; a rule without limits goes."""
    connection.execute("DELETE FROM retention WHERE room = ?", (rule.room,))
    if rule[1:] != (None, None, None):
        connection.execute("INSERT INTO retention VALUES(?, ?, ?, ?)", rule)


def expired(connection: sqlite3.Connection, given: list[Rule], now_ms: int, limit: int = -1) -> list[Found]:
    """What the rules take, oldest first, at most `limit`."""
    parts, values = [], []
    for rule in given:
        for clause, value in _limits(rule, now_ms):
            room, named = ("", []) if rule.room == EVERYWHERE else (" AND room = ?", [rule.room])
            parts.append(clause.format(room=room))
            values += [*named, value]
    if not parts:
        return []
    rows = connection.execute(
        f"SELECT uid, size, at_ms FROM recording WHERE state = 1 AND uid IN ({' UNION '.join(parts)})"
        " ORDER BY uid LIMIT ?",
        [*values, limit],
    )
    return [Found(*row) for row in rows.fetchall()]


def _limits(rule: Rule, now_ms: int) -> list[tuple[str, str | int]]:
    """A query of ids per limit, with `{room}` for the condition on the room, and its last value."""
    of_room = "FROM recording WHERE state = 1{room}"
    found: list[tuple[str, str | int]] = []
    if rule.max_age_ms is not None:
        found.append((f"SELECT uid {of_room} AND uid < ?", first_id(now_ms - rule.max_age_ms)))
    if rule.max_count is not None:
        # An OFFSET over an index, and only as far as a person's own limit.
        found.append((f"SELECT uid FROM (SELECT uid {of_room} ORDER BY uid DESC LIMIT -1 OFFSET ?)", rule.max_count))
    if rule.max_bytes is not None:
        total = f"SELECT uid, sum(size) OVER (ORDER BY uid DESC) AS total {of_room}"
        found.append((f"SELECT uid FROM ({total}) WHERE total > ?", rule.max_bytes))
    return found


def oldest(connection: sqlite3.Connection, room: str, after_ms: int) -> int | None:
    """When the oldest recording of a room, or of the whole store, began that is not older than `after_ms`."""
    of_room, values = ("", []) if room == EVERYWHERE else (" AND room = ?", [room])
    row = connection.execute(
        f"SELECT at_ms FROM recording WHERE state = 1 AND uid >= ?{of_room} ORDER BY uid LIMIT 1",
        [first_id(after_ms), *values],
    ).fetchone()
    return int(row[0]) if row else None
