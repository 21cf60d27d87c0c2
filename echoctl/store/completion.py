"""What Tab offers of the store: ids, rooms, wake words, devices and endpoints, each with a few words beside it.

On the fast path, so it reads a bounded number of rows and imports nothing but sqlite3.
"""

import sqlite3

MOST = 100
"""Values offered at once; where there are more, a person types another letter."""

RECENT = 5000
"""Rooms and wake words are taken from this many of the newest recordings: there is no index for them."""

_DISTINCT = f"""
    SELECT {{column}} AS value, count(*) || iif(count(*) = 1, ' recording', ' recordings')
    FROM (SELECT {{column}} FROM recording ORDER BY uid DESC LIMIT {RECENT})
    WHERE value != '' AND value LIKE :prefix || '%'
    GROUP BY value ORDER BY count(*) DESC LIMIT {MOST}
"""

_QUERIES = {
    # Ids sort by time, so a prefix is a range of the index; '~' comes after every character of an id.
    "recordings": f"""
        SELECT uid, strftime('%Y-%m-%d %H:%M', at_ms / 1000, 'unixepoch', 'localtime')
            || printf('  %.1f s', duration_ms / 1000.0) || '  ' || wake_word || '  ' || room
        FROM recording WHERE uid >= upper(:prefix) AND uid < upper(:prefix) || '~' ORDER BY uid DESC LIMIT {MOST}
    """,
    "rooms": _DISTINCT.format(column="room"),
    "wake-words": _DISTINCT.format(column="wake_word"),
    "devices": f"""
        SELECT coalesce(nullif(name, ''), mac) AS value, mac || '  ' || vendor
        FROM device WHERE value LIKE :prefix || '%' OR mac LIKE :prefix || '%' ORDER BY last_ms DESC LIMIT {MOST}
    """,
    "endpoints": f"""
        SELECT coalesce(nullif(name, ''), address) AS value, address
        FROM endpoint WHERE value LIKE :prefix || '%' GROUP BY value ORDER BY max(last_ms) DESC LIMIT {MOST}
    """,
    "guests": f"""
        SELECT name, strftime('since %Y-%m-%d %H:%M', started_ms / 1000, 'unixepoch', 'localtime')
        FROM guest WHERE name != '' AND name LIKE :prefix || '%' ORDER BY id DESC LIMIT {MOST}
    """,
}

KINDS = tuple(_QUERIES)


def offered(connection: sqlite3.Connection, kind: str, prefix: str) -> list[tuple[str, str]]:
    """(value, what it is) of one of KINDS: those that begin with `prefix`, the newest or commonest first."""
    rows = connection.execute(_QUERIES[kind], {"prefix": prefix}).fetchall()
    return [(value, " ".join(beside.split())) for value, beside in rows]
