"""How well speech is found in traffic: on labelled captures beside other methods, and by simulation.

    python -m bench.traffic.accuracy --data DIR [--only captures|crossed|power|alarms|join] [--times N] [--json]

DIR holds captures with labels: bench/traffic/data.py says in which form. An event counts as found when it begins
between 2 s before and 0.5 s after a labelled request (6 s before where a camera saw it), as a false one when it belongs
to none. Where a file only says that five requests were spoken, files with exactly five events are counted.
"""

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.traffic import curves
from bench.traffic.crossed import crossed
from bench.traffic.data import LATE_S, SPOKEN, Sample, samples
from bench.traffic.peers import PEERS
from echoctl.model.traffic import BurstClass
from echoctl.traffic.bursts import Segmenter


def captures(found: Sequence[Sample]) -> list[dict[str, Any]]:
    """One row per method."""
    return [_scored(name, found) for name in PEERS]


def _scored(name: str, found: Sequence[Sample]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "method": name,
        "tp": 0,
        "fn": 0,
        "fp": 0,
        "exact": 0,
        "counted": 0,
        "missing": 0,
        "extra": 0,
    }
    flagged: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    others: dict[str, int] = {}
    for sample in found:
        events = PEERS[name](sample)
        if sample.csv and sample.labels:
            kind = "voice" if sample.labels[0].word == "voice" else "other"
            flagged[kind][0] += bool(events)
            flagged[kind][1] += 1
        elif sample.requests:
            _label(row, sample, [start for start, _ in events])
        elif f"_{SPOKEN}" in sample.name:
            row["counted"] += 1
            row["exact"] += len(events) == SPOKEN
            row["missing"] += max(0, SPOKEN - len(events))
            row["extra"] += max(0, len(events) - SPOKEN)
        elif not sample.csv:
            others[sample.name] = len(events)
    row["precision"] = row["tp"] / max(1, row["tp"] + row["fp"])
    row["recall"] = row["tp"] / max(1, row["tp"] + row["fn"])
    return {**row, "flagged": dict(flagged), "others": others}


def _label(row: dict[str, Any], sample: Sample, starts: Sequence[float]) -> None:
    """Count the hits of one labelled capture."""

    def belongs(at: float) -> bool:
        return any(start - sample.early_s <= at <= end + LATE_S for start, end in sample.requests)

    for start, end in sample.requests:
        hit = any(start - sample.early_s <= at <= end + LATE_S for at in starts)
        row["tp" if hit else "fn"] += 1
    row["fp"] += sum(not belongs(at) for at in starts)


def delays(found: Sequence[Sample]) -> dict[str, float]:
    """Seconds from the first upload packet of a request to the window that decides, by grade."""
    times: dict[BurstClass, list[float]] = {BurstClass.POSSIBLE: [], BurstClass.VOICE: []}
    for sample in found:
        if not sample.requests:
            continue
        segmenter, seen = Segmenter(), set()
        for window in sample.windows:
            for burst in segmenter.feed(window):
                spoken = any(
                    s - sample.early_s <= sample.seconds(burst.start_ms) <= e + LATE_S for s, e in sample.requests
                )
                for grade in times if burst.grade is BurstClass.VOICE else (BurstClass.POSSIBLE,):
                    key = (burst.remote, burst.start_ms, grade)
                    if spoken and burst.grade in times and key not in seen:
                        seen.add(key)
                        times[grade].append((window.last_ms - burst.start_ms) / 1000)
    return {
        f"{grade} {name}": ranked[min(len(ranked) - 1, math.ceil(share * len(ranked)) - 1)]
        for grade, values in times.items()
        if (ranked := sorted(values))
        for name, share in (("median", 0.5), ("p95", 0.95), ("max", 1.0))
    }


def measure(folder: Path, only: str | None, times: int) -> dict[str, Any]:
    """All tables, or one."""
    found = samples(folder)
    tables: dict[str, Any] = {}
    if only in (None, "captures"):
        tables["captures"] = captures(found)
        tables["delay_s"] = delays(found)
    if only in (None, "crossed"):
        tables["crossed"] = crossed(found)
    if only in (None, "power"):
        tables["power"] = curves.power(found, times)
        tables["power_varied"] = curves.power(found, times, vary=0.3)
    if only in (None, "alarms"):
        tables["alarms"] = curves.false_alarms(found, folder)
    if only in (None, "join"):
        tables["join"] = curves.joined(found, max(1, times // 25))
    return tables


def show(tables: dict[str, Any]) -> None:
    if "captures" in tables:
        _show_captures(tables["captures"], tables["delay_s"])
    if "crossed" in tables:
        _show_crossed(tables["crossed"])
    for key, title in (("power", "constant rate"), ("power_varied", "rate varied by 30 %")):
        if key in tables:
            _show_power(tables[key], title)
    if "alarms" in tables:
        print("\nfalse alarms per day on a simulated idle speaker\nreports/h  to        voice  possible")
        for row in tables["alarms"]:
            print(f"{row['per_hour']:>9}  {row['to']:<8} {row['voice']:>6.2f}  {row['possible']:>8.2f}")
    if "join" in tables:
        print("\njoin: wakes missed, false wakes, clocks apart -> uploads rightly explained or not")
        for row in tables["join"]:
            print(f"{row['missed']:>5.0%} {row['false']:>5.0%}  up to {row['apart_s']:>2} s  {row['right']:>7.1%}")


def _show_captures(rows: Sequence[dict[str, Any]], delay: dict[str, float]) -> None:
    print(f"{'':<28}{'found':>9}{'false':>7}{'P':>8}{'R':>8}{'exact':>10}{'voice files':>13}{'other files':>13}")
    for row in rows:
        voice, other = (row["flagged"].get(kind, [0, 0]) for kind in ("voice", "other"))
        print(
            f"{row['method']:<28}{row['tp']:>5}/{row['tp'] + row['fn']:<3}{row['fp']:>7}{row['precision']:>8.3f}"
            f"{row['recall']:>8.3f}{row['exact']:>6}/{row['counted']:<3}{voice[0]:>9}/{voice[1]:<3}"
            f"{other[0]:>9}/{other[1]:<3}"
        )
    print("other devices:", ", ".join(f"{name} {count}" for name, count in rows[0]["others"].items()))
    print("first packet to decision:", ", ".join(f"{name} {value:.2f} s" for name, value in delay.items()))


def _show_crossed(rows: Sequence[dict[str, Any]]) -> None:
    print("\nthresholds chosen without a family, and what they miss and flag there (with the usual ones)")
    for row in rows:
        (windows, span, size), (requests, missed, false), usual = row["chosen"], row["errors"], row["usual"]
        print(
            f"{row['family']:<34} {windows} windows, {span} ms, {size:>6} B: {missed} of {requests} missed, "
            f"{false} false ({usual[1]}, {usual[2]})"
        )


def _show_power(rows: Sequence[dict[str, Any]], title: str) -> None:
    rates = sorted({row["kbit"] for row in rows})
    print(f"\npower, {title}: share found as at least possible (of that as voice)")
    print("     " + "".join(f"{rate:>14} kbit/s" for rate in rates))
    for seconds in sorted({row["seconds"] for row in rows}):
        cells = [row for row in rows if row["seconds"] == seconds]
        line = "".join(f"{cell['possible']:>13.2f} ({cell['voice']:.2f})" for cell in cells)
        print(f"{seconds:>3} s{line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--only", choices=("captures", "crossed", "power", "alarms", "join"))
    parser.add_argument("--times", type=int, default=200, help="utterances per cell of the power table")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    tables = measure(options.data, options.only, options.times)
    if options.json:
        print(json.dumps(tables, indent=2))
    else:
        show(tables)
        print(f"\nin {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
