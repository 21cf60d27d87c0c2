"""One ear with its neighbours replaced, so that every sample and every order of events can be counted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from echoctl.audio.ring import Ring
from echoctl.audio.source import SourceHealth
from echoctl.errors import StoreError
from echoctl.model.speech import (
    CHUNK_BYTES,
    CHUNK_SAMPLES,
    SAMPLE_RATE,
    Detection,
    NearMiss,
    Recording,
    StoreMode,
    Transcript,
)
from echoctl.services.listening.ear import Ear
from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.wiring import RING_S

LOUD = 1000


class Room:
    """A capture that gives prepared chunks, and does things at some of them."""

    name = "a room"
    is_open = False
    discontinuous = False
    muted = False
    was_open = False
    patience = 0

    def __init__(self, pcm: bytes, at: Mapping[int, Callable[[], None]]) -> None:
        self.while_muted: Callable[[], None] = lambda: None
        self.interrupted = 0
        self.chunks = [pcm[i : i + CHUNK_BYTES] for i in range(0, len(pcm), CHUNK_BYTES)]
        self.at = at
        self.given = 0
        self.on_event: Callable[[str, Mapping[str, Any]], None]

    def open(self) -> None:
        self.is_open = not self.muted
        self.was_open = self.was_open or self.is_open

    def close(self) -> None:
        self.is_open = False

    def mute(self) -> None:
        self.muted = True
        self.close()

    def unmute(self) -> None:
        self.muted = False
        self.open()

    def interrupt(self) -> None:
        self.interrupted += 1

    def read(self, timeout_s: float, *, patience: int = 1) -> bytes | None:
        self.patience = patience
        if self.muted:
            self.while_muted()
            return None
        action = self.at.get(self.given)
        self.given += 1
        if action:
            action()
        return self.chunks[self.given - 1] if self.given <= len(self.chunks) else b""

    def health(self) -> SourceHealth:
        return SourceHealth()


class Spotter:
    """Decides at given seconds of the stream; the word took half a second and ended 0.1 s before."""

    description: Mapping[str, str] = {"alexa": "a fake"}
    notes: Sequence[str] = ()
    closest = (0.0, 0.5)
    patience = 6

    def __init__(self, when: Sequence[float], misses: Sequence[float] = ()) -> None:
        self.when = {round(t * SAMPLE_RATE / CHUNK_SAMPLES) for t in when}
        self.misses = {round(t * SAMPLE_RATE / CHUNK_SAMPLES) for t in misses}
        self.fed: list[float] = []
        self.loud: list[bool] = []
        self.resets = 0

    def feed(self, chunk: bytes, t: float) -> Detection | NearMiss | None:
        self.fed.append(t)
        self.loud = [*self.loud[-5:], max(np.frombuffer(chunk, np.int16)) >= LOUD]
        number = round(t * SAMPLE_RATE / CHUNK_SAMPLES)
        if number in self.misses:
            return NearMiss("alexa", t, {"spotter": 0.2})
        return Detection("alexa", t, t - 0.6, t - 0.1, {"spotter": 0.9}) if number in self.when else None

    @property
    def is_quiet(self) -> bool:
        return not any(self.loud)

    def reset(self) -> None:
        self.resets += 1


class Typist:
    def __init__(self) -> None:
        self.fed = b""

    def begin(self) -> None:
        self.fed = b""

    def feed(self, pcm: bytes) -> str | None:
        self.fed += pcm
        return None

    def settle(self) -> None:
        pass

    def finish(self) -> Transcript:
        return Transcript("so be it")


class Loudness:
    frame_ms = 32.0

    def __init__(self) -> None:
        self.rest = b""

    def reset(self) -> None:
        self.rest = b""

    def feed(self, pcm: bytes) -> list[bool]:
        data = self.rest + pcm
        whole = len(data) // 1024 * 1024
        self.rest = data[whole:]
        return [np.abs(np.frombuffer(data[i : i + 1024], np.int16)).max() >= LOUD for i in range(0, whole, 1024)]


class Vault:
    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.full = False

    def detected(self, detection: Detection, at_ms: int) -> int:
        if self.full:
            raise StoreError("the disk is full", "free some space")
        return 7

    def near_miss(self, word: str, at_ms: int) -> None:
        self.kept.append({"near_miss": word})

    def commit(self, **fields: Any) -> Recording:
        if self.full:
            raise StoreError("the disk is full", "free some space")
        self.kept.append(fields)
        return Recording("X" * 26, fields["at_ms"], 1, fields["wake_word"], "", StoreMode.BOTH, 1)


class Presence:
    def __init__(self, calls: bool) -> None:
        self.muted = False
        self.muted_by = ""
        self.news = False
        self.calls = calls
        self.handler: Callable[[], None] = lambda: None
        self.press_later = False
        self.counted: list[str] = []
        self.written: dict[str, object] = {}

    def when_touched(self, handler: Callable[[], None]) -> bool:
        self.handler = handler
        return self.calls

    def changed(self) -> bool:
        if self.press_later:
            self.press_later = False
            self.press(True)
        news, self.news = self.news, False
        return news

    def press(self, muted: bool) -> None:
        self.muted, self.muted_by, self.news = muted, "a test", True

    def set(self, **changes: object) -> None:
        self.written.update(changes)

    def show(self, **changes: object) -> None:
        self.set(**changes)

    def count(self, name: str) -> None:
        self.counted.append(name)

    def health(self, **values: int) -> None:
        pass


class Lines:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.sent.append({"type": kind, **fields})

    def kinds(self) -> list[str]:
        return [line.get("state", line["type"]) for line in self.sent]


class Stage:
    """One ear with everything around it in view."""

    def __init__(self, pcm: bytes, spotter: Spotter, *, calls: bool = False, look_s: float = 0.0, **spec: Any) -> None:
        self.spotter = spotter
        self.typist = Typist()
        self.vault = Vault()
        self.presence = Presence(calls)
        self.pipe = Lines()
        self.room = Room(pcm, {})
        self.ring = Ring(RING_S)
        self.ear = Ear(
            spec=EarSpec(**spec),
            pipe=self.pipe, presence=self.presence, capture=self.room, ring=self.ring, detector=spotter,
            transcriber=self.typist, voice=Loudness(), recorder=self.vault, log=Log(), look_s=look_s, poll_s=0.0,
        )  # type: ignore[arg-type]  # fmt: skip

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        self.room.at = {**self.room.at, round(seconds * SAMPLE_RATE / CHUNK_SAMPLES): action}


class Log:
    def add(self, kind: str, data: Mapping[str, object]) -> None:
        pass


def sound(*parts: tuple[float, int]) -> bytes:
    """Seconds and loudness; every sample differs from its neighbours, so that one that is lost shows."""
    total = sum(round(seconds * SAMPLE_RATE) for seconds, _ in parts)
    loudness = np.concatenate([np.full(round(seconds * SAMPLE_RATE), level) for seconds, level in parts])
    return bytes((loudness + np.arange(total) % 251).astype(np.int16).tobytes())
