"""What the pictures of a report show: the rate over time with its wakes, and who gets how much around a request."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from echoctl.clock import SystemClock
from echoctl.model.traffic import Second, Upload, Verdict, Wake
from echoctl.services.time_spec import moment_ms
from echoctl.services.traffic import verdicts
from echoctl.services.traffic.devices import opened
from echoctl.services.traffic.verdicts import Scene
from echoctl.store import traffic

WEEK_MS = 7 * 86_400_000

COLUMNS = 880
"""The most columns that the time axis has; a column shows its busiest second."""

ASIDE_S = 10
"""How many seconds before and after a request are looked at."""

ENDPOINTS = 7
"""How many endpoints have a row of their own."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one endpoint got and sent around requests: bytes per request, (up, down) before, during and after it."""

    name: str
    before: tuple[float, float]
    during: tuple[float, float]
    after: tuple[float, float]

    @property
    def total(self) -> float:
        """Bytes per request, up and down, over all three times: by this the endpoints are ranked."""
        return sum((*self.before, *self.during, *self.after))


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """One device over a stretch of time."""

    verdict: Verdict
    begin_ms: int
    end_ms: int
    step_s: int
    up: tuple[int, ...]
    """Per column of `step_s` seconds: the bytes of its busiest second."""
    down: tuple[int, ...]
    watched: tuple[tuple[int, int], ...]
    """Unix milliseconds from and to."""
    wakes: tuple[Wake, ...]
    requests: int
    """Uploads that `shares` is the mean of."""
    shares: tuple[Share, ...]


def gather(device: str | None, since: str | None, wakes: Path | None = None) -> list[TrafficReport]:
    """One report per device that is meant; without `since` the week before the end of what was watched.

    The wakes of a file stand in for those of the store. Raises NotFound, UsageError, StoreError.
    """
    now_ms = SystemClock().now_ms()
    elsewhere = verdicts.wakes_of(wakes, now_ms) if wakes else None
    with opened() as connection:
        found = []
        for one in verdicts.chosen(traffic.devices(connection), device):
            since_ms = moment_ms(since, now_ms) if since else one.last_ms - WEEK_MS
            found.append(
                report(
                    verdicts.scene(
                        connection, one, since_ms, verdicts.FOREVER_MS, elsewhere, foreign=elsewhere is not None
                    )
                )
            )
    return found


def report(scene: Scene) -> TrafficReport:
    """What the pictures of a scene show."""
    case, given = scene.case, scene.verdict
    begin_s, end_s = case.since_ms // 1000, max(case.until_ms // 1000, case.since_ms // 1000) + 1
    step_s = max(1, -(-(end_s - begin_s) // COLUMNS))
    up, down = _columns(case.seconds, begin_s, end_s, step_s)
    requests = given.explained or tuple(each for each in given.unexplained if each.wake is None)
    names = {address: name or address for address, name in case.names.items()}
    return TrafficReport(
        verdict=given,
        begin_ms=begin_s * 1000,
        end_ms=end_s * 1000,
        step_s=step_s,
        up=tuple(up),
        down=tuple(down),
        watched=tuple(case.watched),
        wakes=tuple(wake for wake in case.wakes if any(a <= wake.at_ms <= b for a, b in case.watched)),
        requests=len(requests),
        shares=_shares(case.seconds, requests, names),
    )


def _columns(rows: Iterable[Second], begin_s: int, end_s: int, step_s: int) -> tuple[list[int], list[int]]:
    """The busiest second of each column, up and down."""
    ups: Counter[int] = Counter()
    downs: Counter[int] = Counter()
    for row in rows:
        ups[row.at_s] += row.up
        downs[row.at_s] += row.down
    size = -(-(end_s - begin_s) // step_s)
    columns: tuple[list[int], list[int]] = ([0] * size, [0] * size)
    for sums, column in zip((ups, downs), columns, strict=True):
        for at_s, bytes_ in sums.items():
            if begin_s <= at_s < end_s:
                at = (at_s - begin_s) // step_s
                column[at] = max(column[at], bytes_)
    return columns


def _shares(rows: Iterable[Second], requests: Sequence[Upload], names: dict[str, str]) -> tuple[Share, ...]:
    """Bytes per endpoint before, during and after a request, the mean of all; without any, all in one."""
    parts: dict[str, list[list[float]]] = {}
    spans = [(each.start_ms // 1000, each.end_ms // 1000) for each in requests]
    for row in rows:
        name = names.get(row.remote, row.remote)
        held = parts.setdefault(name, [[0.0, 0.0] for _ in range(3)])
        for place in _places(row.at_s, spans) if spans else (1,):
            held[place][0] += row.up / max(len(spans), 1)
            held[place][1] += row.down / max(len(spans), 1)
    shares = [Share(name, *((up, down) for up, down in held)) for name, held in parts.items()]
    ranked = sorted((share for share in shares if share.total), key=lambda share: -share.total)
    return (*ranked[:ENDPOINTS], *_rest(ranked[ENDPOINTS:]))


def _places(at_s: int, spans: Sequence[tuple[int, int]]) -> list[int]:
    """0, 1 or 2 for each request before, during or after which a second lies."""
    found = []
    for start, end in spans:
        if start <= at_s <= end:
            found.append(1)
        elif start - ASIDE_S <= at_s < start:
            found.append(0)
        elif end < at_s <= end + ASIDE_S:
            found.append(2)
    return found


def _rest(shares: Sequence[Share]) -> list[Share]:
    if not shares:
        return []
    sums = [
        (sum(part[0] for part in parts), sum(part[1] for part in parts))
        for parts in (
            [share.before for share in shares],
            [share.during for share in shares],
            [share.after for share in shares],
        )
    ]
    return [Share(f"{len(shares)} others", *sums)]
