"""A store in which a speaker was watched, made of synthetic uploads: what an import would have left behind."""

from collections.abc import Iterable, Sequence

from echoctl import paths
from echoctl.model.traffic import Capture, Device, Endpoint, Naming
from echoctl.store import recordings, traffic
from echoctl.store.database import db
from tests.traffic.inputs.synthetic import BEGIN_MS, METRICS, SPEAKER, VOICE, Packet, segmented, windows

NAMES = {VOICE: "avs-alexa-4-na.amazon.com", METRICS: "device-metrics-us.amazon.com"}


def watched(
    uploads: Iterable[Packet],
    *,
    length: float = 120,
    wakes: Sequence[float] = (),
    clock_ms: int | None = 0,
    remote: str = VOICE,
    device: Device | None = None,
    gaps: tuple[tuple[int, int], ...] = (),
) -> None:
    """Store a capture of `length` seconds, and when the listener heard "alexa"."""
    device = device or Device(SPEAKER, "kitchen", speaker=True)
    end = BEGIN_MS + round(length * 1000)
    some = windows(sorted(uploads), remote, device.mac)
    with db.session(paths.database(), create=True) as connection:
        traffic.see_device(connection, device.mac, "Amazon", BEGIN_MS, end)
        traffic.name_device(connection, device)
        endpoint = Endpoint(remote, NAMES[remote], Naming.DNS)
        number = traffic.see_endpoint(connection, device.mac, endpoint, BEGIN_MS, end)
        capture = traffic.begin_capture(connection, "lab.pcap", BEGIN_MS)
        traffic.update_capture(connection, Capture(capture, "lab.pcap", BEGIN_MS, end, 1, gaps, clock_ms))
        seconds: dict[int, int] = {}
        for window in some:
            at_s = window.start_ms // 1000
            seconds[at_s] = seconds.get(at_s, 0) + window.up
        traffic.add_seconds(connection, [(at_s, number, up, up // 10, 3) for at_s, up in seconds.items()])
        for burst in segmented(some):
            traffic.add_burst(connection, burst, number, capture)
        for at in wakes:
            recordings.insert_detection(connection, BEGIN_MS + round(at * 1000), "alexa", {}, "")
