"""An evening at home for pictures: a history, a speaker that was watched, and a request that is being said."""

import contextlib
import math
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.model.speech import Detection, Feedback, StoreMode, Transcript, Word
from echoctl.model.traffic import Burst, BurstClass, Capture, Device, Endpoint, Naming
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.store import traffic
from echoctl.store.database import db
from tests.heard import nobody
from tests.tui.stage import IDLE, LISTENING, PARTIAL, READY, Scene, stage

NOW_S = 1_795_031_200.0
"""When it is, whatever the clock of the machine says: an evening in November 2026, UTC."""

SPEAKER = "00:00:5e:00:53:01"
"""A MAC address for documentation (RFC 7042)."""

HOSTS = {"192.0.2.10": "voice.example.com", "192.0.2.20": "metrics.example.net", "192.0.2.30": "time.example.org"}
"""Addresses for documentation (RFC 5737)."""

SAID = (
    (3460, "kitchen", "alexa", "what time is it", 2570),
    (3120, "kitchen", "alexa", "turn on the kitchen light", 3180),
    (2700, "living", "computer", "play some jazz in the living room", 3640),
    (2290, "kitchen", "alexa", "set a timer for twelve minutes", 3020),
    (1810, "kitchen", "", "add oat milk and cinnamon to the shopping list", 4410),
    (1340, "living", "computer", "a little louder", 1890),
    (910, "kitchen", "alexa", "is the garage door closed", 2710),
    (520, "kitchen", "alexa", "how is the weather tomorrow", 2960),
    (180, "living", "computer", "turn everything off but the hallway", 3370),
)
"""Seconds ago, room, wake word, text, length in ms."""


def furnish() -> None:
    """Put the evening into the store of the test."""
    unlocking.ensure()
    now_ms = round(NOW_S * 1000)
    for ago, room, word, text, length in SAID:
        recorder = Recorder(mode=StoreMode.TRANSCRIPT, room=room, wall=SystemClock())
        at_ms = now_ms - ago * 1000
        detection = None
        if word == "alexa":
            detection = recorder.detected(Detection(word, 1.0, 0.5, 0.9, {"spotter": 0.97}), at_ms)
        words = tuple(
            Word(one, 0.6 + n / 3, 0.9 + n / 3, 0.55 + 0.44 * math.sin(n + 1) ** 2)
            for n, one in enumerate(text.split())
        )
        made = recorder.commit(
            pcm=bytes(length * 32),
            transcript=Transcript(text, words),
            at_ms=at_ms,
            detection=detection,
            wake_word=word,
            scores={"spotter": 0.97, "grammar": 1.0} if word else {},
        )
        recorder.close()
        if text.startswith("is the garage"):
            with reader.opened(nobody, needs_key=False) as opened:
                assert opened
                opened.feedback(made.id, Feedback.RIGHT, None)
    _watch(now_ms)


def _watch(now_ms: int) -> None:
    begin = now_ms - 3_590_000
    with db.session(paths.database()) as connection, db.immediate(connection):
        traffic.see_device(connection, SPEAKER, "Example", begin, now_ms - 1000)
        traffic.name_device(connection, Device(SPEAKER, "kitchen", "Example", True))
        capture = traffic.begin_capture(connection, "eth0", begin, begin)
        traffic.update_capture(connection, Capture(capture, "eth0", begin, now_ms - 1000, 90_000, clock_offset_ms=0))
        ends = {
            address: traffic.see_endpoint(connection, SPEAKER, Endpoint(address, name, Naming.DNS), begin, now_ms)
            for address, name in HOSTS.items()
        }
        voice, metrics, clock = ends.values()
        seconds = [(at, metrics, 90 + at % 7 * 30, 60, 2) for at in range(begin // 1000, now_ms // 1000, 15)]
        seconds += [(at, clock, 48, 48, 1) for at in range(begin // 1000, now_ms // 1000, 64)]
        called = [now_ms - ago * 1000 + 900 for ago, _, word, _, _ in SAID if word == "alexa"]
        for number, start in enumerate([*called, now_ms - 1_560_000]):
            size = 41_000 + number * 2700
            burst = Burst(0, SPEAKER, "", "", start, start + 3100, size, 15, 3100, BurstClass.VOICE)
            traffic.add_burst(connection, burst, voice, capture)
            seconds += [(start // 1000 + n, voice, size // 4, 2500, 40) for n in range(4)]
        traffic.add_seconds(connection, seconds)


@pytest.fixture
def evening(store: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with the evening in it, at a time that stands still, in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    furnish()
    real = time.localtime
    monkeypatch.setattr(time, "localtime", lambda at=None: real(NOW_S if at is None else at))
    monkeypatch.setattr(time, "time_ns", lambda: round(NOW_S * 1e9))


@contextlib.asynccontextmanager
async def evening_stage(size: tuple[int, int]) -> AsyncIterator[Scene]:
    """The dashboard on that evening, while somebody speaks."""
    async with stage(size) as on:
        wake = {"type": "wake", "word": "alexa", "scores": {"spotter": 0.97}, "t": 1.0}
        on.hear(READY, IDLE, wake, LISTENING)
        for n in range(110):
            level = abs(math.sin(n / 4.1) * math.sin(n / 13 + 0.4)) ** 0.8 * 0.85
            on.hear({"type": "level", "level": level, "score": 0.43, "threshold": 0.5})
        on.hear({**PARTIAL, "text": "dim the lamp in the"})
        app = on.app
        await on.until(lambda: app.history.total == len(SAID) and app.history.selected is not None)
        await on.until(lambda: app.traffic.panorama is not None)
        # The store, which has been seen by now, knows of no ear.
        app.live.show(replace(app.live.now, mic="open", counters={"wakes": 6, "near_misses": 1, "recordings": 9}))
        app.live.frames.pause()
        await on.pilot.pause()
        yield on


def portable(svg: str) -> str:
    """A picture that looks the same everywhere: no fonts from the network, no spaces that a renderer may drop."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    lead = re.compile(r'(<text class="[^"]*" )x="([^"]*)"([^>]*?) textLength="([^"]*)"([^>]*>)((?:&#160;)+)')
    return lead.sub(_without_lead, svg)


def _without_lead(found: re.Match[str]) -> str:
    cells = len(found[6]) // len("&#160;")
    x, length = float(found[2]) + 12.2 * cells, float(found[4]) - 12.2 * cells
    return f'{found[1]}x="{x:g}"{found[3]} textLength="{max(length, 0):g}"{found[5]}'


def words(svg: str) -> list[str]:
    """What is written in a picture."""
    return re.findall(r">([^<>]+)</text>", svg)
