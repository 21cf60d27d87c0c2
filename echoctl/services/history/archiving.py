"""A folder with a whole history in it: one sound file per recording, and an index of everything else.

    index.jsonl   one object per recording, as docs/scripting.md describes it; what `history import` reads
    index.csv     the same for a spreadsheet, without the words' times
    20261123-092703-01M83….flac

For somebody's age key each sound file is `….flac.age`, the stored payload behind a new header, and the index is
`index.jsonl.age`. The index is written along the way, so an export that is interrupted has one for what it wrote.
"""

import contextlib
import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from echoctl.errors import NotFound, UsageError, VaultDamaged, VaultLocked
from echoctl.model.speech import Recording, StoreMode
from echoctl.services.history.exporting import Exported, Recipients, audio, file_name, new_file, write_new
from echoctl.services.history.reader import History

INDEX = "index.jsonl"
SEALED_INDEX = INDEX + ".age"
TABLE = "index.csv"
COLUMNS = ("id", "at", "duration_ms", "wake_word", "room", "mode", "feedback", "text", "correction", "file")
VERSION = 1
"""`v` of each object in the index."""


def to_archive(opened: History, ids: Sequence[str], folder: str, to: Recipients = ()) -> Iterator[Exported]:
    """Write recordings and their index into a new or empty folder, reporting each; one that does not open is left out.

    With recipients everything is sealed for them. Raises UsageError when the folder is not empty.
    """
    _make_empty(folder)
    index = _SealedIndex(folder, to) if to else _OpenIndex(folder)
    with contextlib.closing(index):
        for uid in ids:
            try:
                recording = opened.show(uid)
                name, size, incomplete = _write_audio(opened, recording, folder, to)
            except (NotFound, VaultDamaged, VaultLocked) as problem:  # not there: purged meanwhile
                yield Exported(uid, "", 0, problem)
                continue
            index.add(entry(recording, name, incomplete))
            yield Exported(recording.id, os.path.join(folder, name) if name else "", size, incomplete=incomplete)


def entry(recording: Recording, name: str | None, incomplete: bool = False) -> dict[str, Any]:
    """A recording as an object of the index; `name` is its sound file's."""
    transcript = recording.transcript
    words = transcript.words if transcript else ()
    at = datetime.fromtimestamp(recording.at_ms / 1000, UTC)
    return {
        "v": VERSION,
        "id": recording.id,
        "at": at.isoformat(timespec="milliseconds"),
        "at_ms": recording.at_ms,
        "duration_ms": recording.duration_ms,
        "wake_word": recording.wake_word,
        "room": recording.room,
        "mode": recording.mode,
        "scores": dict(recording.scores),
        "feedback": recording.feedback,
        "text": transcript.text if transcript else None,
        "words": [
            {"text": word.text, "start": word.start, "end": word.end, "confidence": word.confidence} for word in words
        ],
        "correction": recording.correction,
        "file": name,
        "incomplete": incomplete,
    }


def _write_audio(opened: History, recording: Recording, folder: str, to: Recipients) -> tuple[str | None, int, bool]:
    """The name and size of the sound file, None where there is no sound, and whether the sound is incomplete."""
    if recording.mode not in (StoreMode.AUDIO, StoreMode.BOTH):
        return None, 0, False
    kind = "age" if to else "flac"
    found, data = audio(opened, recording.id, kind, to)
    name = file_name(recording, kind)
    write_new(os.path.join(folder, name), data)
    return name, len(data), found.incomplete


def _make_empty(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        used = next(os.scandir(folder), None)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{folder} is not a folder", "choose another name with -o") from None
    if used:
        raise UsageError(f"{folder} is not empty, and nothing is overwritten", "choose another name with -o")


class _OpenIndex:
    """index.jsonl and index.csv, a line at a time."""

    def __init__(self, folder: str) -> None:
        self._lines = _new_text(os.path.join(folder, INDEX))
        self._table = _new_text(os.path.join(folder, TABLE))
        self._csv = csv.writer(self._table)
        self._csv.writerow(COLUMNS)

    def add(self, value: dict[str, Any]) -> None:
        self._lines.write(_line(value))
        self._csv.writerow(["" if value[column] is None else value[column] for column in COLUMNS])
        self._lines.flush()
        self._table.flush()

    def close(self) -> None:
        self._lines.close()
        self._table.close()


class _SealedIndex:
    """index.jsonl.age, which is sealed at the end, since a file for age is sealed as a whole."""

    def __init__(self, folder: str, to: Recipients) -> None:
        self._path = os.path.join(folder, SEALED_INDEX)
        self._to = to
        self._lines = io.StringIO()

    def add(self, value: dict[str, Any]) -> None:
        self._lines.write(_line(value))

    def close(self) -> None:
        from echoctl.vault import agefile  # noqa: PLC0415 - cryptography, 35 ms: not for an export in the clear

        write_new(self._path, agefile.seal(self._lines.getvalue().encode(), self._to))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _new_text(path: str) -> TextIO:
    return os.fdopen(new_file(path), "w", encoding="utf-8", newline="")
