"""`echoctl traffic experiment`: what does it send in silence, when asked, and when muted?"""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.traffic import report, verdict
from echoctl.errors import NotFound, Refused, UsageError
from echoctl.text import verdict_text
from echoctl.text.format import capital, counted, length, size_text

if TYPE_CHECKING:
    from echoctl.services.traffic.experiment import Outcome, Result

QUESTIONS = (
    "what time is it",
    "how tall is the Eiffel tower",
    "what is seven times eight",
    "what will the weather be tomorrow",
    "tell me a joke",
)

Interface = Annotated[str, typer.Option("--interface", "-i", metavar="IF", help="The interface that its packets pass.")]
Ssh = Annotated[str, typer.Option("--ssh", metavar="TARGET", help="Capture there, root@router, over your own ssh.")]
Replay = Annotated[str, typer.Option("--replay", metavar="FILE", help="Judge a capture of such an experiment instead.")]
Phases = Annotated[
    list[str] | None,
    typer.Option(
        "--phase", metavar="NAME=FROM-TO", help="With --replay: idle=0-300, asked=300-420, muted=420-540, in s."
    ),
]
Prompt = Annotated[bool, typer.Option("--prompt", help="Press Enter at each wake word; else the listener marks them.")]
Silence = Annotated[float, typer.Option("--silence", metavar="MIN", help="Minutes of silence.", min=0.0, max=1440.0)]
Asks = Annotated[int, typer.Option("--asks", help="Requests to make.", min=1, max=100)]
Muted = Annotated[int, typer.Option("--muted-asks", help="Requests to make to the muted speaker.", min=0, max=100)]
Pause = Annotated[float, typer.Option("--pause", metavar="S", help="Seconds per request.", min=3.0, max=600.0)]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the pictures of all phases as a page.")
]


def experiment(
    device: verdict.Name = None,
    interface: Interface = "",
    ssh: Ssh = "",
    replay: Replay = "",
    phase: Phases = None,
    wakes: verdict.Wakes = None,
    prompt: Prompt = False,
    silence: Silence = 5.0,
    asks: Asks = 5,
    muted_asks: Muted = 3,
    pause: Pause = 20.0,
    html: Html = None,
    json: output.Json = False,
) -> None:
    """Watch the speaker in silence, while you ask it, and while it is muted; a verdict for each.

    It tells you what to do. `echoctl listen` in another terminal marks the wake words, or --prompt and your Enter key
    do. What the requests weigh becomes this speaker's threshold. Exits like `traffic verdict`.
    """
    from echoctl.services.traffic import experiment as service
    from echoctl.services.traffic.live import Where

    if html and not html.parent.is_dir():
        raise NotFound(f"there is no folder {html.parent}", "check the path: the page is written at the end")
    if replay:
        service.check_file(replay)
        result = service.replay(replay, device, wakes, service.spans_of(phase or []))
    elif interface or ssh:
        course = service.Course(silence * 60, asks, muted_asks, pause)
        where = Where(interface or "br-lan", ssh)
        result = service.run(where, device, course, _Guide(enter=prompt))
    else:
        raise UsageError("say where its packets pass", "--interface IF, --ssh root@router, or --replay FILE")
    if json:
        output.document(_document(result))
    else:
        _show(result)
    if html:
        report.write(html, report.page([each.report for each in result.outcomes]))
    raise typer.Exit(verdict.code([each.verdict for each in result.outcomes]))


class _Guide:
    """Talks with the person on stderr: services.traffic.experiment.Guide."""

    def __init__(self, *, enter: bool) -> None:
        self._enter = enter

    def silence(self, seconds: float) -> None:
        """Ask for silence and wait for `seconds`; 0 asks for nothing."""
        if seconds:
            diagnostics.note(f"now be quiet for {length(round(seconds * 1000))}; do not say its wake word")
            self._wait(seconds, "quiet")

    def request(self, number: int, of: int, seconds: float, *, muted: bool) -> int | None:
        """Ask for a request, the next of QUESTIONS; returns when Enter was pressed (Unix ms), None without `enter`."""
        question = QUESTIONS[(number - 1) % len(QUESTIONS)]
        how = "say its wake word and press Enter, then ask" if self._enter else "ask"
        diagnostics.note(f"{number} of {of}{', to the muted speaker' if muted else ''}: {how}: {question}\a")
        at_ms = self._key() if self._enter else None
        self._wait(seconds, "let it answer")
        return at_ms

    def mute(self) -> None:
        """Have the person mute the speaker."""
        diagnostics.note("now mute the speaker (its own button), and press Enter")
        self._key()

    def notice(self, text: str) -> None:
        """Print what happened to the capture, such as a lost connection."""
        diagnostics.note(text)

    def _wait(self, seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if diagnostics.is_terminal():
                diagnostics.status(f"{what}: {left:.0f} s")
            time.sleep(min(left, 1.0))
        if diagnostics.is_terminal():
            diagnostics.status("")

    def _key(self) -> int:
        if not sys.stdin.readline():
            raise Refused("nobody is at the terminal to press Enter", "traffic experiment --replay FILE needs nobody")
        return time.time_ns() // 1_000_000


def _show(result: "Result") -> None:
    rows = []
    for each in result.outcomes:
        span = length(each.phase.end_ms - each.phase.begin_ms)
        rows.append((each.phase.name, span, verdict_text.headline(each.verdict), _meaning(each)))
    output.table(rows, ("PHASE", "LENGTH", "VERDICT", "MEANING"))
    for each in result.outcomes:
        output.line(f"\n{each.phase.name}: {verdict_text.headline(each.verdict)}")
        for sentence in verdict_text.sentences(each.verdict):
            output.line(f"  {capital(sentence.text)}")
    if result.learnt:
        name = result.device.name or result.device.mac
        diagnostics.note(f"learnt for {name}: speech from {size_text(round(result.learnt['bytes']))} on")


def _meaning(each: "Outcome") -> str:
    given = each.verdict
    if given.obstacle:
        return f"no telling: {given.obstacle}"
    heard = len(given.explained)
    if each.phase.name == "asked":
        return f"{counted(heard, 'request')} went out, {len(given.silent)} did not"
    if given.unexplained or given.streams:
        return "it sent speech all the same" if each.phase.name == "muted" else "it sent speech unasked"
    return "mute holds" if each.phase.name == "muted" else "no speech went out"


def _document(result: "Result") -> dict[str, Any]:
    return {
        "device": result.device.mac,
        "name": result.device.name or None,
        "learnt": dict(result.learnt),
        "phases": [
            {
                "phase": each.phase.name,
                "since": output.moment(each.phase.begin_ms),
                "until": output.moment(each.phase.end_ms),
                "meaning": _meaning(each),
                **verdict.document(each.verdict),
            }
            for each in result.outcomes
        ],
    }
