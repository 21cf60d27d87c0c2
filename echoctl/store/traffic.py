"""What was seen of devices: who they are, whom they talk to, seconds of bytes, bursts, and the times watched.

Two captures of the same time must not count twice, so a second and a burst are named by endpoint and time, and the
larger count stays.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from echoctl.model.traffic import Burst, BurstClass, Capture, Device, Endpoint, Second, Wake

_SEEN = "'dns', 'sni', 'quic', 'http'"
"""Names that a capture has shown."""


class EndpointRow(NamedTuple):
    """An endpoint of a device, with its totals."""

    device: str
    address: str
    name: str
    how: str
    older: bool
    first_ms: int
    last_ms: int
    up: int
    down: int
    packets: int


def see_device(connection: sqlite3.Connection, mac: str, vendor: str, first_ms: int, last_ms: int) -> None:
    """Note that a device was seen; what a person said of it stays."""
    connection.execute(
        "INSERT INTO device(mac, vendor, first_ms, last_ms) VALUES(?, ?, ?, ?) ON CONFLICT(mac) DO UPDATE SET"
        " vendor = excluded.vendor, first_ms = min(first_ms, excluded.first_ms),"
        " last_ms = max(last_ms, excluded.last_ms)",
        (mac, vendor, first_ms, last_ms),
    )


def name_device(connection: sqlite3.Connection, device: Device) -> None:
    """Store what a person says of a device; `thresholds` replaces what was there."""
    connection.execute(
        "UPDATE device SET name = ?, speaker = ?, model = ?, thresholds = ? WHERE mac = ?",
        (device.name, device.speaker, device.model, json.dumps(dict(device.thresholds), sort_keys=True), device.mac),
    )


def devices(connection: sqlite3.Connection) -> list[Device]:
    """All devices, speakers first, then by name and MAC."""
    rows = connection.execute(
        "SELECT mac, name, vendor, speaker, model, thresholds, first_ms, last_ms FROM device"
        " ORDER BY speaker DESC, name = '', name, mac"
    )
    return [
        Device(mac, name, vendor, bool(speaker), model, json.loads(thresholds), first, last)
        for mac, name, vendor, speaker, model, thresholds, first, last in rows.fetchall()
    ]


def see_endpoint(connection: sqlite3.Connection, device: str, endpoint: Endpoint, first_ms: int, last_ms: int) -> int:
    """Note that an endpoint was seen and return its number. A name is replaced by a better or a newer one only."""
    row = connection.execute(
        "INSERT INTO endpoint(device, address, name, how, older, first_ms, last_ms) VALUES(?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(device, address) DO UPDATE SET"
        f" name = CASE WHEN excluded.how IN ({_SEEN}, 'tunnel') OR how NOT IN ({_SEEN})"
        " THEN excluded.name ELSE name END,"
        f" how = CASE WHEN excluded.how IN ({_SEEN}, 'tunnel') OR how NOT IN ({_SEEN})"
        " THEN excluded.how ELSE how END,"
        " older = excluded.older, first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)"
        " RETURNING id",
        (device, endpoint.address, endpoint.name, endpoint.how, endpoint.older, first_ms, last_ms),
    ).fetchone()
    return int(row[0])


def names(connection: sqlite3.Connection) -> dict[str, str]:
    """Address -> the newest name that was seen for it, on whatever device."""
    rows = connection.execute(f"SELECT address, name FROM endpoint WHERE how IN ({_SEEN}) ORDER BY last_ms")
    return dict(rows.fetchall())


def endpoints(connection: sqlite3.Connection, device: str | None, since_ms: int) -> list[EndpointRow]:
    """The endpoints of one device or of all, with their bytes since then, the busiest upload first."""
    rows = connection.execute(
        "SELECT e.device, e.address, e.name, e.how, e.older, e.first_ms, e.last_ms, coalesce(sum(s.up), 0),"
        " coalesce(sum(s.down), 0), coalesce(sum(s.packets), 0)"
        " FROM endpoint e LEFT JOIN second s ON s.endpoint = e.id AND s.at_s >= ?"
        " WHERE (? IS NULL OR e.device = ?) AND e.last_ms >= ? GROUP BY e.id ORDER BY 8 DESC, e.address",
        (since_ms // 1000, device, device, since_ms),
    )
    return [EndpointRow(*row) for row in rows.fetchall()]


def add_seconds(connection: sqlite3.Connection, rows: Iterable[tuple[int, int, int, int, int]]) -> None:
    """Store (at_s, endpoint, up, down, packets)."""
    connection.executemany(
        "INSERT INTO second(at_s, endpoint, up, down, packets) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(at_s, endpoint) DO UPDATE SET up = max(up, excluded.up), down = max(down, excluded.down),"
        " packets = max(packets, excluded.packets)",
        rows,
    )


def seconds(connection: sqlite3.Connection, device: str, since_s: int, before_s: int) -> list[Second]:
    """The seconds of a device in which bytes moved, oldest first."""
    rows = connection.execute(
        "SELECT e.device, e.address, s.at_s, s.up, s.down, s.packets FROM second s JOIN endpoint e ON e.id = s.endpoint"
        " WHERE e.device = ? AND s.at_s >= ? AND s.at_s < ? ORDER BY s.at_s, e.address",
        (device, since_s, before_s),
    )
    return [Second(*row) for row in rows.fetchall()]


def forget_seconds(connection: sqlite3.Connection, before_ms: int) -> int:
    """Drop the seconds of captures that were stored before that; returns how many went. Bursts and verdicts stay."""
    return connection.execute(
        "DELETE FROM second WHERE at_s < ? AND NOT EXISTS(SELECT 1 FROM capture WHERE stored_ms >= ?"
        " AND at_s BETWEEN start_ms / 1000 AND end_ms / 1000)",
        (before_ms // 1000, before_ms),
    ).rowcount


def add_burst(connection: sqlite3.Connection, burst: Burst, endpoint: int, capture: int) -> int:
    """Store a burst, or bring it up to date while it grows; returns its number."""
    row = connection.execute(
        "INSERT INTO burst(endpoint, start_ms, end_ms, bytes_up, windows, span_ms, grade, capture)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(endpoint, start_ms) DO UPDATE SET end_ms = excluded.end_ms,"
        " bytes_up = excluded.bytes_up, windows = excluded.windows, span_ms = excluded.span_ms,"
        " grade = excluded.grade RETURNING id",
        (
            endpoint,
            burst.start_ms,
            burst.end_ms,
            burst.bytes_up,
            burst.windows,
            burst.span_ms,
            burst.grade,
            capture,
        ),
    ).fetchone()
    return int(row[0])


def bursts(
    connection: sqlite3.Connection, device: str | None, since_ms: int, before_ms: int, grades: Sequence[str] = ()
) -> list[Burst]:
    """Bursts that begin in that time, oldest first; no grades: all of them."""
    wanted = json.dumps(list(grades or BurstClass))
    rows = connection.execute(
        "SELECT b.id, e.device, e.address, e.name, b.start_ms, b.end_ms, b.bytes_up, b.windows, b.span_ms, b.grade"
        " FROM burst b JOIN endpoint e ON e.id = b.endpoint WHERE b.start_ms >= ? AND b.start_ms < ?"
        " AND (? IS NULL OR e.device = ?) AND b.grade IN (SELECT value FROM json_each(?)) ORDER BY b.start_ms, b.id",
        (since_ms, before_ms, device, device, wanted),
    )
    return [
        Burst(number, mac, address, name, start, end, up, windows, span, BurstClass(grade))
        for number, mac, address, name, start, end, up, windows, span, grade in rows.fetchall()
    ]


def uploaded(connection: sqlite3.Connection, device: str, since_ms: int, before_ms: int) -> int:
    """The bytes of all bursts of a device that begin in that time."""
    row = connection.execute(
        "SELECT coalesce(sum(b.bytes_up), 0) FROM burst b JOIN endpoint e ON e.id = b.endpoint"
        " WHERE b.start_ms >= ? AND b.start_ms < ? AND e.device = ?",
        (since_ms, before_ms, device),
    ).fetchone()
    return int(row[0])


def begin_capture(connection: sqlite3.Connection, source: str, start_ms: int, stored_ms: int = 0) -> int:
    """Store that watching began; `stored_ms` is the time by our own clock. Returns the capture's number."""
    cursor = connection.execute(
        "INSERT INTO capture(source, start_ms, end_ms, stored_ms) VALUES(?, ?, ?, ?)",
        (source, start_ms, start_ms, stored_ms),
    )
    return int(cursor.lastrowid or 0)


def update_capture(connection: sqlite3.Connection, capture: Capture) -> None:
    """Store how far a capture has come."""
    connection.execute(
        "UPDATE capture SET start_ms = ?, end_ms = ?, packets = ?, gaps = ?, clock_offset_ms = ?, truncated = ?"
        " WHERE id = ?",
        (
            capture.start_ms,
            capture.end_ms,
            capture.packets,
            json.dumps(capture.gaps),
            capture.clock_offset_ms,
            capture.truncated,
            capture.id,
        ),
    )


def drop_repeated(connection: sqlite3.Connection, capture: Capture) -> bool:
    """Forget a capture that is stored under another number too, unless a burst came with it; True for such a one."""
    same = connection.execute(
        "SELECT 1 FROM capture WHERE start_ms = ? AND end_ms = ? AND packets = ? AND id <> ?",
        (capture.start_ms, capture.end_ms, capture.packets, capture.id),
    ).fetchone()
    if same:
        connection.execute(
            "DELETE FROM capture WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM burst WHERE capture = ?1)", (capture.id,)
        )
    return same is not None


def captures(connection: sqlite3.Connection, since_ms: int, before_ms: int) -> list[Capture]:
    """Captures that share time with that stretch, oldest first."""
    rows = connection.execute(
        "SELECT id, source, start_ms, end_ms, packets, gaps, clock_offset_ms, truncated FROM capture"
        " WHERE end_ms >= ? AND start_ms < ? ORDER BY start_ms, id",
        (since_ms, before_ms),
    )
    return [
        Capture(number, source, start, end, packets, tuple((a, b) for a, b in json.loads(gaps)), offset, bool(cut))
        for number, source, start, end, packets, gaps, offset, cut in rows.fetchall()
    ]


def wakes_after(connection: sqlite3.Connection, number: int) -> list[Wake]:
    """The detections that follow that one, oldest first."""
    rows = connection.execute("SELECT at_ms, word, id FROM detection WHERE id > ? ORDER BY id LIMIT 100", (number,))
    return [Wake(*row) for row in rows.fetchall()]


def last_wake(connection: sqlite3.Connection) -> int:
    """The number of the newest detection, 0 when there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM detection").fetchone()[0])
