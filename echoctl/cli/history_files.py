"""`echoctl history export`: recordings out of the vault, as files in the clear."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli import output, passphrase
from echoctl.cli.selecting import present
from echoctl.errors import Partial, UsageError

if TYPE_CHECKING:
    from echoctl.services.exporting import Exported


class AudioFormat(StrEnum):
    """What a recording can be exported as."""

    WAV = "wav"
    FLAC = "flac"


def export(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Recordings, by id or unique beginning.")],
    kind: Annotated[
        AudioFormat | None, typer.Option("--format", help="Default: as -o FILE ends, else wav.", show_default=False)
    ] = None,
    out: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE|DIR|-", help="Where to; -: stdout, even a terminal.")
    ] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    json: output.Json = False,
) -> None:
    """Write audio to a file, to files in a folder, or to stdout. Nothing is ever overwritten.

    What is exported is in the clear, in files that only you can read.
    """
    from echoctl.services import exporting, history  # noqa: PLC0415 - cryptography: 35 ms that --help should not pay

    suffix = _audio_format(kind, out)
    _check_export(len(ids), out, json)
    with history.opened(passphrase.asking(passphrase_file), needs_key=True) as maybe:
        opened = present(maybe, ids[0])
        if out is None or out == "-":
            output.stdout_bytes().write(exporting.audio(opened, ids[0], suffix)[1])
            return
        if Path(out).is_dir():
            done = list(exporting.to_folder(opened, ids, suffix, out))
        else:
            done = [exporting.to_file(opened, ids[0], suffix, out)]
    _report_export(done, json)


def _audio_format(kind: AudioFormat | None, out: str | None) -> str:
    if kind:
        return kind.value
    return AudioFormat.FLAC if out and out.lower().endswith(".flac") else AudioFormat.WAV


def _check_export(count: int, out: str | None, json: bool) -> None:
    """Refuse what could only end badly, before anything is opened."""
    if out is None and output.is_terminal():
        raise UsageError("audio does not belong on a terminal", "name a file with -o FILE, or insist with -o -")
    if json and out in (None, "-"):
        raise UsageError("audio and JSON cannot share stdout", "name a file or folder with -o")
    if count > 1 and (out in (None, "-") or not Path(str(out)).is_dir()):
        raise UsageError("several recordings need a folder", "make one, and name it with -o DIR")


def _report_export(done: "list[Exported]", json: bool) -> None:
    written = [export for export in done if not export.problem]
    problems = [export.problem for export in done if export.problem]
    if json:
        output.document(
            {"exported": [{"id": export.id, "path": export.path, "size": export.size} for export in written]}
        )
    else:
        for export in written:
            output.line(export.path)
    if problems and not written:
        raise problems[0]
    if problems:
        raise Partial(f"{len(problems)} of {len(done)} not exported: {problems[0].message}", problems[0].hint)
