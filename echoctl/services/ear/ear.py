"""The ear's loop: chunk in, ring, wake detector or utterance, and at the end of a request a sealed recording out.

One thread does it all, so that nothing happens behind the back of mute. Runs in a process of its own
(services/ear/process.py), which holds neither the microphone, nor the store, nor what opens a recording.
"""

import math
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from echoctl.audio.endpoint import EndPoint, EndPointer
from echoctl.audio.ring import Ring
from echoctl.clock import Clock, SystemClock
from echoctl.model.speech import (
    BYTES_PER_SECOND,
    CHUNK_BYTES,
    SAMPLE_RATE,
    Detection,
    LedState,
    NearMiss,
    StoreMode,
    Transcript,
)
from echoctl.services.ear.inlet import Inlet
from echoctl.services.ear.level_events import LevelEvents
from echoctl.services.ear.utterance import Utterance
from echoctl.services.history.sealer import MadeRecord, Recipient, Sealer, make
from echoctl.services.protocol import events
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import Pipe, told, transcript_fields
from echoctl.services.protocol.records import recipient_of, record_fields
from echoctl.speech.transcribe import Transcriber
from echoctl.speech.vad import VoiceActivity
from echoctl.speech.wake import WakeDetector
from echoctl.speech.words import unique

OVERLAP_S = 0.06
"""The transcript begins this much before the wake word's end, which is known to some 0.1 s."""

WAIT_S = 60.0
"""How long the ear waits for anything to happen; it is woken by what does."""

PUSH_S = 1.0
"""How long a push waits for sound: it may come just before a microphone opens. While that is closed it is forgotten."""

ANSWER_S = 10.0
"""How long a request waits for the front to have stored it. A front that hangs must not stop the ear for good."""

_SILENCE = bytes(CHUNK_BYTES)


@dataclass(kw_only=True, slots=True)
class Ear:
    """The loop of one listener, and its collaborators, which wiring.py puts together."""

    spec: EarSpec
    pipe: Pipe
    inlet: Inlet
    ring: Ring
    detector: WakeDetector
    transcriber: Transcriber
    voice: VoiceActivity
    sealer: Sealer
    address: InitVar[Mapping[str, Any]]
    """To whom is sealed, as the front says."""
    sandbox: Mapping[str, str]
    """What holds: `holds` and `why`."""
    clock: Clock = field(default_factory=SystemClock)
    _levels: LevelEvents | None = field(init=False, default=None)
    """None where no front draws a meter."""
    _utterance: Utterance | None = field(init=False, default=None)
    _push_until: float = field(init=False, default=0.0)
    """Until when a request begins without a wake word, as soon as there is sound."""
    _over: bool = field(init=False, default=False)
    _number: int = field(init=False, default=0)
    """Of the last request."""
    _recipient: Recipient | None = field(init=False)
    """None: nothing is kept."""
    _serial: int = field(init=False)
    """Which of the front's words on the recipient that is."""

    def __post_init__(self, address: Mapping[str, Any]) -> None:
        self._address(address)
        if self.spec.now:
            self._push_until = math.inf
        if self.spec.level:
            self._levels = LevelEvents(self.pipe)

    def run(self) -> None:
        """Listen until the sound ends, the front says `stop`, or the one request of `once` is over.

        Raises BrokenPipeError when the front has gone, and the error with which the microphone gave up.
        """
        self.pipe.send(
            "ready",
            words=unique(self.spec.words),
            spotters=dict(self.detector.description),
            notes=list(self.detector.notes),
            sandbox=dict(self.sandbox),
        )
        while not self._over:
            frame, order = self.inlet.next(WAIT_S)
            if isinstance(frame, bytes):
                self.ring.append(frame)
                self._over = not self._hear(frame) or self._over
            elif frame is not None:
                self._microphone_said(frame)
            elif order is not None:
                self._obey(order)
        self._cut_short()

    def close(self) -> None:
        """Zero what is in RAM, and forget the chain key."""
        if self._utterance is not None:
            self._utterance.zero()
        self.sealer.leave()
        self.ring.zero()
        self.detector.reset()

    def _obey(self, order: Mapping[str, Any]) -> None:
        match order["type"]:
            case "push":
                self._push_until = 0.0 if self._utterance else self.clock.monotonic() + PUSH_S
            case "stop":
                self._over = True
            case "address":
                self._address(order["to"])
            case "forget":  # muted, by a microphone process that could not say so itself
                self._muted()
            case "lost":
                self._lost()

    def _address(self, to: Mapping[str, Any]) -> None:
        self._recipient, self._serial = recipient_of(to["recipient"]), to["serial"]

    def _microphone_said(self, event: Mapping[str, Any]) -> None:
        """Its events lie between its sound; what they mean for the light and the store is the front's matter."""
        kind = event["type"]
        if kind == "end":
            self._run_out()
            self._over = True
            return
        if kind == "error":
            raise told(event)
        match kind:
            case "opened" | "gap":
                self._forget()
            case "muted":
                self._muted()
            case "lost":
                self._lost()
        self.pipe.send("microphone", said=event)

    def _hear(self, chunk: bytes) -> bool:
        if self._utterance is not None and self._utterance.under_way(self.spec.min_speech_ms):
            return self._record(chunk)
        if self._utterance is None and self._is_pushed():
            self._begin(Detection("", self._position_s, self._position_s, self._position_s))
            return True
        outcome = self.detector.feed(chunk, self._position_s)
        if self._levels:
            self._levels.waiting(chunk, self.detector)
        if isinstance(outcome, NearMiss):
            self._near_miss(outcome)
        elif outcome is not None:
            self._begin(outcome)
            return True
        return self._utterance is None or self._record(chunk)

    def _is_pushed(self) -> bool:
        until, self._push_until = self._push_until, 0.0
        return self.clock.monotonic() < until

    @property
    def _position_s(self) -> float:
        return self.ring.position / SAMPLE_RATE

    def _begin(self, heard: Detection) -> None:
        """A request begins: the recording reaches back to 0.5 s before the wake word, losing no sample since."""
        spec = self.spec
        now_ms = self.clock.now_ms()
        if heard.word:
            self.pipe.send("wake", t=round(heard.t, 3), word=heard.word, scores=dict(heard.scores))
        start = max(round((heard.start - spec.preroll_ms / 1000) * SAMPLE_RATE), self.ring.oldest)
        before = self.ring.since(start)
        command = max(0, round((heard.end - OVERLAP_S) * SAMPLE_RATE) - start) * 2
        if self._utterance is not None:
            self._utterance.zero()
        self._utterance = Utterance(
            word=heard.word,
            scores=heard.scores,
            at_ms=now_ms - len(before) // 2 * 1000 // SAMPLE_RATE,
            transcriber=self.transcriber,
            voice=self.voice,
            endpointer=EndPointer(
                pause_ms=spec.pause_ms,
                min_speech_ms=spec.min_speech_ms,
                no_speech_ms=spec.no_speech_ms,
                max_ms=spec.max_ms,
            ),
        )
        self.pipe.send("phase", phase=LedState.LISTENING.value)
        self._utterance.keep(before[:command])
        if rest := before[command:]:
            self._record(rest)

    def _record(self, chunk: bytes) -> bool:
        assert self._utterance is not None
        verdict, partial = self._utterance.feed(chunk)
        if partial:
            self.pipe.send("partial", text=partial)
        if self._levels:
            self._levels.recording(chunk)
        if verdict is EndPoint.CONTINUE:
            return True
        self._end_request(verdict)
        return not self.spec.once

    def _run_out(self) -> None:
        """A wake word at the very end of a file is decided in the quiet after it, as any other is."""
        while self._utterance is None and not self.detector.is_quiet:
            self.ring.append(_SILENCE)
            self._hear(_SILENCE)

    def _cut_short(self) -> None:
        """The sound ends in the middle of a request: what was said so far is kept, if it was anything."""
        if self._utterance is not None:
            enough = self._utterance.speech_ms >= self.spec.min_speech_ms
            self._end_request(EndPoint.FULL if enough else EndPoint.NOTHING)

    def _end_request(self, verdict: EndPoint) -> None:
        utterance, self._utterance = self._utterance, None
        assert utterance is not None
        try:
            if verdict is not EndPoint.NOTHING:
                self.pipe.send("phase", phase=LedState.THINKING.value)
                self._hand_over(utterance, utterance.finish())
        finally:
            utterance.zero()
            self.detector.reset()
        self.pipe.send("phase", phase=LedState.IDLE.value)

    def _hand_over(self, utterance: Utterance, transcript: Transcript) -> None:
        """Seal, and have the front store it; it is sealed once more when that was no longer the one to seal to."""
        stored = False
        while not stored:
            made = self._sealed(utterance, transcript)
            self._number += 1
            self.pipe.send(
                "request",
                number=self._number,
                serial=self._serial,
                id=made and made.uid,
                at_ms=utterance.at_ms,
                duration_ms=len(utterance.pcm) * 1000 // BYTES_PER_SECOND,
                word=utterance.word,
                scores=dict(utterance.scores),
                record=record_fields(made.sealed) if made and made.sealed else None,
                **transcript_fields(transcript),
            )
            answer = self._answer()
            if answer["type"] != events.STORED:
                self.sealer.leave()  # whether it was written is not certain: no key of this epoch may wrap another
            if answer["type"] == events.AGAIN:
                self._address(answer["to"])
            stored = answer["type"] != events.AGAIN

    def _sealed(self, utterance: Utterance, transcript: Transcript) -> MadeRecord | None:
        if self._recipient is None:
            return None
        return make(
            self.sealer,
            self._recipient,
            mode=StoreMode(self.spec.store),
            pcm=bytes(utterance.pcm),
            transcript=transcript,
            at_ms=utterance.at_ms,
            wake_word=utterance.word,
            scores=utterance.scores,
        )

    def _answer(self) -> Mapping[str, Any]:
        """What became of the last request; none in time is a failure."""
        kinds = events.STORED, events.AGAIN, events.FAILED
        while answer := self.inlet.order(*kinds, timeout_s=ANSWER_S):
            if answer["number"] == self._number:
                return answer
        return {"type": events.FAILED}

    def _near_miss(self, miss: NearMiss) -> None:
        self.pipe.send("near_miss", word=miss.word, t=round(miss.t, 3), scores=dict(miss.scores))

    def _muted(self) -> None:
        """The microphone is closed: forget what it heard, and what is still on its way here."""
        self._push_until = 0.0
        self.inlet.drain()
        if self._utterance is not None:
            self._utterance.zero()
            self._utterance = None
            self.pipe.send("phase", phase=LedState.IDLE.value)
        self._forget()

    def _lost(self) -> None:
        """The microphone is gone: what was said so far is a request."""
        self._push_until = 0.0
        self._cut_short()

    def _forget(self) -> None:
        """The audio so far has nothing to do with what comes: after a mute, or a gap."""
        self.ring.zero()
        self.detector.reset()
        self.transcriber.begin()
