"""`echoctl history`: what was heard."""

import dataclasses
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli import confirm, diagnostics, output, passphrase, recordings
from echoctl.cli.group import command_group
from echoctl.errors import NotFound, Partial, UsageError
from echoctl.model import Feedback, Selection
from echoctl.services import when
from echoctl.wording import counted, plan_text

if TYPE_CHECKING:
    from echoctl.services.exporting import Exported
    from echoctl.services.history import History

app = command_group("List, show, play, export, correct and delete what was heard.")

Id = Annotated[str, typer.Argument(metavar="ID", help="A recording's id, or any beginning of it that is unique.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="From then on: 7d, 12h, 30m, 2026-11-23.")]
Before = Annotated[str | None, typer.Option("--before", metavar="TIME", help="Before then.")]
OlderThan = Annotated[str | None, typer.Option("--older-than", metavar="AGE", help="Older than that: 7d, 12h, 30m.")]
Room = Annotated[str | None, typer.Option("--room", help="Only of this room.")]
WakeWord = Annotated[str | None, typer.Option("--wake-word", help="Only those that this word began.")]


class AudioFormat(StrEnum):
    """What a recording can be exported as."""

    WAV = "wav"
    FLAC = "flac"


_NOTHING_YET = "nothing was heard yet: echoctl listen"


@app.command("list")
def list_(
    since: Since = None,
    before: Before = None,
    older_than: OlderThan = None,
    room: Room = None,
    wake_word: WakeWord = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many at most; 0: all.")] = 20,
    before_id: Annotated[
        str | None, typer.Option("--before-id", metavar="ID", help="The page that follows this recording.")
    ] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    json: output.Json = False,
) -> None:
    """List recordings, the newest first."""
    from echoctl.services import history  # noqa: PLC0415 - cryptography: 35 ms that --help should not pay

    selection = _selection(since, before, older_than, room, wake_word)
    wanted = dataclasses.replace(selection, all=True)
    with history.opened(passphrase.asking(passphrase_file, prompt=False), needs_key=False) as opened:
        after = history.resolve([before_id])[0] if before_id else None
        found = opened.page(wanted, limit + 1 if limit else 0, after) if opened else []
        locked = opened.problem if opened and any(recording.locked for recording in found) else None
    shown = found[:limit] if limit else found
    following = shown[-1].id if len(shown) < len(found) else None
    if json:
        output.document({"recordings": [recordings.as_json(recording) for recording in shown], "next": following})
    elif shown:
        recordings.table(shown)
    else:
        diagnostics.note(_NOTHING_YET if selection == Selection() and not before_id else "no recording matches")
    if locked:
        diagnostics.note(f"texts are locked: {locked.message}")
        diagnostics.hint(locked.hint)
    if following and not json:
        diagnostics.note(f"older ones: --before-id {following}")


@app.command()
def show(id_: Id, passphrase_file: passphrase.PassphraseFile = None, json: output.Json = False) -> None:
    """Show one recording: its text, and with --json each word with its times."""
    from echoctl.services import history  # noqa: PLC0415 - cryptography: 35 ms that --help should not pay

    with history.opened(passphrase.asking(passphrase_file), needs_key=True) as opened:
        recording = _present(opened, id_).show(id_)
    if json:
        output.document(recordings.as_json(recording, words=True))
    else:
        recordings.page(recording)


@app.command()
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
        opened = _present(maybe, ids[0])
        if out is None or out == "-":
            output.stdout_bytes().write(exporting.audio(opened, ids[0], suffix)[1])
            return
        if Path(out).is_dir():
            done = list(exporting.to_folder(opened, ids, suffix, out))
        else:
            done = [exporting.to_file(opened, ids[0], suffix, out)]
    _report_export(done, json)


@app.command()
def delete(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="By id or unique beginning.")] = None,
    since: Since = None,
    before: Before = None,
    older_than: OlderThan = None,
    room: Room = None,
    wake_word: WakeWord = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that was heard.")] = False,
    yes: confirm.Yes = False,
    dry_run: confirm.DryRun = False,
    json: output.Json = False,
) -> None:
    """Delete recordings for good: their keys are overwritten, so no passphrase and no tool opens them again.

    Needs no passphrase. Says first what would go, and asks.
    """
    from echoctl.services import history, purge  # noqa: PLC0415 - cryptography: 35 ms that --help should not pay

    selection = _selection(since, before, older_than, room, wake_word)
    _check_delete(bool(ids), selection != Selection(), all_)
    plan = purge.plan(dataclasses.replace(selection, ids=tuple(history.resolve(ids or [])), all=all_))
    if not plan.count and not all_:
        diagnostics.note("nothing matches: nothing was deleted")
    elif not confirm.ask(plan_text(plan, all_), yes=yes, dry_run=dry_run, typed="delete all" if all_ else None):
        if json:
            output.document({"dry_run": True, "count": plan.count, "size": plan.size, "ids": plan.ids})
        return
    report = purge.run(plan, everything=all_)
    if json:
        output.document({"deleted": report.count, "size": report.size, "keys_dead": report.keys_dead})
    elif report.count or all_:
        diagnostics.note(f"deleted {counted(report.count)}, {output.size_text(report.size)}")
    if not report.keys_dead:
        raise Partial(
            "deleted, but traces are still in the write-ahead log: something else is reading the database",
            "when that has ended: echoctl db check",
        )


@app.command()
def feedback(
    id_: Id,
    word: Annotated[Feedback, typer.Argument(metavar="right|wrong", help="Was the text right?")],
    text: Annotated[str | None, typer.Option("--text", help="What was said instead; kept sealed.")] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    json: output.Json = False,
) -> None:
    """Say whether a transcript is right, and what was really said."""
    from echoctl.services import history  # noqa: PLC0415 - cryptography: 35 ms that --help should not pay

    asking = passphrase.asking(passphrase_file, prompt=text is not None)
    with history.opened(asking, needs_key=text is not None) as opened:
        uid = _present(opened, id_).feedback(id_, word, text)
    if json:
        output.document({"id": uid, "feedback": word})
    else:
        diagnostics.note(f"{uid} is marked as {word}")


@app.command()
def stats(json: output.Json = False) -> None:
    """Count recordings: by wake word, room, and what people said of the transcripts. Needs no passphrase."""
    from echoctl.services import history  # noqa: PLC0415 - cryptography: 35 ms that --help should not pay

    found = history.stats()
    if json:
        output.document(recordings.stats_json(found))
    elif found is None or not (found.recordings or found.detections):
        diagnostics.note(_NOTHING_YET)
    else:
        recordings.stats_lines(found)


def _selection(
    since: str | None, before: str | None, older_than: str | None, room: str | None, wake_word: str | None
) -> Selection:
    """The options as conditions; both ends of an age are the same end of time."""
    now_ms = time.time_ns() // 1_000_000
    ends = [when.moment_ms(text, now_ms) for text in (before, older_than) if text is not None]
    return Selection(
        since_ms=when.moment_ms(since, now_ms) if since is not None else None,
        before_ms=min(ends) if ends else None,
        room=room,
        wake_word=wake_word,
    )


def _present(opened: "History | None", prefix: str) -> "History":
    if opened is None:
        raise NotFound(f"no recording {prefix}", _NOTHING_YET)
    return opened


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


def _check_delete(ids: bool, conditions: bool, all_: bool) -> None:
    if all_ and (ids or conditions):
        raise UsageError("--all means everything", "leave out --all, or everything else")
    if ids and conditions:
        raise UsageError("ids and conditions do not go together", "delete by id first, then by condition")
    if not (ids or conditions or all_):
        raise UsageError("say which recordings to delete", "by ID, --older-than 7d, --room kitchen, or --all")
