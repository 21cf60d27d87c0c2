"""What no capture with labels shows: power, false alarms per day, and the join when clocks differ."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.traffic.data import Sample, cut, merged, segmented
from echoctl.model.traffic import WINDOW_MS, BurstClass, Wake, Window
from echoctl.traffic import join, thresholds

POWER = [(seconds, kbit) for seconds in (1, 2, 3, 5, 10) for kbit in (6, 16, 24, 32, 70, 256)]
FRAME_S = 0.1

RATES = (10, 60, 300)
DAYS = 30

SPEECH = (BurstClass.VOICE, BurstClass.POSSIBLE)

ONE_HOST = "avs-alexa-4-na.amazon.com"

Report = list[tuple[int, int, int]]
"""A burst as (window, bytes, port); port 0 is a connection that was open before."""


def power(found: Sequence[Sample], times: int, vary: float = 0.0, seed: int = 5) -> list[dict[str, Any]]:
    """The share of made-up utterances, put into the quiet of real captures, that are at least possible.

    An encoder's packets of 100 ms, their sizes varied by a log-normal factor; to an endpoint that the device has.
    """
    rng, quiet = random.Random(seed), [each for each in found if each.requests and each.windows]
    table = []
    for seconds, kbit in POWER:
        counts: Counter[BurstClass] = Counter()
        for _ in range(times):
            counts[_injected(rng, rng.choice(quiet), seconds, kbit, vary)] += 1
        share = {"possible": sum(counts[each] for each in SPEECH) / times, "voice": counts[BurstClass.VOICE] / times}
        table.append({"seconds": seconds, "kbit": kbit, **share})
    return table


def _injected(rng: random.Random, sample: Sample, seconds: float, kbit: float, vary: float) -> BurstClass:
    """The best grade of what begins or ends within the utterance, at its endpoint."""
    begin = _quiet(rng, sample, seconds)
    remote, port = rng.choice([(window.remote, window.port) for window in sample.windows])
    device = sample.windows[0].device
    start = sample.begin_ms + begin * 1000
    packets = []
    for number in range(round(seconds / FRAME_S)):
        size = kbit * 125 * FRAME_S * rng.lognormvariate(-vary * vary / 2, vary)
        packets.append((start + number * FRAME_S * 1000, remote, max(1, round(size)), port))
    near = [w for w in sample.windows if abs(w.start_ms - start) < 30_000 and w.device == device]
    end = start + seconds * 1000
    grades = {
        burst.grade
        for burst in segmented(merged([*near, *cut(packets, device)]))
        if burst.remote == remote and burst.end_ms >= start and burst.start_ms <= end
    }
    order = (BurstClass.VOICE, BurstClass.POSSIBLE, BurstClass.BULK, BurstClass.STATUS, BurstClass.KEEPALIVE)
    return next((grade for grade in order if grade in grades), BurstClass.KEEPALIVE)


def _quiet(rng: random.Random, sample: Sample, seconds: float) -> float:
    """A time away from every request; any time where there is none."""
    most = max(sample.seconds(sample.end_ms) - seconds - 4, 3.0)
    for _ in range(1000):
        at = rng.uniform(2, most)
        if not any(start - 3 < at + seconds + 2 and at - 2 < end + 3 for start, end in sample.requests):
            return at
    return most


def false_alarms(found: Sequence[Sample], folder: Path, seed: int = 3) -> list[dict[str, Any]]:
    """False alarms per day while an idle speaker reports its status so many times an hour.

    The reports are real bursts that are no speech, replayed at random times; beats come at the periods that BehavIoT
    measured. A report that opened a connection of its own does so here; the others share one per host. Only overlaps
    can fool the rules here, since the reports were chosen by them. `hosts`: reports go to the hosts of an Echo Dot,
    each to one of them; `one`: all to one endpoint; `shared`: even over one connection, the worst case.
    """
    pool = _reports(found)
    hosts = _hosts(folder)
    rows = []
    for rate in RATES:
        days = DAYS if rate < 300 else DAYS // 6
        for spread, names in (("hosts", sorted(hosts)), ("one", [ONE_HOST]), ("shared", [ONE_HOST])):
            reports = [[(at, up, 0) for at, up, _ in report] for report in pool] if spread == "shared" else pool
            bursts = segmented(_idle(random.Random(seed), reports, hosts, names, rate, days))
            voice = sum(each.grade is BurstClass.VOICE for each in bursts)
            maybe = sum(
                each.grade is BurstClass.POSSIBLE and not thresholds.housekeeping(each.remote) for each in bursts
            )
            rows.append({"per_hour": rate, "to": spread, "voice": voice / days, "possible": maybe / days})
    return rows


def _reports(found: Sequence[Sample]) -> list[Report]:
    """Real bursts that are no speech."""
    pool = []
    for sample in found:
        if not (sample.requests or any(label.word == "no voice" for label in sample.labels)):
            continue
        places: dict[tuple[str, str], list[Window]] = {}
        opened: dict[tuple[str, str, int], int] = {}
        for window in sample.windows:
            places.setdefault((window.device, window.remote), []).append(window)
            opened.setdefault((window.device, window.remote, window.port), window.start_ms)
        for burst in sample.bursts:
            if burst.bytes_up < 500 or burst.grade in SPEECH:
                continue
            inside = [
                window
                for window in places[burst.device, burst.remote]
                if burst.start_ms - WINDOW_MS < window.start_ms <= burst.end_ms and window.up
            ]
            begin = inside[0].start_ms
            pool.append([
                (
                    (window.start_ms - begin) // WINDOW_MS,
                    window.up,
                    window.port if opened[window.device, window.remote, window.port] >= begin > sample.begin_ms else 0,
                )
                for window in inside
            ])  # fmt: skip
    return pool


def _hosts(folder: Path) -> dict[str, float]:
    """Host -> seconds between beats, of the Echo Dot in BehavIoT; a few of the usual ones where that is not there."""
    file = folder / "behaviot" / "periods" / "echodot.txt"
    rows = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    found = {row[1]: float(row[2]) for row in rows if len(row) > 2 and row[0] in ("TCP", "UDP") and "." in row[1]}
    return found or {
        "avs-alexa-4-na.amazon.com": 300.0,
        "device-metrics-us.amazon.com": 3600.0,
        "api.amazon.com": 240.0,
    }


def _idle(
    rng: random.Random, pool: Sequence[Report], hosts: dict[str, float], names: Sequence[str], rate: int, days: int
) -> list[Window]:
    sums: Counter[tuple[int, str, int]] = Counter()
    length = days * 86_400_000 // WINDOW_MS
    for number in range(1, 1 + rate * 24 * days):
        at, name = rng.randrange(length), rng.choice(names)
        for place, up, port in rng.choice(pool):
            sums[at + place, name, port and number << 16 | port] += up
    for name, period in hosts.items():
        at_s = rng.uniform(0, period)
        while at_s < days * 86_400:
            sums[int(at_s * 1000 // WINDOW_MS), name, 0] += rng.randrange(100, 2700)
            at_s += period * rng.uniform(0.98, 1.02)
    rows = sorted(sums.items())
    return [
        Window("d", name, at * WINDOW_MS, up, 0, at * WINDOW_MS, at * WINDOW_MS + 150.0, port)
        for (at, name, port), up in rows
    ]


def joined(found: Sequence[Sample], times: int, seed: int = 11) -> list[dict[str, Any]]:
    """The share of uploads rightly called explained or not, when wakes are missed and clocks differ by up to 30 s."""
    calls = [
        (each, join.uploads(each.bursts, BurstClass.VOICE))
        for each in found
        if not each.csv and (each.requests or "5_" in each.name)
    ]
    calls = [(sample, uploads) for sample, uploads in calls if 3 <= len(uploads) <= 20]
    rows = []
    for missed, false, apart in ((0, 0, 0), (0.2, 0, 0), (0, 0, 30), (0.2, 0, 30), (0.2, 0.2, 30), (0.4, 0, 30)):
        rng, right, total = random.Random(seed), 0, 0
        for sample, uploads in calls:
            for _ in range(times):
                right += _right(rng, sample, uploads, missed, false, rng.uniform(-apart, apart) * 1000)
                total += len(uploads)
        rows.append({"missed": missed, "false": false, "apart_s": apart, "right": right / max(total, 1)})
    return rows


def _right(
    rng: random.Random, sample: Sample, uploads: Sequence[Any], missed: float, false: float, offset: float
) -> int:
    """How many uploads of a capture are rightly joined."""
    heard = [rng.random() >= missed for _ in uploads]
    times = [each.start_ms - rng.gauss(1000, 300) - offset for each, yes in zip(uploads, heard, strict=True) if yes]
    times += [rng.uniform(sample.begin_ms, sample.end_ms) - offset for _ in uploads if rng.random() < false]
    wakes = [Wake(round(at)) for at in sorted(times)]
    fit = join.settle([each.start_ms for each in uploads], [each.at_ms for each in wakes], None)
    explained = {each.start_ms for each in join.join(uploads, wakes, fit.offset_ms).explained}
    return sum((each.start_ms in explained) == yes for each, yes in zip(uploads, heard, strict=True))
