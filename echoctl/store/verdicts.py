"""What a verdict rests on beside the traffic, and the verdicts that were given."""

import json
import sqlite3
from collections.abc import Mapping

from echoctl.model.traffic import Wake


def wakes(connection: sqlite3.Connection, since_ms: int, before_ms: int) -> list[Wake]:
    """When the listener heard a wake word, oldest first."""
    rows = connection.execute(
        "SELECT at_ms, word, id FROM detection WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, id", (since_ms, before_ms)
    )
    return [Wake(*row) for row in rows.fetchall()]


def add(connection: sqlite3.Connection, device: str, at_ms: int, since_ms: int, document: Mapping[str, object]) -> None:
    """Store a verdict's fields as JSON, without its sentences."""
    connection.execute(
        "INSERT INTO verdict(device, at_ms, since_ms, json) VALUES(?, ?, ?, ?)",
        (device, at_ms, since_ms, json.dumps(document, ensure_ascii=False)),
    )
