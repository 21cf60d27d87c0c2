"""Counting the history: by wake word, room, what is kept, and what people said of the texts. Needs no key."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from echoctl import paths
from echoctl.store import recordings
from echoctl.store.database import db


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts over the whole history; none needs a key."""

    recordings: int
    duration_ms: int
    size: int
    first_ms: int | None
    last_ms: int | None
    by_wake_word: Mapping[str, int]
    by_room: Mapping[str, int]
    by_mode: Mapping[str, int]
    by_feedback: Mapping[str, int]
    detections: int
    detections_alone: int
    """Detections that no recording followed."""


def stats() -> Stats | None:
    """Count; None when nothing was ever stored."""
    if not db.exists(paths.database()):
        return None
    with db.session(paths.database()) as connection:
        groups = recordings.groups(connection)
        detections, alone = recordings.count_detections(connection)
    return Stats(
        recordings=sum(group.number for group in groups),
        duration_ms=sum(group.duration_ms for group in groups),
        size=sum(group.size for group in groups),
        first_ms=min((group.first_ms for group in groups), default=None),
        last_ms=max((group.last_ms for group in groups), default=None),
        by_wake_word=_counted((group.wake_word, group.number) for group in groups),
        by_room=_counted((group.room, group.number) for group in groups),
        by_mode=_counted((group.mode, group.number) for group in groups),
        by_feedback=_counted((group.feedback, group.number) for group in groups if group.feedback),
        detections=detections,
        detections_alone=alone,
    )


def _counted(groups: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Recordings per value, from (value, recordings), the most frequent first."""
    counter: Counter[str] = Counter()
    for value, number in groups:
        counter[value] += number
    return dict(counter.most_common())
