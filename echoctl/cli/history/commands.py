"""`echoctl history`: what was heard."""

import dataclasses
from typing import Annotated

import typer

from echoctl.cli.history import delete, files, play, search, view
from echoctl.cli.history.options import NOTHING_YET, Before, OlderThan, Room, Since, WakeWord, present, selection
from echoctl.cli.terminal import diagnostics, output, passphrase
from echoctl.cli.terminal.group import command_group
from echoctl.model.speech import Feedback, Selection

Id = Annotated[str, typer.Argument(metavar="ID", help="A recording's id, or any beginning of it that is unique.")]


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
    identity: passphrase.IdentityFile = None,
    json: output.Json = False,
) -> None:
    """List recordings, the newest first."""
    from echoctl.services.history import lookup, reader

    selected = selection(since, before, older_than, room, wake_word)
    wanted = dataclasses.replace(selected, all=True)
    with reader.opened(passphrase.credential(passphrase_file, identity, prompt=False), needs_key=False) as opened:
        after = lookup.resolve(opened.connection if opened else None, [before_id])[0] if before_id else None
        found = opened.page(wanted, limit + 1 if limit else 0, after) if opened else []
        locked = opened.problem if opened and any(recording.locked for recording in found) else None
    shown = found[:limit] if limit else found
    following = shown[-1].id if len(shown) < len(found) else None
    if json:
        output.document({"recordings": [view.as_json(recording) for recording in shown], "next": following})
    elif shown:
        view.table(shown)
    else:
        diagnostics.note(NOTHING_YET if selected == Selection() and not before_id else "no recording matches")
    if locked:
        diagnostics.note(f"texts are locked: {locked.message}")
        diagnostics.hint(locked.hint)
    if following and not json:
        diagnostics.note(f"older ones: --before-id {following}")


def show(
    id_: Id,
    passphrase_file: passphrase.PassphraseFile = None,
    identity: passphrase.IdentityFile = None,
    json: output.Json = False,
) -> None:
    """Show one recording: its text, and with --json each word with its times."""
    from echoctl.services.history import reader

    with reader.opened(passphrase.credential(passphrase_file, identity), needs_key=True) as opened:
        recording = present(opened, id_).show(id_)
    if json:
        output.document(view.as_json(recording, words=True))
    else:
        view.page(recording)


def feedback(
    id_: Id,
    word: Annotated[Feedback, typer.Argument(metavar="right|wrong", help="Was the text right?")],
    text: Annotated[str | None, typer.Option("--text", help="What was said instead; kept sealed.")] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    identity: passphrase.IdentityFile = None,
    json: output.Json = False,
) -> None:
    """Say whether a transcript is right, and what was really said."""
    from echoctl.services.history import reader

    credential = passphrase.credential(passphrase_file, identity, prompt=text is not None)
    with reader.opened(credential, needs_key=text is not None) as opened:
        uid = present(opened, id_).feedback(id_, word, text)
    if json:
        output.document({"id": uid, "feedback": word})
    else:
        diagnostics.note(f"{uid} is marked as {word}")


def stats(json: output.Json = False) -> None:
    """Count recordings: by wake word, room, and what people said of the transcripts. Needs no passphrase."""
    from echoctl.services.history import statistics

    found = statistics.stats()
    if json:
        output.document(view.stats_json(found))
    elif found is None or not (found.recordings or found.detections):
        diagnostics.note(NOTHING_YET)
    else:
        view.stats_lines(found)


app = command_group(
    "List, show, search, play, export, import, correct and delete what was heard.\n\n"
    "\b\n"
    "echoctl history list --since 7d --room kitchen\n"
    "echoctl history search 'kitchen light'\n"
    "echoctl history export 01M8 -o light.wav      any unique beginning of an id\n"
    "echoctl history delete --older-than 30d       shows what would go, and asks"
)

# In the order in which a newcomer needs them.
app.command("list")(list_)
app.command("show")(show)
app.command("search")(search.search)
app.command("play")(play.play)
app.command("export")(files.export)
app.command("import")(files.import_)
app.command("feedback")(feedback)
app.command("delete")(delete.delete)
app.command("stats")(stats)
