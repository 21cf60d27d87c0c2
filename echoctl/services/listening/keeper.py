"""What the front makes of its ear's events: rows in the store, the light, and the events that everybody hears.

The ear has no store, so what it says is written here, and announced once it is on the disk.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from echoctl.clock import Clock, SystemClock, id_bytes, id_text
from echoctl.errors import StoreError
from echoctl.model.listener import SandboxLevel
from echoctl.model.speech import Detection, LedState, Recording, StoreMode, Transcript, Word, normal_word
from echoctl.sandbox import counters
from echoctl.services import events as durable
from echoctl.services import mute_file
from echoctl.services.history.recorder import Outdated, Recorder
from echoctl.services.history.sealer import MadeRecord, Recipient
from echoctl.services.listening.led import ListenerLight
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol import events
from echoctl.services.protocol.checks import Violation
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import Event, error_fields, recording_fields, transcript_fields
from echoctl.services.protocol.records import recipient_fields, record_of

PUSHED_S = 2.0
"""After so long the ear has begun a request that somebody pushed for, or forgotten it (services/ear/ear.py, PUSH_S)."""

LOOK_S = 1.0
"""How often the store is looked at when nobody called: a program may have written the state's row alone."""

_HEALTHY: Mapping[str, int] = {"overflows": 0, "dropped_ms": 0, "lag_ms": 0}

Order = Callable[..., None]
"""`order(kind, **fields)`: to the ear."""


class Keeper:
    """Writes for one listener. Use as a context manager; one thread."""

    def __init__(self, spec: EarSpec, presence: Presence, order: Order, clock: Clock | None = None) -> None:
        self._spec = spec
        self._presence = presence
        self._order = order
        self._clock = clock or SystemClock()
        self._recorder = Recorder(mode=StoreMode(spec.store), room=spec.room, wall=self._clock)
        self._log = durable.Log() if spec.keep else None
        self._light = ListenerLight(presence)
        self._addressed: Recipient | None = None
        self._serial = 0
        """Counts the changes of the one before: a request says which of them it was sealed under."""
        self._detection: int | None = None
        """The row of the wake word that began the present request."""
        self._ready: Event | None = None
        """The ear is ready; told once the microphone is, too."""
        self.ear_pid = self.mic_pid = 0
        self._mic_sandbox: Mapping[str, str] | None = None
        self._past = (0, 0)
        """Overflows and dropped ms of the microphone processes before this one, each of which counts from zero."""
        self._health = _HEALTHY
        self._pushed_until = 0.0
        self._device = ""
        self._lost_at: float | None = None

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *exc: object) -> None:
        self._recorder.close()
        if self._log is not None:
            self._log.close()

    def address(self) -> Mapping[str, Any]:
        """To whom the ear is to seal, as an order carries it: to nobody where nothing is kept."""
        self._addressed = self._recorder.recipient() if self._spec.keep else None
        self._serial += 1
        return {"serial": self._serial, "recipient": recipient_fields(self._addressed)}

    def take(self, event: Event) -> list[Event]:
        """Act on one event of the ear, of `checks.EVENTS`; returns what everybody hears of it.

        Raises StoreError where there is no next request that could be stored, and Violation.
        """
        told = getattr(self, f"_on_{event['type']}")(event)
        return [*(told or ()), *self._light.show()]

    def pushed(self) -> None:
        """Somebody began a request without a wake word: no sound is held back until it is over, or was forgotten."""
        self._pushed_until = time.monotonic() + PUSHED_S
        mute_file.hurry(self._presence.lock, True)

    def look(self) -> list[Event]:
        """Somebody muted or unmuted, or the microphone did as it was told, or a second has passed."""
        if self._light.phase is not LedState.LISTENING and time.monotonic() > self._pushed_until:
            mute_file.hurry(self._presence.lock, False)
        if self._presence.changed() and self._spec.keep:
            with self._storing([]):
                if self._recorder.recipient() != self._addressed:
                    self._order("address", to=self.address())
        return [*self._greeting(), *self._light.show()]

    def ear_died(self) -> list[Event]:
        """No light may say that somebody listens, and the request that was under way is over."""
        self._light.phase, self._light.lost, self._detection, self._ready = LedState.IDLE, True, None, None
        self._device = ""  # the next ear is ready when it hears one
        return self._light.show()

    def microphone_died(self, reason: str = "ended") -> list[Event]:
        """A microphone process is dead that was to be heard."""
        told = self._lost({"device": self._device, "reason": reason})
        return [*told, *self._light.show()]

    def _on_ready(self, event: Event) -> list[Event]:
        self._presence.set(ear_sandbox=event["sandbox"]["holds"], ear_pid=self.ear_pid)
        self._ready = event
        return self._greeting()

    def _greeting(self) -> list[Event]:
        """`ready`, once ear and microphone are, or the latter may not be."""
        event, spec = self._ready, self._spec
        muted = self._presence.muted and spec.input is None
        if event is None or not (self._device or muted):
            return []
        self._ready, self._light.started = None, True
        self._light.lost = self._lost_at is not None
        holds, why = event["sandbox"]["holds"], event["sandbox"]["why"]
        now = {"holds": holds, "sent_bytes": self._sent_bytes(holds), "why": why, "microphone": self._mic_sandbox}
        return [
            {
                "type": "ready",
                "words": event["words"],
                "spotters": event["spotters"],
                "notes": event["notes"],
                "device": self._device,
                "store": spec.store if spec.keep else "none",
                "room": spec.room,
                "sandbox": now,
                "seal": now,  # its old name, until version 2
            }
        ]

    def _sent_bytes(self, holds: str) -> int | None:
        return counters.sent_bytes(self.ear_pid) if holds == SandboxLevel.FULL else None

    def _on_phase(self, event: Event) -> None:
        self._light.phase = LedState(event["phase"])
        mute_file.hurry(self._presence.lock, self._light.phase is LedState.LISTENING)
        if self._light.phase is LedState.IDLE:
            self._detection = None

    def _on_wake(self, event: Event) -> list[Event]:
        told: list[Event] = []
        self._must_be_listened_for(event["word"])
        self._presence.count("wakes")
        self._detection = None
        if self._spec.keep:
            with self._storing(told):
                heard = Detection(event["word"], event["t"], event["t"], event["t"], event["scores"])
                self._detection = self._recorder.detected(heard, self._clock.now_ms())
        return [*told, event]

    def _on_near_miss(self, event: Event) -> list[Event]:
        told: list[Event] = []
        self._must_be_listened_for(event["word"])
        self._presence.count("near_misses")
        self._presence.show()
        if self._spec.keep:
            with self._storing(told):
                self._recorder.near_miss(event["word"], self._clock.now_ms())
        return [*told, event]

    def _must_be_listened_for(self, word: str) -> None:
        """Raise Violation for a word that this listener does not wait for: it would be stored in the clear."""
        if word not in map(normal_word, self._spec.words):
            raise Violation("a word that is not listened for")

    def _on_request(self, event: Event) -> list[Event]:
        """Store it, answer, and say so: what is announced is on the disk."""
        told: list[Event] = []
        recording: Recording | None = None
        answer: dict[str, Any] = {"number": event["number"]}
        try:
            with self._storing(told):
                recording = self._keep(event)
                self._light.unstored = False
        except Outdated:
            self._order(events.AGAIN, to=self.address(), **answer)
            return told
        except StoreError:
            self._order(events.FAILED, **answer)
            raise
        self._order(events.FAILED if told else events.STORED, **answer)
        self._detection = None
        if told:
            return told
        words = Transcript(event["text"], tuple(Word(**word) for word in event["words"]))
        heard = {"type": "transcript", "id": recording and recording.id, **transcript_fields(words)}
        if recording is None:
            return [heard]
        self._presence.count("recordings")
        return [heard, {"type": "recording", **recording_fields(recording)}]

    def _keep(self, event: Event) -> Recording | None:
        """Write the recording that a `request` carries, if it carries one. Raises Outdated, StoreError, Violation."""
        if event["word"]:
            self._must_be_listened_for(event["word"])
        if event["serial"] != self._serial:
            raise Outdated
        if self._addressed is None or event["id"] is None:
            return None
        made = _made(event, self._spec, self._addressed)
        try:
            return self._recorder.keep(made, self._detection)
        except ValueError:
            raise Violation("request: id") from None

    def _on_partial(self, event: Event) -> list[Event]:
        return [event]

    def _on_level(self, event: Event) -> list[Event]:
        return [{name: value for name, value in event.items() if value is not None}]

    def _on_error(self, event: Event) -> list[Event]:
        return [{name: event[name] for name in ("type", "code", "message", "hint")}]

    def _on_microphone(self, event: Event) -> list[Event]:
        said = event["said"]
        kind, fields = said["type"], {name: value for name, value in said.items() if name != "type"}
        match kind:
            case "sandbox":
                self._mic_sandbox = fields["sandbox"]
                self._presence.set(mic_sandbox=fields["sandbox"]["holds"], mic_pid=self.mic_pid)
            case "opened":
                return self._opened(fields["device"])
            case "health":
                self._health = fields
                self._presence.health(
                    overflows=self._past[0] + fields["overflows"],
                    dropped_ms=self._past[1] + fields["dropped_ms"],
                    lag_ms=fields["lag_ms"],
                )
            case "lost":
                return self._lost(fields)
            case "retrying" | "rate" | "silent" | "sound":
                if kind == "retrying" and self._lost_at is None:
                    return [
                        *self._lost({"device": fields["device"], "reason": "failed"}),
                        *self._device_event(kind, fields),
                    ]
                return self._device_event(kind, fields)
        return []

    def _opened(self, device: str) -> list[Event]:
        self._device = device
        self._past = self._past[0] + self._health["overflows"], self._past[1] + self._health["dropped_ms"]
        self._health = _HEALTHY
        self._presence.set(device=device)
        told: list[Event] = []
        if self._lost_at is not None:
            gone_ms = round((time.monotonic() - self._lost_at) * 1000)
            self._lost_at, self._light.lost = None, False
            told = self._device_event("back", {"device": device, "gone_ms": gone_ms})
        return [*told, *self._greeting()]

    def _lost(self, fields: Mapping[str, Any]) -> list[Event]:
        if self._lost_at is not None:
            return []
        self._lost_at, self._light.lost = time.monotonic(), True
        return self._device_event("lost", fields)

    def _device_event(self, what: str, fields: Mapping[str, Any]) -> list[Event]:
        told: list[Event] = [{"type": "device", "what": what, **fields}]
        if self._log is not None:
            with self._storing(told):
                self._log.add("device", {"what": what, **fields})
        return told

    @contextlib.contextmanager
    def _storing(self, told: list[Event]) -> Iterator[None]:
        """A microphone outlives a full disk: there may be room again at the next request. A file has no next one."""
        try:
            yield
        except StoreError as error:
            if self._spec.input is not None or self._spec.once:
                raise
            self._light.unstored = True
            told.append({"type": "error", **error_fields(error)})


def _made(event: Event, spec: EarSpec, recipient: Recipient) -> MadeRecord:
    """The recording that a `request` carries. Raises Violation for one that no ear makes of this spec."""
    made = MadeRecord(
        uid=event["id"],
        at_ms=event["at_ms"],
        duration_ms=event["duration_ms"],
        wake_word=event["word"],
        scores=event["scores"],
        mode=StoreMode(spec.store),
        recipient=recipient,
        sealed=record_of(event["record"]) if event["record"] else None,
    )
    if not made.whole or (made.sealed and bool(made.sealed.root) != (made.sealed.seq == 0)):
        raise Violation("request: record")
    try:
        raw = id_bytes(made.uid)
    except ValueError:
        raise Violation("request: id") from None
    if id_text(raw) != made.uid:
        raise Violation("request: id")
    if int.from_bytes(raw[:6], "big") != made.at_ms:
        raise Violation("request: at_ms")
    return made
