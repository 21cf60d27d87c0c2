"""`echoctl history delete`: plan, show, confirm, purge, report."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from echoctl.cli.history.options import Before, Guest, OlderThan, Room, Since, WakeWord, present, selection
from echoctl.cli.terminal import confirm, diagnostics, output, passphrase
from echoctl.errors import Partial, UsageError
from echoctl.model.speech import PurgePlan, PurgeReport, Selection
from echoctl.text.format import counted, plan_text

Matching = Annotated[
    str | None, typer.Option("--matching", metavar="TEXT", help="Only those with these words; opens the vault.")
]


def delete(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="By id or unique beginning.")] = None,
    since: Since = None,
    before: Before = None,
    older_than: OlderThan = None,
    room: Room = None,
    wake_word: WakeWord = None,
    guest: Guest = None,
    matching: Matching = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that was heard.")] = False,
    passphrase_file: passphrase.PassphraseFile = None,
    yes: confirm.Yes = False,
    dry_run: confirm.DryRun = False,
    json: output.Json = False,
) -> None:
    """Delete recordings for good: their keys are overwritten, so no passphrase and no tool opens them again.

    Needs no passphrase, but for --matching. Says first what would go, and asks; leaves a receipt.
    """
    from echoctl.services.history import lookup
    from echoctl.services.purging import purge

    selected = dataclasses.replace(selection(since, before, older_than, room, wake_word), guest=guest)
    conditions = selected != Selection() or matching is not None
    _check(bool(ids), conditions, all_)
    with purge.opened() as store:
        if matching is None:
            wanted = dataclasses.replace(selected, ids=lookup.resolve(store, ids or []), all=all_)
            plan = purge.plan(wanted, on=store)
        else:
            wanted = dataclasses.replace(selected, all=True)
            plan = purge.plan(wanted, matching=_matching(matching, wanted, passphrase_file), on=store)
        if not plan.count and not all_:
            diagnostics.note("nothing matches: nothing was deleted")
        elif not confirm.ask(plan_text(plan), yes=yes, dry_run=dry_run, typed="delete all" if all_ else None):
            if json:
                output.document(_plan_json(plan))
            return
        report = purge.run(plan, on=store)
    show(report, json)


def show(report: PurgeReport, json: bool) -> None:
    """Print what a purge came to. Raises Partial when it could not be finished."""
    if json:
        output.document(
            {
                "deleted": report.count,
                "size": report.size,
                "keys_dead": report.keys_dead,
                "done": report.done,
                "receipts": report.receipts,
                "blocked_by": report.blocked_by,
            }
        )
    elif report.receipts:
        diagnostics.note(f"deleted {counted(report.count)}, {output.size_text(report.size)}")
        diagnostics.note(f"{_receipts(report.receipts)}: echoctl vault receipts")
    if not report.done:
        who = ", ".join(report.blocked_by) or "something else"
        raise Partial(
            f"deleted, but traces are still in the write-ahead log: {who} is in the way",
            "the next command finishes it when that is over, for example: echoctl db check",
        )


def _receipts(uids: Sequence[str]) -> str:
    return f"receipt {uids[0]}" if len(uids) == 1 else f"{len(uids)} receipts, since it went in parts"


def _matching(text: str, selected: Selection, passphrase_file: Path | None) -> tuple[str, ...]:
    """The ids of the recordings that contain the text. Raises VaultLocked, Partial when some did not open."""
    from echoctl.services.history import reader, search

    matches = search.containing(text)
    with reader.opened(passphrase.owner(passphrase_file), needs_key=True) as maybe:
        opened = present(maybe, text)
        found, damaged = search.matching(opened, matches, selected)
    if damaged:
        diagnostics.note(f"{counted(damaged)} could not be looked into: damaged")
    return found


def _plan_json(plan: PurgePlan) -> dict[str, object]:
    ends = {
        name: None if at_ms is None else output.moment(at_ms)
        for name, at_ms in (("oldest", plan.oldest_ms), ("newest", plan.newest_ms))
    }
    return {"dry_run": True, "count": plan.count, "size": plan.size, **ends, "ids": plan.ids}


def _check(ids: bool, conditions: bool, all_: bool) -> None:
    if all_ and (ids or conditions):
        raise UsageError("--all means everything", "leave out --all, or everything else")
    if ids and conditions:
        raise UsageError("ids and conditions do not go together", "delete by id first, then by condition")
    if not (ids or conditions or all_):
        raise UsageError("say which recordings to delete", "by ID, --older-than 7d, --room kitchen, or --all")
