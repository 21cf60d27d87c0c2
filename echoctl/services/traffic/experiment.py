"""The experiment: silence, then requests, then requests to a muted speaker; a verdict for each, and thresholds learnt.

The person follows instructions, the listener (or the person's Enter) marks the wakes, and the packets are watched.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from echoctl.clock import SystemClock
from echoctl.errors import NotFound, UsageError
from echoctl.model.traffic import BurstClass, Device, Verdict, Wake
from echoctl.services.traffic import importer, verdicts
from echoctl.services.traffic.devices import opened
from echoctl.services.traffic.importer import Fresh
from echoctl.services.traffic.live import LiveWatch, Where
from echoctl.services.traffic.report import TrafficReport, report
from echoctl.store import traffic
from echoctl.store.database import db
from echoctl.traffic import join, thresholds

IDLE, ASKED, MUTED = "idle", "asked", "muted"
PHASES = (IDLE, ASKED, MUTED)

CALM_MS = 10_000
"""On a replay the silence ends this long before the first request."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the experiment. `asked`: when the person asked; None where only the listener can tell."""

    name: str
    begin_ms: int
    end_ms: int
    asked: tuple[Wake, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a phase showed."""

    phase: Phase
    report: TrafficReport

    @property
    def verdict(self) -> Verdict:
        """The verdict that the phase's report rests on."""
        return self.report.verdict


@dataclass(frozen=True, slots=True)
class Result:
    """What the experiment showed, and the thresholds that it found for this device."""

    device: Device
    outcomes: tuple[Outcome, ...]
    learnt: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Course:
    """How long the silence lasts, and how many requests are made."""

    silence_s: float = 300.0
    requests: int = 5
    muted_requests: int = 3
    pause_s: float = 20.0
    """After each request."""


class Guide(Protocol):
    """Tells the person what to do, and waits for it."""

    def silence(self, seconds: float) -> None:
        """Ask for silence, and let the time pass."""

    def request(self, number: int, of: int, seconds: float, *, muted: bool) -> int | None:
        """Have the person ask, and let the time pass; returns when they did (Unix ms), None when that is not known."""

    def mute(self) -> None:
        """Have the person mute the speaker, and wait until it is done."""

    def notice(self, text: str) -> None:
        """Something happened to the capture."""


def run(where: Where, device: str | None, course: Course, guide: Guide) -> Result:
    """Watch and guide. Raises DeviceError when nothing can be captured, and what `conclude` raises."""
    watch = _Watch(where, guide)
    watch.begin()
    try:
        phases = _guided(course, guide, watch)
    finally:
        watch.end()
    return conclude(device, phases)


def replay(path: str, device: str | None, wakes: Path | None, spans: Mapping[str, tuple[float, float]]) -> Result:
    """The same from a capture that was made earlier. It is imported; twice counts once.

    `spans`: phase -> seconds from the capture's beginning. Without them all before the first request is silence, and
    the rest is asked. Raises NotFound, UsageError, DeviceError, StoreError.
    """
    now_ms = SystemClock().now_ms()
    capture = importer.import_file(path, now_ms).capture
    called = tuple(verdicts.wakes_of(wakes, now_ms)) if wakes else None
    if spans:
        start = capture.start_ms
        phases = [
            Phase(name, start + round(spans[name][0] * 1000), start + round(spans[name][1] * 1000), called)
            for name in PHASES
            if name in spans
        ]
    else:
        first = _first_request(device, capture.start_ms, capture.end_ms)
        parts = ((IDLE, capture.start_ms, first), (ASKED, first, capture.end_ms))
        phases = [Phase(name, begin, end, called) for name, begin, end in parts if end > begin]
    return conclude(device, phases, foreign=called is not None)


def conclude(device: str | None, phases: Sequence[Phase], *, foreign: bool = False) -> Result:
    """Judge each phase by what the store holds, and learn the thresholds from the requests that were answered.

    `foreign`: when the person asked was timed by another machine. Raises NotFound, UsageError, StoreError.
    """
    with opened() as connection:
        one = _only(connection, device)
        outcomes = [_judged(connection, one, phase, foreign=foreign) for phase in phases]
        asked = [each.verdict for each in outcomes if each.phase.name == ASKED]
        sure = [up.bytes_up for given in asked for up in given.explained if up.grade is BurstClass.VOICE]
        learnt = thresholds.learn(sure)
        if learnt:
            one = replace(one, thresholds={**one.thresholds, **learnt})
            with db.immediate(connection):
                traffic.name_device(connection, one)
    return Result(one, tuple(outcomes), learnt)


def _judged(connection: db.Connection, device: Device, phase: Phase, *, foreign: bool) -> Outcome:
    """While it is muted nothing explains an upload, whoever calls."""
    wakes = () if phase.name == MUTED else phase.asked
    found = verdicts.scene(connection, device, phase.begin_ms, phase.end_ms, wakes, foreign=foreign)
    return Outcome(phase, report(found))


def _only(connection: db.Connection, device: str | None) -> Device:
    devices = traffic.devices(connection)
    if not devices:
        raise NotFound("no packet of any device was seen", "the speaker's packets must pass that interface")
    found = verdicts.chosen(devices, device)
    if len(found) > 1:
        raise UsageError("an experiment is about one speaker", " or ".join(each.name or each.mac for each in found))
    return found[0]


def _first_request(device: str | None, begin_ms: int, end_ms: int) -> int:
    """When the silence at the beginning of a capture is over."""
    with opened() as connection:
        bursts = traffic.bursts(connection, _only(connection, device).mac, begin_ms, end_ms + 1)
    starts = [each.start_ms for each in join.uploads(bursts, BurstClass.VOICE)]
    return max(begin_ms, min(starts) - CALM_MS) if starts else end_ms


def _guided(course: Course, guide: Guide, watch: "_Watch") -> list[Phase]:
    now = SystemClock().now_ms
    phases, begin = [], now()
    guide.silence(course.silence_s)
    phases.append(Phase(IDLE, begin, now(), ()))
    for name, times in ((ASKED, course.requests), (MUTED, course.muted_requests)):
        if name == MUTED and times:
            guide.mute()
        begin, moments = now(), []
        for number in range(times):
            watch.check()
            moments.append(guide.request(number + 1, times, course.pause_s, muted=name == MUTED))
        marked = tuple(Wake(at_ms) for at_ms in moments if at_ms is not None)
        if times:
            phases.append(Phase(name, begin, now(), marked if marked else None))
    return phases


class _Watch:
    """Watches in a thread of its own while the person is guided."""

    def __init__(self, where: Where, guide: Guide) -> None:
        self._guide = guide
        self._ended = False
        self._begun = threading.Event()
        self._problem: Exception | None = None
        self._watcher = LiveWatch(where, self)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Returns once packets are being captured. Raises DeviceError when they cannot be."""
        self._thread.start()
        while not self._begun.wait(0.1) and self._thread.is_alive():
            pass
        self.check()

    def check(self) -> None:
        """Raise what ended the watching, if something has."""
        if self._problem:
            raise self._problem

    def end(self) -> None:
        """Stop watching; all is stored then."""
        self._ended = True
        self._thread.join()

    def notice(self, what: str, text: str) -> None:
        """Wake `begin` once packets come, and pass everything else on to the person."""
        if what == "begun":
            self._begun.set()
        else:
            self._guide.notice(text)

    def fresh(self, fresh: Fresh) -> None:
        """Nothing is shown: the phases are judged from the store at the end."""

    def wake(self, wake: Wake) -> None:
        """Ignored: the wake is read from the store at the end."""

    def beat(self, at_ms: int) -> bool:
        """Go on until `end` is called."""
        return not self._ended

    def _run(self) -> None:
        try:
            self._watcher.run()
        except Exception as error:  # noqa: BLE001 - whatever it is: check() raises it where the person is
            self._problem = error


def spans_of(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """idle=0-300 and so on, in seconds. Raises UsageError."""
    spans = {}
    for text in texts:
        name, _, span = text.partition("=")
        begin, _, end = span.partition("-")
        try:
            spans[name] = (float(begin), float(end))
        except ValueError:
            spans[name] = (0.0, 0.0)
        if name not in PHASES or not 0 <= spans[name][0] < spans[name][1] < 1e9:
            raise UsageError(f"'{text}' is no phase", "write idle=0-300, asked=300-420 or muted=420-540, in seconds")
    return spans


def check_file(path: str) -> None:
    """Raise NotFound when there is no such capture, before anything else is said."""
    if path != "-" and not Path(path).exists():
        raise NotFound(f"there is no {path}")
