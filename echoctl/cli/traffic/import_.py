"""`echoctl traffic import`: captures made elsewhere."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.errors import EchoctlError, Partial
from echoctl.text.format import counted, length, person_time, size_text

if TYPE_CHECKING:
    from echoctl.services.traffic.importer import ImportReport


def import_(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Captures; - is stdin.")],
    json: output.Json = False,
) -> None:
    """Read captures: pcap or pcapng, gzip or not, by tcpdump, Wireshark or a router. No payload is kept.

    A capture that is cut off counts as far as it goes. The same capture twice counts once.
    """
    # the tables of sqlite3 and of packets: 20 ms that --help should not pay
    from echoctl.services.traffic import importer

    now_ms = time.time_ns() // 1_000_000
    importer.forget_old(now_ms)
    done: list[tuple[str, ImportReport]] = []
    failed: list[tuple[str, EchoctlError]] = []
    for file in files:
        progress = _Progress(file)
        try:
            done.append((file, importer.import_file(file, now_ms, progress)))
        except EchoctlError as error:
            if len(files) == 1:
                raise
            failed.append((file, error))
        finally:
            progress.close()
    if json:
        output.document({"captures": [as_json(file, report) for file, report in done]})
    elif done:
        _table(done)
    for file, report in done:
        for text in remarks(report):
            diagnostics.note(f"{file}: {text}")
    _complain(failed, len(files))


def as_json(source: str, report: "ImportReport") -> dict[str, Any]:
    """A capture as `--json` shows it."""
    capture = report.capture
    return {
        "source": source,
        "start": capture.start_ms / 1000,
        "end": capture.end_ms / 1000,
        "packets": capture.packets,
        "devices": list(report.devices),
        "endpoints": report.endpoints,
        "unnamed_older": report.older,
        "bursts": {grade.value: count for grade, count in sorted(report.bursts.items())},
        "gaps": [[start / 1000, end / 1000] for start, end in capture.gaps],
        "damage": report.damage or None,
        "again": report.again,
        "unread_packets": report.unread,
        "local_bytes": report.local_bytes,
        "clock_jumps": report.jumps,
    }


def remarks(report: "ImportReport") -> list[str]:
    """What a person should know about a capture."""
    from echoctl.services.traffic.devices import OLDER_HINT  # as in import_

    gone = sum(end - start for start, end in report.capture.gaps)
    said = [
        (report.again, "was imported before: nothing was counted twice"),
        (report.damage, f"{report.damage}; what came before it counts"),
        (report.capture.gaps, f"nothing was seen of anybody for {length(gone)}: taken as not watched, not as silence"),
        (report.jumps, f"its clock was set back {counted(report.jumps, 'time')}"),
        (report.unread, f"{counted(report.unread, 'packet')} not counted: cut too short when captured"),
        (report.local_bytes, f"{size_text(report.local_bytes)} stayed in the house: not counted"),
        (
            report.older,
            f"{counted(report.older, 'endpoint')} never said a name: the connection was open before the capture; "
            + OLDER_HINT,
        ),
    ]
    return [text for holds, text in said if holds]


class _Progress:
    """How many packets so far, at a terminal."""

    def __init__(self, label: str) -> None:
        self._label, self._shown = label, 0.0

    def __call__(self, packets: int) -> None:
        if diagnostics.is_terminal() and time.monotonic() - self._shown >= 0.2:
            self._shown = time.monotonic()
            diagnostics.status(f"{self._label} {packets} packets")

    def close(self) -> None:
        if self._shown:
            diagnostics.status("")


def _table(done: "list[tuple[str, ImportReport]]") -> None:
    rows = []
    for file, report in done:
        capture = report.capture
        bursts = " ".join(f"{count} {grade}" for grade, count in sorted(report.bursts.items()))
        rows.append(
            (
                file,
                capture.packets,
                person_time(capture.start_ms),
                length(capture.end_ms - capture.start_ms),
                len(report.devices),
                report.endpoints,
                bursts or "none",
            )
        )
    output.table(rows, ["FILE", "PACKETS", "FROM", "LENGTH", "DEVICES", "ENDPOINTS", "BURSTS"])


def _complain(failed: list[tuple[str, EchoctlError]], wanted: int) -> None:
    """Raise one error for the files that failed."""
    if not failed:
        return
    for file, error in failed:
        diagnostics.note(f"{file}: {error.message}")
    if len(failed) == wanted:
        raise failed[0][1]
    raise Partial(f"{len(failed)} of {counted(wanted, 'capture')} could not be imported", "the others were")
