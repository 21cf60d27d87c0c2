"""`echoctl traffic verdict`: did the speaker send what nobody asked it to?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import output
from echoctl.errors import ExitCode
from echoctl.model.grades import VerdictWord
from echoctl.text import verdict_text
from echoctl.text.format import capital

if TYPE_CHECKING:
    from echoctl.model.traffic import Stretch, Upload, Verdict, Wake

Name = Annotated[str | None, typer.Argument(metavar="[DEVICE]", help="Name or MAC address; else every speaker.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="7d, 12h, 30m, a date or time; else all that was watched."),
]
Wakes = Annotated[
    Path | None,
    typer.Option("--wakes", metavar="FILE", help="Times of wake words from elsewhere, one per line, instead of ours."),
]

_CODES = {
    VerdictWord.QUIET: ExitCode.OK,
    VerdictWord.CALLED: ExitCode.OK,
    VerdictWord.UNEXPLAINED: ExitCode.UNEXPLAINED,
    VerdictWord.STREAMING: ExitCode.UNEXPLAINED,
    VerdictWord.CANNOT_TELL: ExitCode.CANNOT_TELL,
}


def verdict(device: Name = None, since: Since = None, wakes: Wakes = None, json: output.Json = False) -> None:
    """Say whether the speaker sent speech that nobody called for, with the evidence and its limits.

    Exits with 0 when it is quiet or uploads only when called, 12 when uploads are unexplained or it streams, 13 when
    there is no telling.
    """
    from echoctl.services.traffic import verdicts

    given = verdicts.give(device, since, wakes)
    if json:
        output.document({"verdicts": [document(each) for each in given]})
    else:
        for number, each in enumerate(given):
            if number:
                output.line()
            show(each)
    raise typer.Exit(code(given))


def code(given: "list[Verdict]") -> int:
    """One exit code for all: an accusation outweighs a doubt, a doubt outweighs peace."""
    codes = {_CODES[each.word] for each in given}
    return next((each for each in (ExitCode.UNEXPLAINED, ExitCode.CANNOT_TELL) if each in codes), ExitCode.OK)


def show(given: "Verdict") -> None:
    """A headline, and a sentence per line."""
    output.line(f"{given.name}: {verdict_text.headline(given)}")
    for sentence in verdict_text.sentences(given):
        output.line(f"  {capital(sentence.text)}")


def document(given: "Verdict") -> dict[str, Any]:
    """The verdict as docs/scripting.md describes it."""
    return {
        "device": given.device,
        "name": given.name,
        "verdict": str(given.word),
        "reason": given.obstacle and str(given.obstacle),
        "since": output.moment(given.since_ms),
        "until": output.moment(given.until_ms),
        "watched_s": given.watched_ms / 1000,
        "explained": [_upload(each) for each in given.explained],
        "unexplained": [_upload(each) for each in given.unexplained],
        "possible": [_upload(each) for each in given.doubtful],
        "silent_wakes": [_wake(each) for each in given.silent],
        "streams": [_stretch(each) for each in given.streams],
        "clock": {
            "offset_s": given.clock.offset_ms / 1000,
            "basis": str(given.clock.basis),
            "matched": given.clock.matched,
        },
        "p_value": given.p_value,
        "unexplained_per_hour_below": given.most_per_hour,
        "background_bytes": given.background,
        "hidden_speech_s_per_hour": {codec: round(value, 1) for codec, value in given.hidden.items()},
        "sentences": [
            {"text": each.text, "times": [output.moment(at_ms) for at_ms in each.times]}
            for each in verdict_text.sentences(given)
        ],
    }


def _upload(each: "Upload") -> dict[str, Any]:
    return {
        "start": output.moment(each.start_ms),
        "end": output.moment(each.end_ms),
        "endpoint": each.remote,
        "name": each.name or None,
        "bytes_up": each.bytes_up,
        "class": str(each.grade),
        "wake": _wake(each.wake) if each.wake else None,
        "late_s": each.late_ms / 1000 if each.wake else None,
    }


def _wake(each: "Wake") -> dict[str, Any]:
    return {"id": each.id, "word": each.word or None, "at": output.moment(each.at_ms)}


def _stretch(each: "Stretch") -> dict[str, Any]:
    return {
        "start": output.moment(each.start_ms),
        "end": output.moment(each.end_ms),
        "endpoint": each.remote,
        "name": each.name or None,
        "bytes_up": each.bytes_up,
    }
