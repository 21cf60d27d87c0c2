"""The folder of captures that the traffic benchmarks measure with: manifest.tsv, labels.tsv and what they name.

    manifest.tsv   file, …                       what is there
    labels.tsv     file, start_s, end_s, label   a request from .. to .. seconds after the first packet, or a word for
                                                 the whole file (`voice`, or another word for none)

Captures are read with echoctl's own reader. The CSV files of CIC IoT 2022 hold one row per packet (ts, ip_len, proto,
sport, dport, ip_dst_int): uploads are told by their ports there.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from echoctl.model.traffic import WINDOW_MS, Burst, Window
from echoctl.traffic.bursts import Segmenter
from echoctl.traffic.endpoint_names import EndpointNames
from echoctl.traffic.meter import Meter
from echoctl.traffic.pcap import PcapReader
from echoctl.traffic.thresholds import DEFAULT, Rules

SERVICES = {4070, 8883, 5228, 5223, 8009, 40317}
"""Ports above 1023 on which clouds answer in those captures."""

LATE_S = 0.5
"""So long after a request an event of it may begin."""

SPOKEN = 5
"""So many requests are in a file whose name says so."""

Event = tuple[float, float]
"""From and to, seconds after the first packet."""


@dataclass(frozen=True)
class Label:
    """A request, or the word for a whole file."""

    start: float | None
    end: float | None
    word: str
    note: str = ""


@dataclass
class Sample:
    """One file of the folder."""

    name: str
    path: Path
    labels: list[Label]

    @property
    def requests(self) -> list[Event]:
        """The requests whose times are known."""
        return [(each.start, each.end) for each in self.labels if each.start is not None and each.end is not None]

    @property
    def early_s(self) -> float:
        """So long before a labelled request an event may begin: a camera sees the light come on late."""
        coarse = "homepod" in self.name or any("camera" in each.note for each in self.labels)
        return 6.0 if coarse else 2.0

    @property
    def csv(self) -> bool:
        """Whether it is one of the files with a row per packet."""
        return self.path.suffix == ".csv"

    @cached_property
    def _read(self) -> tuple[list[Window], int, int]:
        return packets_of_csv(self.path) if self.csv else windows_of(self.path)

    @property
    def windows(self) -> list[Window]:
        """Uploads, in order."""
        return self._read[0]

    @property
    def begin_ms(self) -> int:
        """The first packet's time."""
        return self._read[1]

    @property
    def end_ms(self) -> int:
        """The last packet's time."""
        return self._read[2]

    @cached_property
    def bursts(self) -> list[Burst]:
        """What the rules find."""
        return segmented(self.windows)

    def seconds(self, at_ms: float) -> float:
        """A time as seconds after the first packet."""
        return (at_ms - self.begin_ms) / 1000


def samples(folder: Path) -> list[Sample]:
    """The captures of the folder, in the order of its manifest."""
    labels: dict[str, list[Label]] = defaultdict(list)
    with (folder / "labels.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            start, end = (float(row[key]) if row[key] else None for key in ("start_s", "end_s"))
            labels[row["file"]].append(Label(start, end, row["label"], row.get("note") or ""))
    with (folder / "manifest.tsv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file, delimiter="\t")]
    wanted = (".pcap", ".pcapng", ".pcap.gz", ".csv")
    return [
        Sample(name, folder / name, labels[name])
        for name in names
        if name.endswith(wanted) and not name.startswith(("behaviot/", "ndpi/")) and name != "ssp/threshold_max.csv"
    ]


def windows_of(path: Path) -> tuple[list[Window], int, int]:
    """The windows of a capture, and the Unix milliseconds of its first and last packet."""
    meter, found = Meter(EndpointNames()), []
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        for block in PcapReader(stream).blocks():  # type: ignore[arg-type]
            meter.feed(block)
            found += meter.take()[0]
    meter.finish()
    found += meter.take()[0]
    return found, meter.first_ms, meter.last_ms


def packets_of_csv(path: Path) -> tuple[list[Window], int, int]:
    """The same of a file with a row per packet."""
    rows = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            source, target, proto, length = (int(float(row[key] or 0)) for key in ("sport", "dport", "proto", "ip_len"))
            out = source > 1023 and target > 0 and (target < 1024 or target in SERVICES)
            size = length - (40 if proto == 6 else 28)
            if out and proto in (6, 17) and size > 0:
                rows.append((float(row["ts"]) * 1000, row["ip_dst_int"], size, source))
    rows.sort()
    times = [row[0] for row in rows] or [0.0]
    return cut(rows), int(times[0]), int(times[-1])


def cut(packets: Iterable[tuple[float, str, int, int]], device: str = "device") -> list[Window]:
    """Uploads (Unix milliseconds, endpoint, bytes, port) as windows."""
    held: dict[tuple[int, str, int], list[float]] = {}
    for at_ms, remote, size, port in packets:
        key = (int(at_ms // WINDOW_MS) * WINDOW_MS, remote, port)
        row = held.setdefault(key, [0.0, at_ms, at_ms])
        row[0] += size
        row[1], row[2] = min(row[1], at_ms), max(row[2], at_ms)
    return [
        Window(device, remote, at, int(up), 0, first, last, port)
        for (at, remote, port), (up, first, last) in sorted(held.items())
    ]


def merged(windows: Iterable[Window]) -> list[Window]:
    """Windows of the same time, device, endpoint and port made one."""
    held: dict[tuple[int, str, str, int], Window] = {}
    for one in windows:
        key = (one.start_ms, one.device, one.remote, one.port)
        was = held.get(key)
        if was is not None:
            first, last = min(was.first_ms, one.first_ms), max(was.last_ms, one.last_ms)
            one = one._replace(up=was.up + one.up, down=was.down + one.down, first_ms=first, last_ms=last)
        held[key] = one
    return [held[key] for key in sorted(held)]


def segmented(windows: Sequence[Window], rules: Rules = DEFAULT) -> list[Burst]:
    """The final state of every burst, in order of time."""
    segmenter = Segmenter(dict.fromkeys({window.device for window in windows}, rules))
    return sorted(_last(segmenter, windows).values(), key=lambda each: each.start_ms)


def _last(segmenter: Segmenter, windows: Iterable[Window]) -> dict[tuple[str, str, int], Burst]:
    held = {}
    for burst in _decided(segmenter, windows):
        held[burst.device, burst.remote, burst.start_ms] = burst
    return held


def _decided(segmenter: Segmenter, windows: Iterable[Window]) -> Iterator[Burst]:
    for window in windows:
        yield from segmenter.feed(window)
    yield from segmenter.flush()
