import json
import os

from echoctl.services.ear.level_events import LevelEvents
from echoctl.services.protocol.events import Pipe


class Detector:
    def __init__(self) -> None:
        self.is_quiet = True
        self.closest = (0.31234, 0.5)


def test_silence_is_told_once() -> None:
    read, write = os.pipe()
    detector, meter = Detector(), LevelEvents(Pipe(write))
    loud = b"\x00\x20\x00\xe0" * 640
    meter.waiting(loud, detector)
    detector.is_quiet = False
    meter.waiting(loud, detector)
    detector.is_quiet = True
    for _ in range(3):
        meter.waiting(loud, detector)
    meter.recording(loud)
    os.close(write)
    with os.fdopen(read) as lines:
        told = [json.loads(line) for line in lines]
    assert [bool(event["level"]) for event in told] == [True, False, True]
    assert told[0]["score"] == 0.312
    assert told[0]["threshold"] == 0.5
