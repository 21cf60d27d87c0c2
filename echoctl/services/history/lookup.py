"""Which recording is meant by the beginning of an id. Opens nothing, so it loads no cryptography."""

import re
from collections.abc import Sequence

from echoctl.errors import NotFound, UsageError
from echoctl.store import recordings
from echoctl.store.database import db

_SHOWN = 5
"""How many candidates an ambiguous id names."""

_ID = re.compile(r"[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{1,26}")


def resolve(connection: db.Connection | None, prefixes: Sequence[str]) -> tuple[str, ...]:
    """The ids that begin so; without a store (None) there are none. Raises NotFound, UsageError for several."""
    if connection is None and prefixes:
        raise unknown(prefixes[0])
    return tuple(find(connection, prefix) for prefix in prefixes if connection)


def find(connection: db.Connection, prefix: str) -> str:
    """The one id that begins with `prefix`. Raises NotFound, UsageError when several do."""
    if not _ID.fullmatch(prefix):
        raise unknown(prefix)
    found = recordings.starting_with(connection, prefix.upper(), _SHOWN + 1)
    if not found:
        raise unknown(prefix)
    if len(found) > 1:
        more = " …" if len(found) > _SHOWN else ""
        raise UsageError(f"{prefix} is the beginning of several ids", " ".join(found[:_SHOWN]) + more)
    return found[0]


def unknown(prefix: str) -> NotFound:
    """The error for an id that no recording has."""
    return NotFound(f"no recording {prefix}", "echoctl history list shows the ids")
