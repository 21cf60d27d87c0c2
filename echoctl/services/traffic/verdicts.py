"""Verdicts: what was seen of a device, what the listener heard, and what follows from both."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from echoctl.clock import SystemClock
from echoctl.errors import NotFound, UsageError
from echoctl.model.traffic import Burst, BurstClass, Capture, Device, Naming, Verdict, Wake
from echoctl.services.time_spec import moment_ms
from echoctl.services.traffic.devices import WATCH_HINT, find, opened
from echoctl.store import traffic
from echoctl.store import verdicts as rows
from echoctl.store.database import db
from echoctl.traffic import explain, join, verdict

FOREVER_MS = 1 << 53

_MOST_WAKES = 100_000


@dataclass(frozen=True, slots=True)
class Scene:
    """A device in a time, with everything that a verdict or a picture of it is made from."""

    case: verdict.Case
    verdict: Verdict
    bursts: tuple[Burst, ...]
    """Speech and what may be; of all grades where that was wanted."""


def give(device: str | None, since: str | None = None, wakes: Path | None = None) -> list[Verdict]:
    """Judge one device, or all speakers, by what was watched since then, and keep the verdicts.

    The wakes of a file stand in for those of the store. Raises NotFound, UsageError, StoreError.
    """
    now_ms = SystemClock().now_ms()
    since_ms = moment_ms(since, now_ms) if since else 0
    elsewhere = wakes_of(wakes, now_ms) if wakes else None
    given = []
    with opened() as connection:
        for one in chosen(traffic.devices(connection), device):
            judged = scene(connection, one, since_ms, FOREVER_MS, elsewhere, foreign=elsewhere is not None)
            found = replace(judged.verdict, at_ms=now_ms)
            given.append(found)
        with db.immediate(connection):
            for found in given:
                rows.add(connection, found.device, now_ms, since_ms, asdict(found))
    return given


def chosen(devices: Sequence[Device], wanted: str | None) -> list[Device]:
    """The device that is meant, or all speakers; a device that is alone needs no marking as a speaker.

    Raises NotFound, or UsageError when several are meant.
    """
    if not devices:
        raise NotFound("nothing was watched yet", WATCH_HINT)
    if wanted is None:
        speakers = [each for each in devices if each.speaker]
        if not speakers and len(devices) > 1:
            raise UsageError(
                "no device is marked as a speaker", f"echoctl traffic devices name {devices[0].mac} kitchen --speaker"
            )
        return speakers or [devices[0]]
    return [find(devices, wanted)]


def scene(
    connection: db.Connection,
    device: Device,
    since_ms: int,
    before_ms: int,
    wakes: Sequence[Wake] | None = None,
    *,
    foreign: bool = False,
    every: bool = False,
) -> Scene:
    """Everything about a device in a time, judged, with these wakes or else those of the store.

    `foreign`: nothing is known of the clock that timed the wakes. `every`: with the bursts that are not speech.
    """
    captures = [
        capture
        for capture in traffic.captures(connection, since_ms, before_ms)
        if capture.start_ms <= device.last_ms and capture.end_ms >= device.first_ms
    ]
    begin = max(since_ms, min((capture.start_ms for capture in captures), default=since_ms))
    end = min(before_ms, max((capture.end_ms for capture in captures), default=begin))
    bursts = traffic.bursts(connection, device.mac, begin, end + 1, () if every else explain.SPEECH)
    heard = rows.wakes(connection, begin - join.SEARCH_MS, end + join.SEARCH_MS) if wakes is None else wakes
    clocks = [
        (max(capture.start_ms, begin), min(capture.end_ms, end), None if foreign else capture.clock_offset_ms)
        for capture in captures
    ]
    voice = join.uploads(bursts, BurstClass.VOICE) or join.uploads(bursts, BurstClass.POSSIBLE)
    placed, clock = join.align(clocks, [each.start_ms for each in voice], heard)
    endpoints = traffic.endpoints(connection, device.mac, 0)
    case = verdict.Case(
        device=device,
        since_ms=begin,
        until_ms=end,
        watched=_watched(captures, begin, end),
        bursts=[burst for burst in bursts if burst.grade in explain.SPEECH],
        uploaded=traffic.uploaded(connection, device.mac, begin, end + 1),
        seconds=traffic.seconds(connection, device.mac, begin // 1000, end // 1000 + 1),
        wakes=placed,
        clock=clock,
        tunnels=frozenset(row.address for row in endpoints if row.how == Naming.TUNNEL),
        names={row.address: row.name for row in endpoints},
    )
    given = verdict.judge(case)
    return Scene(case, given, tuple(explain.with_wakes(bursts, given.explained)))


def wakes_of(path: Path, now_ms: int) -> list[Wake]:
    """The wakes of a file: per line a Unix or an ISO 8601 time, and perhaps the word; or what `listen --json` prints.

    Raises NotFound, UsageError that names the line without a time.
    """
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        raise NotFound(f"there is no {path}", "check the path") from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            wake = _wake(line.strip(), now_ms)
        except (ValueError, UsageError):
            hint = "one time per line, 1790000000.5 or 2026-11-23T08:30:00, then the word if you like"
            raise UsageError(f"{path}:{number}: no time", hint) from None
        if wake:
            found.append(wake)
        if len(found) > _MOST_WAKES:
            raise UsageError(f"{path} has more than {_MOST_WAKES} wakes")
    return sorted(found, key=lambda each: each.at_ms)


def _wake(line: str, now_ms: int) -> Wake | None:
    """One line as a wake; None for another event of the listener. Raises ValueError, UsageError."""
    if line.startswith("{"):
        event = json.loads(line)
        if event.get("type", "wake") != "wake":
            return None
        if "at" not in event:
            raise ValueError("a wake without a time")
        return Wake(moment_ms(str(event["at"]), now_ms), str(event.get("word", "")))
    time, _, word = line.replace(",", " ").replace("\t", " ").partition(" ")
    try:
        return Wake(round(float(time) * 1000), word.strip())
    except OverflowError:  # inf
        raise ValueError("an infinite time") from None
    except ValueError:
        return Wake(moment_ms(time, now_ms), word.strip())


def _watched(captures: Iterable[Capture], begin: int, end: int) -> list[tuple[int, int]]:
    """The time that was watched, in stretches that do not touch: captures joined, gaps taken out of each."""
    parts: list[tuple[int, int]] = []
    for capture in captures:
        at = capture.start_ms
        for gap_from, gap_to in sorted(capture.gaps):
            parts.append((at, gap_from))
            at = max(at, gap_to)
        parts.append((at, capture.end_ms))
    joined: list[tuple[int, int]] = []
    for first, last in sorted((max(first, begin), min(last, end)) for first, last in parts):
        if first >= last:
            continue
        # In whole seconds, as bytes are kept: two stretches that share one are one.
        if joined and first // 1000 <= joined[-1][1] // 1000:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
