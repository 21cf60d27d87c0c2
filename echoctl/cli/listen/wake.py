"""`echoctl wake`: how well a wake word is heard on this machine, in this room, by these voices."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.terminal.group import command_group
from echoctl.errors import UsageError

if TYPE_CHECKING:
    from echoctl.services.listening import wake_test

app = command_group("Measure wake words, and set how sure is sure.")

_HELP = """Measure how often a wake word is missed, how often something else wakes, and how fast, at several thresholds.

\b
echoctl wake test said/*.wav --without evening.flac     clips with the word; sound without it
echoctl wake test --manifest clips.tsv --json           a table: file, word, start, end
echoctl wake test --microphone 10 --save                say it ten times; keep the best threshold

Each clip holds the word once. Nothing is stored but, with --save, one number in config.toml.
"""

Files = Annotated[
    list[str] | None, typer.Argument(metavar="[FILE]...", help="Sound files in which the word is said once each.")
]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="FILE", help="Sound without the word; repeatable.")
]
Manifest = Annotated[
    str, typer.Option("--manifest", metavar="TSV", help="A table of sounds: file, word, and if known start and end.")
]
Microphone = Annotated[
    int, typer.Option("--microphone", metavar="TIMES", min=0, max=100, help="Say the word so many times.")
]
Device = Annotated[str | None, typer.Option("--device", help="Microphone by name or number; see echoctl devices.")]
Word = Annotated[str, typer.Option("--wake-word", "-w", help="The word; the first configured one when left out.")]
Save = Annotated[bool, typer.Option("--save", help="Write the best threshold into config.toml.")]


@app.callback()
def _group() -> None:
    """Keep `test` a word of its own."""


@app.command(help=_HELP)
def test(
    files: Files = None,
    without: Without = None,
    manifest: Manifest = "",
    microphone: Microphone = 0,
    device: Device = None,
    wake_word: Word = "",
    save: Save = False,
    json: output.Json = False,
) -> None:
    """Gather sounds, measure, show, and with --save keep the best threshold."""
    if not (files or manifest or microphone):
        raise UsageError("nothing to test with", "name files in which the word is said, or take --microphone 5")
    from echoctl.config import loader
    from echoctl.services.listening import wake_test

    settings = loader.load()
    word = wake_word or settings.listen.wake_words[0]
    sounds = wake_test.listed(files or [], without or [])
    sounds += wake_test.manifest(manifest, word) if manifest else []
    if microphone:
        own = settings.listen.device if device is None else device
        sounds += wake_test.spoken(microphone, own, lambda n: diagnostics.note(f"say: {word} ({n} of {microphone})"))
    bar = diagnostics.Progress(len(sounds), "listening")

    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done)

    try:
        report = wake_test.measure(word, sounds, progress)
    finally:
        bar.close()
    saved = wake_test.save(report.word, report.best) if save else None
    if json:
        output.document({**asdict(report), "saved": saved})
    else:
        _show(report, saved)


def _show(report: "wake_test.WakeReport", saved: str | None) -> None:
    rows = [
        (
            f"{point.threshold:g}",
            f"{len(point.missed)} of {report.said}",
            point.false_wakes,
            "-" if point.false_per_hour is None else f"{point.false_per_hour:.1f}",
            point.near_misses,
            "-" if point.latency_p50 is None else f"{point.latency_p50:.2f} / {point.latency_p95:.2f} s",
            _mark(report, point.threshold),
        )
        for point in report.points
    ]
    output.table(rows, ("THRESHOLD", "MISSED", "FALSE WAKES", "PER HOUR", "NEAR MISSES", "LATENCY P50 / P95", ""))
    diagnostics.note(f"{report.word}: {report.spotter}; {report.hours_without * 60:.1f} min without the word")
    diagnostics.note(f"speech model: {report.model} {report.sha256[:12]}".rstrip())
    chosen = next(point for point in report.points if point.threshold == report.in_use)
    if chosen.missed:
        diagnostics.note(f"missed now: {', '.join(chosen.missed[:5])}{' …' if len(chosen.missed) > 5 else ''}")
    if saved:
        diagnostics.note(f"saved {report.best:g} in {saved}")
    elif report.best != report.in_use:
        diagnostics.hint(f"{report.best:g} does better than {report.in_use:g}: --save keeps it")


def _mark(report: "wake_test.WakeReport", threshold: float) -> str:
    marks = [name for name, at in (("in use", report.in_use), ("best", report.best)) if at == threshold]
    return ", ".join(marks)
