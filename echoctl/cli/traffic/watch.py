"""`echoctl traffic watch`: packets as they pass."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.traffic.import_ import as_json, remarks
from echoctl.cli.traffic.listing import burst_json
from echoctl.errors import ExitCode, UsageError
from echoctl.model.grades import BurstClass
from echoctl.text.format import counted, length, person_time, size_text

if TYPE_CHECKING:
    from echoctl.model.traffic import Wake
    from echoctl.services.traffic.importer import Fresh, ImportReport

FRAME_S = 0.5
"""How often the screen is drawn; the numbers change once a second."""

LINE_S = 10
"""Seconds between two lines about bytes, where nothing is drawn."""

_CLEAR, _HOME, _REST, _LINE_END = "\x1b[2J", "\x1b[H", "\x1b[J", "\x1b[K"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def watch(
    interface: Annotated[
        str, typer.Option("--interface", "-i", metavar="IF", help="The network interface that the packets pass.")
    ] = "",
    ssh: Annotated[
        str, typer.Option("--ssh", metavar="TARGET", help="Capture there, root@router: over your own ssh.")
    ] = "",
    device: Annotated[
        str, typer.Option("--device", metavar="DEVICE", help="Only this device, by name or MAC address.")
    ] = "",
    json: output.Json = False,
) -> None:
    """Watch what devices send, live: who talks to whom, how much, and uploads that have the shape of speech.

    Captures with tcpdump, here (--interface) or on a router (--ssh, whose interface is br-lan unless --interface says
    otherwise). At a terminal it draws; in a pipe it prints lines; with --json one object per line. Ctrl-C ends it.
    """
    from echoctl.services.traffic import devices, live

    where = live.Where(_interface(interface, ssh), ssh, devices.mac_of(device) if device else "")
    names = {each.mac: each.name for each in devices.listing() if each.name}
    show = Show(json=json, screen=not json and output.is_terminal(), names=names)
    with _signals(show):
        watcher = live.LiveWatch(where, show)
        report = watcher.run()
    show.end(report, watcher.dropped)
    raise typer.Exit(show.code)


def _interface(interface: str, ssh: str) -> str:
    if interface:
        return interface
    if ssh:
        return "br-lan"
    raise UsageError("say where the packets pass", "--interface IF, or --ssh root@router")


class Show:
    """Tells a person or a program what happens: services.traffic.live.Audience."""

    def __init__(self, *, json: bool, screen: bool, names: dict[str, str]) -> None:
        self._json, self._screen, self._names = json, screen, names
        self.code: int = ExitCode.OK
        self.stopped = 0
        self._drawn = self._told = 0.0
        self._notice = ""
        self._sums: dict[tuple[str, str], tuple[int, int]] = {}
        from echoctl.cli.traffic.board import Board

        self._board = Board()
        self._board.names = names
        if screen:
            output.text(_CLEAR)

    def notice(self, what: str, text: str) -> None:
        """Something happened to the capture."""
        if self._json:
            output.event({"type": "capture", "what": what, "text": text, "at": _now()})
        elif self._screen:
            self._notice = text
        else:
            diagnostics.note(text)

    def fresh(self, fresh: "Fresh") -> None:
        """Seconds are over, bursts were decided."""
        if self._json:
            for second in fresh.seconds:
                output.event({"type": "second", **_second_json(second._asdict())})
            for burst in fresh.bursts:
                output.event({"type": "burst", **burst_json(burst), "at": _now()})
            return
        self._board.seconds(fresh.seconds, fresh.names)
        for burst in fresh.bursts:
            self._board.burst(burst)
        if not self._screen:
            self._lines(fresh)

    def wake(self, wake: "Wake") -> None:
        """The listener heard a wake word."""
        if self._json:
            output.event({"type": "wake", "wake": wake.id, "word": wake.word, "at": output.moment(wake.at_ms)})
        elif self._screen:
            self._board.wakes.add(wake.at_ms // 1000)
        else:
            output.line(f"{person_time(wake.at_ms)}  wake  {wake.word}")
            output.flush()

    def beat(self, at_ms: int) -> bool:
        """Draw when it is time to."""
        now = time.monotonic()
        if self._screen and now - self._drawn >= FRAME_S:
            self._drawn = now
            self._draw(at_ms)
        elif not self._screen and not self._json and now - self._told >= LINE_S:
            self._told = now
            self._totals(at_ms)
        return not self.stopped

    def end(self, report: "ImportReport", dropped: int) -> None:
        """Report the whole capture, and set the exit code of the signal that ended it."""
        if dropped:
            self.notice("dropped", f"{counted(dropped, 'packet')} dropped by the capturing side")
        if self._json:
            output.event({"type": "end", **as_json(report.capture.source, report), "dropped": dropped, "at": _now()})
        else:
            diagnostics.note(f"{counted(report.capture.packets, 'packet')} of {counted(len(report.devices), 'device')}")
            for text in remarks(report):
                diagnostics.note(text)
        if self.stopped:
            self.code = ExitCode.SIGINT if self.stopped == signal.SIGINT else ExitCode.SIGTERM

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT and SIGTERM: the next `beat` ends the capture."""
        self.stopped = number

    def _draw(self, at_ms: int) -> None:
        size = shutil.get_terminal_size()
        # The newest second is still open: the one before it is whole.
        lines = self._board.draw(at_ms // 1000 - 2, size.columns - 1, size.lines - 1, colour=diagnostics.has_colour())
        foot = f"{person_time(at_ms)}  {self._notice}  w wake word  ● upload like speech  Ctrl-C ends"
        text = "".join(f"{line}{_LINE_END}\r\n" for line in lines[: size.lines - 1])
        output.text(f"{_HOME}{text}{foot[: size.columns - 1]}{_LINE_END}{_REST}")
        output.flush()

    def _lines(self, fresh: "Fresh") -> None:
        for second in fresh.seconds:
            pair = (second.device, second.remote)
            up, down = self._sums.get(pair, (0, 0))
            self._sums[pair] = up + second.up, down + second.down
        for burst in fresh.bursts:
            if burst.grade is BurstClass.KEEPALIVE:
                continue
            explained = "" if burst.wake is None else f", explained by wake {burst.wake}"
            who = f"{self._names.get(burst.device, burst.device)} → {burst.name or burst.remote}"
            what = f"{size_text(burst.bytes_up)} up in {length(burst.end_ms - burst.start_ms)}{explained}"
            output.line(f"{person_time(burst.start_ms)}  {burst.grade}  {who}  {what}")
        output.flush()

    def _totals(self, at_ms: int) -> None:
        for (device, remote), (up, down) in self._sums.items():
            line = self._board.lines.get((device, remote))
            endpoint = line.name if line and line.name else remote
            who = f"{self._names.get(device, device)} → {endpoint}"
            output.line(f"{person_time(at_ms)}  bytes  {who}  {size_text(up)} up, {size_text(down)} down")
        self._sums.clear()
        output.flush()


@contextmanager
def _signals(show: Show) -> Iterator[None]:
    before = {number: signal.signal(number, show.stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _second_json(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "device": row["device"],
        "endpoint": row["remote"],
        "start": row["at_s"],
        "bytes_up": row["up"],
        "bytes_down": row["down"],
        "packets": row["packets"],
    }


def _now() -> str:
    return output.moment(time.time_ns() // 1_000_000)
