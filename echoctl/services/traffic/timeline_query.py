"""The traffic on one axis of time: what each speaker sent in each step, what was heard here, and the verdict on it."""

from collections.abc import Sequence

from echoctl import paths
from echoctl.model.traffic import Device, Second
from echoctl.services.traffic import verdicts
from echoctl.services.traffic.timeline import SPANS_MS, STEPS, Speaker, Timeline, TimelineRow
from echoctl.store import traffic
from echoctl.store.database import db

LIVE_MS = 300_000
"""Traffic younger than this is going on: the axis ends now."""

MOST_DEVICES = 4
MOST_ENDPOINTS = 8


def look(now_ms: int, span_ms: int | None = None) -> Timeline | None:
    """What was watched, up to now or to the end of it; None when nothing ever was.

    Without a span it is the shortest that holds everything, a day at most. Raises StoreError.
    """
    if not db.exists(paths.database()):
        return None
    with db.session(paths.database()) as connection:
        devices = traffic.devices(connection)
        shown = [device for device in devices if device.speaker] or devices
        if not shown:
            return None
        end = max(device.last_ms for device in shown) + 1000
        end = now_ms if now_ms - end < LIVE_MS else end
        begin = end - (span_ms or _span(end - min(device.first_ms for device in shown)))
        frame = Timeline(begin, end, ())
        return Timeline(begin, end, tuple(_speaker(connection, device, frame) for device in shown[:MOST_DEVICES]))


def _speaker(connection: db.Connection, device: Device, frame: Timeline) -> Speaker:
    scene = verdicts.scene(connection, device, frame.begin_ms, frame.end_ms)
    seconds = traffic.seconds(connection, device.mac, frame.begin_ms // 1000, frame.end_ms // 1000 + 1)
    by_remote: dict[str, list[Second]] = {}
    for second in seconds:
        by_remote.setdefault(second.remote, []).append(second)
    lanes = [_lane(scene.case.names.get(remote, ""), rows, frame) for remote, rows in by_remote.items()]
    lanes.sort(key=lambda lane: -lane.total)
    name = device.name or device.vendor or device.mac
    spoken = {(burst.remote, burst.start_ms) for burst in scene.case.bursts}
    return Speaker(
        device,
        scene.verdict,
        _lane(name, seconds, frame),
        tuple(lanes[:MOST_ENDPOINTS]),
        tuple(wake.at_ms for wake in scene.case.wakes),
        tuple(burst for burst in scene.bursts if (burst.remote, burst.start_ms) in spoken),
    )


def _lane(name: str, seconds: Sequence[Second], frame: Timeline) -> TimelineRow:
    up = [0] * STEPS
    for second in seconds:
        step = frame.step(second.at_s * 1000)
        if 0 <= step < STEPS:
            up[step] += second.up
    return TimelineRow(name, tuple(up))


def _span(wanted_ms: int) -> int:
    return next((span for span in SPANS_MS[:-1] if span >= wanted_ms), SPANS_MS[-2])
