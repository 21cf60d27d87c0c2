"""`echoctl history export` and `import`: recordings out of the vault as files, and back."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.history.options import NOTHING_YET, Before, OlderThan, Room, Since, WakeWord, selection
from echoctl.cli.terminal import diagnostics, output, passphrase
from echoctl.errors import NotFound, Partial, UsageError
from echoctl.model.speech import Selection
from echoctl.text.format import counted, printable

if TYPE_CHECKING:
    from echoctl.services.history.exporting import Exported, Recipients
    from echoctl.services.history.importing import Step
    from echoctl.services.history.reader import History


class ExportFormat(StrEnum):
    """What recordings can be exported as."""

    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"
    DIR = "dir"
    AGE = "age"


def export(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="By id or unique beginning.")] = None,
    since: Since = None,
    before: Before = None,
    older_than: OlderThan = None,
    room: Room = None,
    wake_word: WakeWord = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that was heard.")] = False,
    kind: Annotated[
        ExportFormat | None, typer.Option("--format", help="Default: as -o FILE ends, else wav.", show_default=False)
    ] = None,
    out: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE|DIR|-", help="Where to; -: stdout, even a terminal.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("-r", "--recipient", metavar="age1…", help="With --format age: whom it is for; several times."),
    ] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    identity: passphrase.IdentityFile = None,
    json: output.Json = False,
) -> None:
    """Write recordings to files, to a folder, or to stdout. Nothing is ever overwritten.

    --format dir makes a folder with a FLAC file for each recording, index.jsonl and index.csv, which `history import`
    reads back. --format age does the same for somebody's age key; with one ID and -o FILE.age it is that one file.
    Everything else is in the clear, in files that only you can read.
    """
    from echoctl.services.history import exporting, reader

    chosen = selection(since, before, older_than, room, wake_word)
    _check_which(ids or [], chosen, all_)
    suffix = _format(kind, out, to or [])
    _check_place(suffix, len(ids or []), out, json)
    for_whom = exporting.recipients(to or [])
    with reader.opened(passphrase.credential(passphrase_file, identity), needs_key=True) as opened:
        if opened is None:
            raise NotFound("there is nothing to export", NOTHING_YET)
        found = _found(opened, ids, Selection(all=True) if all_ else chosen)
        if out in (None, "-"):
            output.stdout_bytes().write(exporting.audio(opened, found[0], suffix, for_whom)[1])
            return
        done = _written(opened, found, suffix, str(out), for_whom)
    _report(done, suffix, str(out), json)


def import_(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that history export has made.")],
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="The age identity that opens it, if it is sealed.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at everything and keep nothing.")] = False,
    json: output.Json = False,
) -> None:
    """Bring back what `history export --format dir` or `--format age` has written.

    Recordings keep their ids and times; those that are there already stay as they are. What is damaged is named and
    left out, the rest is kept. Needs no passphrase: importing only seals.
    """
    from echoctl.services.history import importing
    from echoctl.services.vault import unlocking

    found = importing.Import(folder, importing.identities(str(identity)) if identity else ())
    if not dry_run and unlocking.ensure():
        diagnostics.note(unlocking.FIRST_RUN)
    progress = diagnostics.Progress(found.total, "importing")
    steps = []
    try:
        for step in found.run(dry_run=dry_run):
            steps.append(step)
            progress.update(len(steps))
    finally:
        found.close()
        progress.close()
    _report_import(steps, dry_run, json)


def _report_import(steps: "list[Step]", dry_run: bool, json: bool) -> None:
    bad = [step for step in steps if step.problem]
    present = sum(step.present for step in steps)
    kept = len(steps) - len(bad) - present
    if not dry_run:
        _warn_of_retention()
    if json:
        listed = [{"line": step.line, "id": step.name or None, "problem": step.problem} for step in bad]
        output.document({"dry_run": dry_run, "imported": kept, "present": present, "bad": listed})
    else:
        there = f", {present} {'was' if present == 1 else 'were'} there already" if present else ""
        diagnostics.note(f"{'would import' if dry_run else 'imported'} {counted(kept)}{there}")
        for step in bad:
            where = f"line {step.line}" + (f" ({step.name})" if step.name else "")
            diagnostics.note(printable(f"{where}: {step.problem}"))
    if bad:
        raise Partial(f"{len(bad)} of {len(steps)} could not be imported", "the rest was kept")


def _warn_of_retention() -> None:
    """What comes back is as old as it is: the rules may take it again at once."""
    from echoctl.services.purging import retention

    due = retention.outlook().due.count
    if due:
        diagnostics.note(
            f"{counted(due)} will be deleted within a minute of listening: they are older than what is kept"
        )
        diagnostics.hint("to keep them: echoctl retention set --max-age none")


def _found(opened: "History", ids: list[str] | None, chosen: Selection) -> list[str]:
    from echoctl.services.history import lookup

    found = list(lookup.resolve(opened.connection, ids)) if ids else opened.ids(chosen)
    if not found:
        raise NotFound("no recording matches", "echoctl history list shows what there is")
    return found


def _check_which(ids: list[str], chosen: Selection, all_: bool) -> None:
    if bool(ids) + (chosen != Selection()) + all_ > 1:
        raise UsageError("ids, conditions and --all do not go together", "export by id, or by condition, or --all")
    if not (ids or all_ or chosen != Selection()):
        raise UsageError("say which recordings to export", "by ID, --since 7d, --room kitchen, or --all")


def _format(kind: ExportFormat | None, out: str | None, to: list[str]) -> str:
    ending = Path(out).suffix.lower().lstrip(".") if out else ""
    found = kind or (ExportFormat(ending) if ending in ("flac", "opus", "age") else ExportFormat.WAV)
    if found == ExportFormat.AGE and not to:
        raise UsageError("say whom the age file is for", "-r age1…: age-keygen -y FILE prints it")
    if to and found != ExportFormat.AGE:
        raise UsageError(f"-r goes with --format age, not with {found}", "leave out one of the two")
    return found.value


def _single(suffix: str, out: str) -> bool:
    """Whether the output is one file that holds one recording."""
    return suffix not in ("dir", "age") or out.lower().endswith(".age")


def _check_place(suffix: str, count: int, out: str | None, json: bool) -> None:
    """Refuse what could only end badly, before anything is opened. `count` is 0 for a selection."""
    if suffix == "dir" and out in (None, "-"):
        raise UsageError("a folder needs a name", "name a new one with -o DIR")
    if out is None and output.is_terminal():
        raise UsageError("audio does not belong on a terminal", "name a file with -o FILE, or insist with -o -")
    if json and out in (None, "-"):
        raise UsageError("audio and JSON cannot share stdout", "name a file or folder with -o")
    if count != 1 and (out in (None, "-") or (_single(suffix, str(out)) and not Path(str(out)).is_dir())):
        raise UsageError("several recordings need a folder", "make one, and name it with -o DIR")


def _written(opened: "History", ids: list[str], suffix: str, out: str, to: "Recipients") -> "list[Exported]":
    from echoctl.services.history import archiving, exporting

    if _single(suffix, out) and not Path(out).is_dir():
        return [exporting.to_file(opened, ids[0], suffix, out, to)]
    if suffix in ("dir", "age"):
        steps = archiving.to_archive(opened, ids, out, to)
    else:
        steps = exporting.to_folder(opened, ids, suffix, out)
    progress = diagnostics.Progress(len(ids), "exporting")
    done = []
    try:
        for exported in steps:
            done.append(exported)
            progress.update(len(done))
    finally:
        progress.close()
    return done


def _report(done: "list[Exported]", suffix: str, out: str, json: bool) -> None:
    written = [export for export in done if not export.problem]
    problems = [(export, export.problem) for export in done if export.problem]
    if json:
        made = [{"id": export.id, "path": export.path or None, "size": export.size} for export in written]
        failed = [{"id": export.id, "problem": problem.message} for export, problem in problems]
        output.document({"exported": made, "failed": failed})
    elif suffix in ("dir", "age") and not _single(suffix, out):
        output.line(out)
        diagnostics.note(f"exported {counted(len(written))}")
    else:
        for export in written:
            output.line(export.path)
    for export in written:
        if export.incomplete:
            diagnostics.note(f"{export.id} is incomplete: the end of its sound was never written")
    for _, problem in problems:
        diagnostics.note(problem.message)
    if problems and not written:
        raise problems[0][1]
    if problems:
        raise Partial(f"{len(problems)} of {len(done)} not exported", "echoctl vault verify names what is damaged")
