"""Recordings, their epochs and chunks: the SQL of the history. Paging goes by id, never by OFFSET.

A recording's id is a ULID of the time at which it begins, so order by id is order by time, and a range of times is
a range of ids.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from echoctl.clock import first_id
from echoctl.model.speech import Selection, normal_word
from echoctl.store import slabs
from echoctl.store.database import db

_STRETCH = 200
"""Rows that `walk` reads at a time."""


class Row(NamedTuple):
    """A recording as stored: `text` and `correction` are sealed; `epoch` and `seq` say where its key is."""

    uid: str
    epoch: int | None
    seq: int | None
    at_ms: int
    duration_ms: int
    wake_word: str
    room: str
    mode: str
    scores: str
    size: int
    feedback: str | None = None
    text: bytes | None = None
    correction: bytes | None = None
    guest: int | None = None
    """The stay that it belongs to."""


class Found(NamedTuple):
    """What a selection found, without the texts: for plans."""

    uid: str
    size: int
    at_ms: int


class Sealed(NamedTuple):
    """What a search needs of a recording."""

    uid: str
    epoch: int
    seq: int
    at_ms: int
    text: bytes
    correction: bytes | None


class Group(NamedTuple):
    """Recordings of one wake word, room, mode and feedback, counted; times are Unix ms."""

    wake_word: str
    room: str
    mode: str
    feedback: str | None
    number: int
    duration_ms: int
    size: int
    first_ms: int
    last_ms: int


_COLUMNS = ", ".join(Row._fields)


class Epoch(NamedTuple):
    """An epoch that begins: a guest's stay has epochs of its own."""

    uid: bytes
    gen: int
    guest: int | None
    created_ms: int
    sealed: bytes


def insert_epoch(connection: sqlite3.Connection, new: Epoch) -> int:
    """Store a new epoch with an empty slab; returns its number."""
    cursor = connection.execute("INSERT INTO epoch(uid, gen, guest, created_ms, sealed) VALUES(?, ?, ?, ?, ?)", new)
    epoch = int(cursor.lastrowid or 0)
    slabs.create(connection, epoch)
    return epoch


def epoch(connection: sqlite3.Connection, number: int) -> tuple[bytes, bytes] | None:
    """An epoch's id and sealed root; None when a purge has taken it."""
    row = connection.execute("SELECT uid, sealed FROM epoch WHERE id = ? AND NOT dead", (number,)).fetchone()
    return (row[0], row[1]) if row else None


def insert(connection: sqlite3.Connection, row: Row, chunks: Sequence[bytes], detection: int | None) -> None:
    """Store a recording and its audio, and link the detection that began it."""
    marks = ", ".join("?" * len(row))
    number = connection.execute(f"INSERT INTO recording({_COLUMNS}) VALUES({marks})", row).lastrowid
    connection.executemany(
        "INSERT INTO chunk(recording, n, sealed) VALUES(?, ?, ?)",
        ((number, n, sealed) for n, sealed in enumerate(chunks)),
    )
    if detection is not None:
        connection.execute("UPDATE detection SET recording = ? WHERE id = ?", (number, detection))


def insert_detection(
    connection: sqlite3.Connection,
    at_ms: int,
    word: str,
    scores: Mapping[str, float],
    room: str,
    guest: int | None = None,
) -> int:
    """Store that a wake word was heard; returns its number."""
    row = (at_ms, word, json.dumps(dict(scores), sort_keys=True), room, guest)
    cursor = connection.execute("INSERT INTO detection(at_ms, word, scores, room, guest) VALUES(?, ?, ?, ?, ?)", row)
    return int(cursor.lastrowid or 0)


def page(connection: sqlite3.Connection, selection: Selection, limit: int, before: str | None) -> list[Row]:
    """The newest `limit` recordings of the selection, those older than the id `before` if given; 0: all of them."""
    where, values = _conditions(selection)
    if before is not None:
        where, values = f"{where} AND uid < ?", [*values, before]
    cursor = connection.execute(
        f"SELECT {_COLUMNS} FROM recording WHERE {where} ORDER BY uid DESC LIMIT ?", [*values, limit or -1]
    )
    return [Row(*row) for row in cursor.fetchall()]


def walk(connection: sqlite3.Connection) -> Iterator[tuple[int, Row | None]]:
    """Every recording by its number, oldest first; None for one whose row cannot be read.

    A damaged page costs the rows on it and no others: where a stretch does not read it is read row by row.
    """
    row = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'recording'").fetchone()
    for start in range(1, int(row[0] or 0) + 1, _STRETCH):
        stretch = range(start, start + _STRETCH)
        try:
            yield from _stretch(connection, stretch)
        except db.FAULTS:
            for number in stretch:
                try:
                    yield from _stretch(connection, range(number, number + 1))
                except db.FAULTS:
                    yield number, None


def _stretch(connection: sqlite3.Connection, numbers: range) -> list[tuple[int, Row | None]]:
    rows = connection.execute(
        f"SELECT id, {_COLUMNS} FROM recording WHERE id BETWEEN ? AND ? AND state = 1 ORDER BY id",
        (numbers.start, numbers.stop - 1),
    ).fetchall()
    return [(number, Row(*row)) for number, *row in rows]


def texts(connection: sqlite3.Connection, selection: Selection, limit: int, before: str | None) -> list[Sealed]:
    """The sealed texts of the newest `limit` recordings of the selection that have one; paged like `page`."""
    where, values = _conditions(selection)
    if before is not None:
        where, values = f"{where} AND uid < ?", [*values, before]
    cursor = connection.execute(
        f"SELECT {', '.join(Sealed._fields)} FROM recording WHERE {where} AND text IS NOT NULL AND epoch IS NOT NULL"
        " AND seq IS NOT NULL ORDER BY uid DESC LIMIT ?",
        [*values, limit],
    )
    return list(map(Sealed._make, cursor.fetchall()))


def ladder(connection: sqlite3.Connection, step: int) -> tuple[int, list[str]]:
    """How many recordings there are, and the id of every `step`th one, newest first: the keys of a list's pages."""
    total: int = connection.execute("SELECT count(*) FROM recording WHERE state = 1").fetchone()[0]
    # Rung by rung along the index, `step` entries each: a third of what numbering all rows costs.
    next_one = "SELECT uid FROM recording WHERE state = 1 AND uid < rung.uid ORDER BY uid DESC LIMIT 1 OFFSET :skipped"
    rows = connection.execute(
        f"WITH RECURSIVE rung(uid) AS (SELECT '~' UNION ALL SELECT ({next_one}) FROM rung WHERE rung.uid IS NOT NULL)"
        " SELECT uid FROM rung WHERE uid IS NOT NULL AND uid <> '~'",
        {"skipped": step - 1},
    )
    return total, [uid for (uid,) in rows.fetchall()]


def get(connection: sqlite3.Connection, uid: str) -> Row | None:
    """One recording by its whole id."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM recording WHERE uid = ? AND state = 1", (uid,)).fetchone()
    return Row(*row) if row else None


def known(connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, bool]:
    """Which of these whole ids there are; False for one that was purged and whose row is about to go."""
    query = "SELECT uid, state FROM recording WHERE uid IN (SELECT value FROM json_each(?))"
    return {uid: state == 1 for uid, state in connection.execute(query, (json.dumps(uids),)).fetchall()}


def starting_with(connection: sqlite3.Connection, prefix: str, limit: int) -> list[str]:
    """Ids that begin with `prefix` (capitals), newest first."""
    rows = connection.execute(
        "SELECT uid FROM recording WHERE uid >= ? AND uid < ? AND state = 1 ORDER BY uid DESC LIMIT ?",
        (prefix, prefix + "\x7f", limit),
    )
    return [uid for (uid,) in rows.fetchall()]


def chunks(connection: sqlite3.Connection, uid: str) -> list[bytes]:
    """The sealed audio of a recording, in order."""
    rows = connection.execute(
        "SELECT CAST(c.sealed AS BLOB) FROM chunk c JOIN recording r ON r.id = c.recording WHERE r.uid = ?"
        " ORDER BY c.n",
        (uid,),
    )
    return [sealed for (sealed,) in rows.fetchall()]


def find(connection: sqlite3.Connection, selection: Selection) -> list[Found]:
    """Everything that the selection names, oldest first."""
    where, values = _conditions(selection)
    rows = connection.execute(f"SELECT uid, size, at_ms FROM recording WHERE {where} ORDER BY uid", values)
    return [Found(*row) for row in rows.fetchall()]


def of_guest(connection: sqlite3.Connection, guest: int) -> tuple[str, ...]:
    """The ids of a stay, oldest first."""
    rows = connection.execute("SELECT uid FROM recording WHERE guest = ? AND state = 1 ORDER BY uid", (guest,))
    return tuple(uid for (uid,) in rows.fetchall())


def count_guest(connection: sqlite3.Connection, guest: int) -> int:
    """How many recordings there are of a stay."""
    row = connection.execute("SELECT count(*) FROM recording WHERE guest = ? AND state = 1", (guest,)).fetchone()
    return int(row[0])


def set_feedback(connection: sqlite3.Connection, uid: str, feedback: str, correction: bytes | None) -> None:
    """Note what a person said of a transcript; a correction, sealed, replaces an earlier one."""
    connection.execute(
        "UPDATE recording SET feedback = ?, correction = coalesce(?, correction) WHERE uid = ?",
        (feedback, correction, uid),
    )


def count(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many recordings there are, and their bytes."""
    row: tuple[int, int] = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM recording WHERE state = 1"
    ).fetchone()
    return row


def groups(connection: sqlite3.Connection) -> list[Group]:
    """All recordings, counted by wake word, room, mode and feedback in one pass."""
    rows = connection.execute(
        "SELECT wake_word, room, mode, feedback, count(*), sum(duration_ms), sum(size), min(at_ms), max(at_ms)"
        " FROM recording WHERE state = 1 GROUP BY 1, 2, 3, 4"
    )
    return [Group(*row) for row in rows.fetchall()]


def count_detections(connection: sqlite3.Connection) -> tuple[int, int]:
    """Detections in all, and those that no recording followed."""
    row: tuple[int, int] = connection.execute("SELECT count(*), count(*) - count(recording) FROM detection").fetchone()
    return row


def count_epochs(connection: sqlite3.Connection) -> int:
    """How many epochs are stored."""
    return int(connection.execute("SELECT count(*) FROM epoch WHERE NOT dead").fetchone()[0])


def _conditions(selection: Selection) -> tuple[str, list[str]]:
    """WHERE clause and values. A selection without any condition names nothing unless it says `all`."""
    parts = list(_parts(selection))
    if not parts and not selection.all:
        return "0", []
    return " AND ".join(["state = 1", *(clause for clause, _ in parts)]), [value for _, value in parts]


def _parts(selection: Selection) -> Iterator[tuple[str, str]]:
    if selection.ids:
        yield "uid IN (SELECT value FROM json_each(?))", json.dumps(selection.ids)
    if selection.since_ms is not None:
        yield "uid >= ?", first_id(selection.since_ms)
    if selection.before_ms is not None:
        yield "uid < ?", first_id(selection.before_ms)
    if selection.room is not None:
        yield "room = ?", selection.room
    if selection.wake_word is not None:
        spellings = [selection.wake_word, normal_word(selection.wake_word)]  # an import keeps the one that it brings
        yield "wake_word IN (SELECT value FROM json_each(?))", json.dumps(spellings)
    if selection.guest is not None:
        yield "guest IN (SELECT id FROM guest WHERE name = ?)", selection.guest
