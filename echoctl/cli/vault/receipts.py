"""`echoctl vault receipts`: what was purged, when and why. Counts, never content."""

from typing import TYPE_CHECKING

from echoctl.cli.terminal import diagnostics, output

if TYPE_CHECKING:
    from echoctl.model.speech import Receipt

_HEADERS = ("WHEN", "RECEIPT", "WHY", "RECORDINGS", "SIZE", "STATE")


def receipts(json: output.Json = False) -> None:
    """List what was purged: when, why, how much, and how far each step has come. Opens nothing."""
    from echoctl.services.purging import purge

    made = purge.receipts()
    if json:
        output.document({"receipts": [as_json(receipt) for receipt in made]})
    elif made:
        output.table([_row(receipt) for receipt in made], _HEADERS)
    else:
        diagnostics.note("nothing was purged yet")


def as_json(receipt: "Receipt") -> dict[str, object]:
    """The object that docs/scripting.md describes."""
    steps = {"log_overwritten": receipt.log_ms, "rows_removed": receipt.rows_ms, "done": receipt.done_ms}
    return {
        "id": receipt.id,
        "why": receipt.why,
        "what": dict(receipt.what),
        "recordings": receipt.count,
        "size": receipt.size,
        "steps": {
            "keys_zeroed": output.moment(receipt.at_ms),
            **{name: None if at_ms is None else output.moment(at_ms) for name, at_ms in steps.items()},
        },
    }


def _row(receipt: "Receipt") -> tuple[str, ...]:
    state = "done"
    if receipt.done_ms is None:
        state = "rows to be removed" if receipt.log_ms is not None else "traces in the log"
    why = f"{receipt.why} ({', '.join(receipt.what)})" if receipt.what else receipt.why
    return (
        output.person_time(receipt.at_ms),
        receipt.id,
        why,
        str(receipt.count),
        output.size_text(receipt.size),
        state,
    )
