"""`echoctl retention`: how long recordings are kept."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.terminal import confirm, diagnostics, output
from echoctl.cli.terminal.group import command_group
from echoctl.errors import UsageError
from echoctl.services import time_spec
from echoctl.text.format import counted, plan_text

if TYPE_CHECKING:
    from echoctl.model.speech import PurgePlan
    from echoctl.services.purging.retention import Rule

app = command_group(
    "How long recordings are kept, and what goes next.\n\n"
    "\b\n"
    "echoctl retention set --max-age 30d    nothing older than 30 days\n"
    "echoctl retention show                 the rules, and what they take next\n"
    "echoctl retention run                  enforce them now, from a timer"
)

_NO_LIMIT = "none"
_SIZE = re.compile(r"(\d{1,9})([kmgt]?)b?")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_HOW = "a listener enforces it within a minute; without one: echoctl retention run"


@app.command("set")
def set_(
    max_age: Annotated[str | None, typer.Option("--max-age", metavar="AGE", help="30d, 12h; none: no limit.")] = None,
    max_count: Annotated[str | None, typer.Option("--max-count", metavar="N", help="The newest N; none: all.")] = None,
    max_size: Annotated[str | None, typer.Option("--max-size", metavar="SIZE", help="500M, 2G; none: no end.")] = None,
    room: Annotated[str | None, typer.Option("--room", help="Only for this room, beside the general rule.")] = None,
    yes: confirm.Yes = False,
    dry_run: confirm.DryRun = False,
    json: output.Json = False,
) -> None:
    """Set limits; those that are not named stay as they are. Says what would go at once, and asks.

    Every rule counts: a recording goes when any of them says so.
    """
    if max_age is max_count is max_size is None:
        raise UsageError("say which limit to set", "echoctl retention set --max-age 30d")
    from echoctl.services.purging import retention
    from echoctl.services.vault import unlocking

    unlocking.ensure()
    rule = retention.rule_of(room if room is not None else retention.EVERYWHERE)
    if max_age is not None:
        rule = rule._replace(max_age_ms=None if max_age == _NO_LIMIT else time_spec.length_ms(max_age))
    if max_count is not None:
        rule = rule._replace(max_count=None if max_count == _NO_LIMIT else _number(max_count))
    if max_size is not None:
        rule = rule._replace(max_bytes=None if max_size == _NO_LIMIT else _bytes(max_size))
    plan = retention.would_take(rule)
    agreed = not dry_run if not plan.count else confirm.ask(plan_text(plan), yes=yes, dry_run=dry_run)
    if agreed:
        retention.put(rule)
    if json:
        output.document({"dry_run": dry_run, "rule": _rule_json(rule), "due": _plan_json(plan)})
    elif agreed:
        diagnostics.note(f"{_words(rule)}; {_HOW}")


@app.command()
def show(json: output.Json = False) -> None:
    """Show the rules, and what they take next. Needs no passphrase."""
    from echoctl.services.purging import retention

    now = retention.outlook()
    if json:
        following = None if now.next_ms is None else output.moment(now.next_ms)
        rules = [_rule_json(rule) for rule in now.rules]
        output.document({"rules": rules, "due": _plan_json(now.due), "next": following})
        return
    for rule in now.rules:
        output.line(_words(rule))
    if not now.rules:
        output.line("everything is kept until it is deleted")
    if now.due.count:
        output.line(f"due now: {counted(now.due.count)}, {output.size_text(now.due.size)}; {_HOW}")
    if now.next_ms is not None:
        output.line(f"the next goes on {output.person_time(now.next_ms)}")


@app.command()
def run(dry_run: confirm.DryRun = False, json: output.Json = False) -> None:
    """Delete what the rules say, now, and check out guests who should have left; for a timer. Needs no passphrase.

    The rules were agreed to when they were set, so nothing is asked.
    """
    from echoctl.cli.history import delete  # what it prints a report with
    from echoctl.services.purging import purge, retention

    if dry_run:
        plan = retention.outlook().due
        if json:
            output.document({"dry_run": True, **_plan_json(plan)})
        else:
            diagnostics.note(plan_text(plan))
        return
    reports = retention.run()
    total = purge.together(reports)
    if not total.receipts and not json:
        diagnostics.note("nothing is due")
    delete.show(total, json)


def _words(rule: "Rule") -> str:
    limits = []
    if rule.max_age_ms is not None:
        limits.append(f"{_age(rule.max_age_ms)} at most")
    if rule.max_count is not None:
        limits.append(f"the newest {rule.max_count}")
    if rule.max_bytes is not None:
        limits.append(f"{output.size_text(rule.max_bytes)} at most")
    where = "all rooms" if rule.room == "*" else rule.room or "without a room"
    return f"{where}: kept {', '.join(limits) or 'without a limit'}"


def _age(ms: int) -> str:
    for unit, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000)):
        if ms % size == 0 and ms:
            return counted(ms // size, unit)
    return counted(ms // 1000, "second")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"'{text}' is not a number of recordings", "--max-count 1000")
    return int(text)


def _bytes(text: str) -> int:
    size = _SIZE.fullmatch(text.strip().lower())
    if not size:
        raise UsageError(f"'{text}' is not a size", "write 500M or 2G")
    return int(size[1]) * _UNITS[size[2]]


def _rule_json(rule: "Rule") -> dict[str, object]:
    return {
        "room": None if rule.room == "*" else rule.room,
        "max_age_s": None if rule.max_age_ms is None else rule.max_age_ms // 1000,
        "max_count": rule.max_count,
        "max_size": rule.max_bytes,
    }


def _plan_json(plan: "PurgePlan") -> dict[str, object]:
    return {"count": plan.count, "size": plan.size}
