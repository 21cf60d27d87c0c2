"""From bursts, seconds and wakes of one device to a verdict, with its evidence and its limits. Pure arithmetic."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from echoctl.model.traffic import (
    Burst,
    BurstClass,
    ClockBasis,
    ClockFit,
    Device,
    Obstacle,
    Second,
    Stretch,
    Upload,
    Verdict,
    VerdictWord,
    Wake,
)
from echoctl.traffic import explain, join, statistics

SHORT_MS = 25_000
"""Less is too short for any verdict."""

FALSE_PER_HOUR = 1 / 24
"""How often a possible upload is a false alarm, at most: docs/traffic-method.md."""

_SURE = 0.05
"""Possible uploads count once the chance that false alarms alone are as many is below this."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one device over a stretch of time."""

    device: Device
    since_ms: int
    until_ms: int
    watched: Sequence[tuple[int, int]]
    """Unix milliseconds from and to, apart from each other and in order."""
    bursts: Sequence[Burst]
    """Those that are, or may be, speech."""
    uploaded: int
    """Bytes of all bursts, speech or not."""
    seconds: Sequence[Second]
    wakes: Sequence[Wake]
    """In the capture's time: join.align."""
    clock: ClockFit
    tunnels: frozenset[str] = frozenset()
    """Endpoints with which only sealed packets of a tunnel were exchanged."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Address -> name."""


def judge(case: Case) -> Verdict:
    """The verdict on a case, with what it rests on; why there is no telling is its `obstacle`, not an error."""
    watched = statistics.Watched(case.watched)
    uploads = explain.speech(case.bursts)
    near = [wake for wake in case.wakes if watched.place(wake.at_ms) is not None]
    joined = join.join(uploads, near)
    unexplained, doubtful = _counted(joined.unexplained, watched.ms)
    streams = _streams(case)
    up = watched.series((second.at_s, second.up) for second in case.seconds)
    # Bursts are kept for ever and hold all that goes up; seconds are forgotten.
    kept = sum(up.values())
    background = max(0, max(case.uploaded, kept) - sum(each.bytes_up for each in joined.explained))
    hours = max(watched.ms, 1000) / 3_600_000
    places = [place for wake in near if (place := watched.place(wake.at_ms)) is not None]
    obstacle = _obstacle(
        case, watched, up, doubted=bool(unexplained) or any(each.grade is BurstClass.VOICE for each in uploads)
    )
    return Verdict(
        device=case.device.mac,
        name=case.device.name or case.device.mac,
        word=_word(obstacle, streams, unexplained, joined.explained),
        obstacle=obstacle,
        since_ms=case.since_ms,
        until_ms=case.until_ms,
        watched_ms=watched.ms,
        explained=joined.explained,
        unexplained=unexplained,
        doubtful=doubtful,
        silent=joined.silent,
        streams=streams,
        clock=case.clock,
        p_value=statistics.permutation_p(up, watched.seconds, places) if kept >= case.uploaded / 2 else None,
        most_per_hour=statistics.poisson_upper(len(unexplained), hours) if watched.ms else None,
        background=background,
        hidden=statistics.hidden_speech(background, hours) if watched.ms else {},
        at_ms=case.until_ms,
    )


def _counted(unexplained: Sequence[Upload], watched_ms: int) -> tuple[tuple[Upload, ...], tuple[Upload, ...]]:
    """Which of the unexplained uploads the verdict counts, and which it only mentions."""
    sure = tuple(each for each in unexplained if each.grade is BurstClass.VOICE)
    maybe = tuple(each for each in unexplained if each.grade is not BurstClass.VOICE)
    expected = FALSE_PER_HOUR * watched_ms / 3_600_000
    if maybe and 1 - statistics.at_most(len(maybe) - 1, expected) < _SURE:
        return tuple(sorted(unexplained, key=lambda each: each.start_ms)), ()
    return sure, maybe


def _streams(case: Case) -> tuple[Stretch, ...]:
    rows: dict[str, list[Second]] = defaultdict(list)
    for second in case.seconds:
        rows[second.remote].append(second)
    found = [
        Stretch(remote, case.names.get(remote, ""), first * 1000, end * 1000, size)
        for remote, some in rows.items()
        for first, end, size in statistics.streams(some)
    ]
    return tuple(sorted(found, key=lambda each: each.start_ms))


def _obstacle(case: Case, watched: statistics.Watched, up: Mapping[int, int], *, doubted: bool) -> Obstacle | None:
    """Why there is no telling, the plainest reason first. The clock matters where an upload is to be explained."""
    if not watched.ms:
        return Obstacle.UNWATCHED
    if watched.ms < SHORT_MS:
        return Obstacle.SHORT
    through = sum(second.up + second.down for second in case.seconds if second.remote in case.tunnels)
    if through > sum(second.up + second.down for second in case.seconds) / 2:
        return Obstacle.TUNNELLED
    if statistics.padded(up, watched.seconds):
        return Obstacle.PADDED
    return Obstacle.CLOCK if doubted and case.clock.basis is ClockBasis.UNKNOWN else None


def _word(
    obstacle: Obstacle | None,
    streams: Sequence[Stretch],
    unexplained: Sequence[Upload],
    explained: Sequence[Upload],
) -> VerdictWord:
    if obstacle:
        return VerdictWord.CANNOT_TELL
    if streams:
        return VerdictWord.STREAMING
    if unexplained:
        return VerdictWord.UNEXPLAINED
    return VerdictWord.CALLED if explained else VerdictWord.QUIET
