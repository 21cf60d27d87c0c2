"""`echoctl history search`: what was said, found again."""

import dataclasses
from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import typer

from echoctl.cli.history import view
from echoctl.cli.history.options import NOTHING_YET, Before, OlderThan, Room, Since, WakeWord, selection
from echoctl.cli.terminal import diagnostics, output, passphrase
from echoctl.model.speech import Recording
from echoctl.text.format import counted


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Words as they were said, in this order.")],
    regex: Annotated[bool, typer.Option("--regex", help="TEXT is a Python regular expression.")] = False,
    since: Since = None,
    before: Before = None,
    older_than: OlderThan = None,
    room: Room = None,
    wake_word: WakeWord = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many at most; 0: all.")] = 20,
    before_id: Annotated[
        str | None, typer.Option("--before-id", metavar="ID", help="Go on after this recording.")
    ] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    identity: passphrase.IdentityFile = None,
    json: output.Json = False,
) -> None:
    """Find recordings by what was said, or corrected to have been said; the newest first.

    Upper and lower case are the same. The texts are opened in memory and nothing about them is written down, so a
    word that was never said takes as long as looking at everything.
    """
    from echoctl.services.history import lookup, reader
    from echoctl.services.history import search as searching

    matches = searching.like(text) if regex else searching.containing(text)
    wanted = dataclasses.replace(selection(since, before, older_than, room, wake_word), all=True)
    with reader.opened(passphrase.credential(passphrase_file, identity), needs_key=True) as opened:
        if opened is None:
            if json:
                _report([], None, 0, 0, json)
            else:
                diagnostics.note(NOTHING_YET)
            return
        after = lookup.resolve(opened.connection, [before_id])[0] if before_id else None
        looking = searching.Search(opened, matches, wanted, after)
        ids = list(islice(looking, limit + 1 if limit else None))
        shown = [opened.show(uid) for uid in (ids[:limit] if limit else ids)]
    following = shown[-1].id if len(shown) < len(ids) else None
    _report(shown, following, looking.looked, looking.damaged, json)


def _report(shown: Sequence[Recording], following: str | None, looked: int, damaged: int, json: bool) -> None:
    if json:
        found = [view.as_json(recording) for recording in shown]
        output.document({"recordings": found, "next": following, "looked": looked, "damaged": damaged})
    elif shown:
        view.table(shown)
    else:
        diagnostics.note(f"nothing was found in {counted(looked, 'text')}")
    if damaged:
        diagnostics.note(f"{damaged} could not be looked into: echoctl vault verify names them")
    if following and not json:
        diagnostics.note(f"older ones: --before-id {following}")
