"""One ear with its neighbours replaced, so that every sample and every order of events can be counted."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from echoctl.audio import codec
from echoctl.audio.ring import Ring
from echoctl.clock import SystemClock
from echoctl.model.speech import (
    CHUNK_BYTES,
    CHUNK_SAMPLES,
    SAMPLE_RATE,
    Detection,
    NearMiss,
    Transcript,
)
from echoctl.services.ear.ear import Ear
from echoctl.services.ear.wiring import RING_S
from echoctl.services.history.sealer import Recipient, SealedRecord, Sealer
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.records import recipient_fields
from echoctl.vault import keys
from echoctl.vault.primitives import random_secret

LOUD = 1000
CHUNK_S = CHUNK_SAMPLES / SAMPLE_RATE
END = {"type": "end"}


def somebody() -> Recipient:
    """To whom something can be sealed."""
    vault, _ = keys.new_vault(0, random_secret())
    return Recipient(vault.uid, vault.gen, vault.public)


def to(recipient: Recipient | None, serial: int = 1) -> dict[str, Any]:
    """As the front says it."""
    return {"serial": serial, "recipient": recipient_fields(recipient)}


class Moments(SystemClock):
    """A clock that goes on with the sound."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


class Given:
    """An inlet that gives prepared frames, orders before them, and does things at some of them."""

    def __init__(self, pcm: bytes, clock: Moments) -> None:
        self.frames: deque[bytes | dict[str, Any]] = deque(
            pcm[i : i + CHUNK_BYTES] for i in range(0, len(pcm), CHUNK_BYTES)
        )
        self.frames.append(END)
        self.orders: deque[dict[str, Any]] = deque()
        self.actions: dict[int, Callable[[], None]] = {}
        self.waits: list[float] = []
        self.drained = self._given = 0
        self._clock = clock

    def next(self, timeout_s: float) -> tuple[bytes | dict[str, Any] | None, dict[str, Any] | None]:
        if self.orders:
            return None, self.orders.popleft()
        if action := self.actions.pop(self._given, None):
            action()
            return None, None
        frame = self.frames.popleft()
        if isinstance(frame, bytes):
            self._given += 1
            self._clock.now_s += CHUNK_S
        return frame, None

    def order(self, *kinds: str, timeout_s: float) -> dict[str, Any] | None:
        for order in self.orders:
            if order["type"] in kinds:
                self.orders.remove(order)
                return order
        self.waits.append(timeout_s)
        return None

    def drain(self) -> None:
        self.drained += 1


class Spotter:
    """Decides at given seconds of the stream; the word took half a second and ended 0.1 s before."""

    description: Mapping[str, str] = {"alexa": "a fake"}
    notes: Sequence[str] = ()
    closest = (0.0, 0.5)

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
        self.begun = 0

    def begin(self) -> None:
        self.fed = b""
        self.begun += 1

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


class OpenSealer(Sealer):
    """Seals, and remembers of what."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.sounds: list[bytes] = []
        self.left = 0

    def seal(self, uid: str, at_ms: int, text: bytes, audio: bytes, correction: bytes = b"") -> SealedRecord:
        self.sounds.append(codec.decode_flac(audio) if audio else b"")
        return super().seal(uid, at_ms, text, audio, correction)

    def leave(self) -> None:
        self.left += 1
        super().leave()


Answer = Callable[[Mapping[str, Any]], Sequence[dict[str, Any]]]


def stored(request: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """What a front says that has room."""
    return [{"type": "stored", "number": request["number"]}]


class Lines:
    """The pipe to a front that answers each request as it is told to."""

    def __init__(self, inlet: Given) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answers: list[Answer] = []
        """To the next requests; after them `stored`."""
        self._inlet = inlet

    def send(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, **fields}
        self.sent.append(event)
        if kind == "request":
            answer = self.answers.pop(0) if self.answers else stored
            self._inlet.orders += answer(event)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.sent if event["type"] == kind]

    def kinds(self) -> list[str]:
        return [event.get("phase", event["type"]) for event in self.sent]


class Stage:
    """One ear with everything around it in view."""

    def __init__(self, pcm: bytes, spotter: Spotter, **spec: Any) -> None:
        self.spotter = spotter
        self.typist = Typist()
        self.sealer = OpenSealer()
        self.clock = Moments()
        self.inlet = Given(pcm, self.clock)
        self.pipe = Lines(self.inlet)
        self.ring = Ring(RING_S)
        self.recipient = somebody()
        self.ear = Ear(
            spec=EarSpec(**spec),
            pipe=self.pipe, inlet=self.inlet, ring=self.ring, detector=spotter, transcriber=self.typist,
            voice=Loudness(), sealer=self.sealer, address=to(self.recipient), sandbox={"holds": "full", "why": ""},
            clock=self.clock,
        )  # type: ignore[arg-type]  # fmt: skip

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self.pipe.of("request")

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after so much sound."""
        self.inlet.actions[round(seconds / CHUNK_S)] = action

    def order(self, kind: str, **fields: Any) -> None:
        """The front says something."""
        self.inlet.orders.append({"type": kind, **fields})

    def say(self, kind: str, **fields: Any) -> None:
        """The microphone says something, after the sound that was given."""
        self.inlet.frames.appendleft({"type": kind, **fields})


def sound(*parts: tuple[float, int]) -> bytes:
    """Seconds and loudness; every sample differs from its neighbours, so that one that is lost shows."""
    total = sum(round(seconds * SAMPLE_RATE) for seconds, _ in parts)
    loudness = np.concatenate([np.full(round(seconds * SAMPLE_RATE), level) for seconds, level in parts])
    return bytes((loudness + np.arange(total) % 251).astype(np.int16).tobytes())
