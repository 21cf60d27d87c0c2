"""The only writer of stdout: data, for a program or for a person.

Everything leaves through one binary stream, so `> file` and `-o file` cannot differ by a byte. JSON is one
document for a finite command and one object per line, flushed, for a stream.
"""

import os
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, BinaryIO

import typer

from echoctl.text.format import person_time as person_time
from echoctl.text.format import size_text as size_text
from echoctl.text.timestamps import moment as moment

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
"""The option that every finite command takes."""


def stdout_bytes() -> BinaryIO:
    """The binary stream behind stdout."""
    return sys.stdout.buffer


def line(text: str = "") -> None:
    """One line of text."""
    stdout_bytes().write(text.encode("utf-8", "replace") + b"\n")


def text(block: str) -> None:
    """Text that carries its own line ends."""
    stdout_bytes().write(block.encode("utf-8", "replace"))


def document(value: object) -> None:
    """Print one indented JSON document: the whole output of a finite command."""
    import json

    line(json.dumps(value, indent=2, ensure_ascii=False))


def event(value: Mapping[str, Any]) -> None:
    """One line of NDJSON, flushed; carries `v`, the version of the contract in docs/scripting.md."""
    import json

    line(json.dumps({"v": 1, **value}, ensure_ascii=False))
    flush()


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> None:
    """An aligned table. On a terminal the last column is cut to the width; in a pipe nothing is lost."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(headers, *cells, strict=True)]
    room = shutil.get_terminal_size().columns if is_terminal() else 0
    for row in [list(headers), *cells]:
        text = "  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        line(_cut(text, room) if room else text)


def is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def flush() -> None:
    """Hand everything over; a reader that has gone raises BrokenPipeError here."""
    sys.stdout.flush()


def discard() -> None:
    """Nobody reads any more: let the interpreter's own flush at exit go nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(text: str, room: int) -> str:
    if _width(text) <= room:
        return text
    while _width(text) > room - 1:
        text = text[:-1]
    return text + "…"
