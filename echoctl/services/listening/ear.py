"""The ear's loop: chunk in, ring, wake detector or utterance, and at the end of a request the sealed row.

One thread does it all, so that nothing happens behind the back of mute. Runs in a process of its own
(services/listening/process.py), which holds the microphone and nothing that opens what it wrote.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from echoctl.audio.endpoint import EndPoint, EndPointer
from echoctl.audio.ring import Ring
from echoctl.clock import Clock, SystemClock
from echoctl.errors import StoreError
from echoctl.model.speech import CHUNK_BYTES, SAMPLE_RATE, Detection, LedState, NearMiss
from echoctl.services import events
from echoctl.services.history.recorder import Recorder
from echoctl.services.listening.capture import AudioCapture
from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.led import ListenerLight
from echoctl.services.listening.level_events import LevelEvents
from echoctl.services.listening.protocol import Pipe, error_fields, recording_fields, transcript_fields
from echoctl.services.listening.utterance import Utterance
from echoctl.services.sandbox.enter import NO_SANDBOX, Sandbox
from echoctl.services.state import Presence
from echoctl.speech.transcribe import Transcriber
from echoctl.speech.vad import VoiceActivity
from echoctl.speech.wake import WakeDetector
from echoctl.speech.words import unique

OVERLAP_S = 0.06
"""The transcript begins this much before the wake word's end, which is known to some 0.1 s."""

LOOK_S = 1.0
"""How often the store is looked at when nobody called (`look`): a program may have muted by writing the row alone."""

POLL_S = 0.05
"""The same where the kernel cannot call."""

WAIT_S = 0.6
"""How long the ear waits for sound: longer than a patient microphone gathers it."""

_SILENCE = bytes(CHUNK_BYTES)


@dataclass(kw_only=True, slots=True)
class Ear:
    """The loop of one listener, and its collaborators, which wiring.py puts together."""

    spec: EarSpec
    pipe: Pipe
    presence: Presence
    capture: AudioCapture
    ring: Ring
    detector: WakeDetector
    transcriber: Transcriber
    voice: VoiceActivity
    recorder: Recorder
    log: events.Log | None
    """None where nothing is kept."""
    sandbox: Sandbox = NO_SANDBOX
    clock: Clock = field(default_factory=SystemClock)
    look_s: float = LOOK_S
    poll_s: float = POLL_S
    _levels: LevelEvents | None = field(init=False, default=None)
    """None where no front draws a meter."""
    _light: ListenerLight = field(init=False)
    _utterance: Utterance | None = field(init=False, default=None)
    _stop: bool = field(init=False, default=False)
    _push: bool = field(init=False)
    _look_at: float = field(init=False, default=0.0)
    _called: bool = field(init=False, default=False)
    """Whether the kernel says when somebody mutes."""

    def __post_init__(self) -> None:
        self._push = self.spec.now
        if self.spec.level:
            self._levels = LevelEvents(self.pipe)
        self._light = ListenerLight(self.spec.input, self.capture, self.presence, self.pipe)
        self.capture.on_event = self._device_event

    def stop(self) -> None:
        """Finish what is being recorded, then end; may be called in a signal handler."""
        self._stop = True
        self.capture.interrupt()

    def push(self) -> None:
        """Begin a request without a wake word, if that can be now; may be called in a signal handler."""
        self._push = self._utterance is None and not (self._light.muted or self._light.lost)
        self.capture.interrupt()

    def look(self) -> None:
        """Look at the store now, since somebody muted or unmuted; may be called in a signal handler."""
        self._look_at = 0.0
        self.capture.interrupt()

    def run(self) -> None:
        """Listen until the input ends, `stop` is called, or the one request of `once` is over."""
        self._called = self.presence.when_touched(self.look)
        self.presence.changed()  # somebody may have muted while the models were loaded
        if self._light.muted:
            self.capture.mute()
        self.capture.open()
        self.presence.set(device=self.capture.name)
        sandbox = self.sandbox.fields()
        self.pipe.send(
            "ready",
            words=unique(self.spec.words),
            spotters=dict(self.detector.description),
            notes=self.detector.notes,
            device=self.capture.name,
            store=self.spec.store if self.spec.keep else "none",
            room=self.spec.room,
            sandbox=sandbox,
            seal=sandbox,  # its old name, until version 2
        )
        self._light.rest()
        while not self._stop and self._step():
            pass
        self._cut_short()

    def close(self) -> None:
        """Close the source and zero what is in RAM."""
        self.capture.close()
        self.recorder.close()
        self.ring.zero()
        self.detector.reset()

    def _step(self) -> bool:
        """Take one chunk; returns False at the end of the input or of the one request."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + (self.look_s if self._called else self.poll_s)
            if self.presence.changed() and self._light.mutable:
                self._follow_mute()
        busy = self._utterance is not None or self._push
        chunk = self.capture.read(WAIT_S, patience=1 if busy else self.detector.patience)
        if chunk is None:
            return True
        if chunk == b"":
            self._run_out()
            return False
        if self.capture.discontinuous:
            self.capture.discontinuous = False
            self._forget()
        self.ring.append(chunk)
        return self._hear(chunk)

    def _hear(self, chunk: bytes) -> bool:
        if self._utterance is not None and self._utterance.under_way(self.spec.min_speech_ms):
            return self._record(chunk)
        if self._push and self._utterance is None:
            self._push = False
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

    @property
    def _position_s(self) -> float:
        return self.ring.position / SAMPLE_RATE

    def _begin(self, heard: Detection) -> None:
        """A request begins: the recording reaches back to 0.5 s before the wake word, losing no sample since."""
        spec = self.spec
        now_ms = self.clock.now_ms()
        row = None
        if heard.word:
            self.presence.count("wakes")
            with self._storing():
                row = self.recorder.detected(heard, now_ms) if spec.keep else None
            self.pipe.send("wake", t=round(heard.t, 3), word=heard.word, scores=dict(heard.scores))
        start = max(round((heard.start - spec.preroll_ms / 1000) * SAMPLE_RATE), self.ring.oldest)
        before = self.ring.since(start)
        command = max(0, round((heard.end - OVERLAP_S) * SAMPLE_RATE) - start) * 2
        if self._utterance is not None:
            self._utterance.zero()
        self._utterance = Utterance(
            word=heard.word,
            scores=heard.scores,
            detection=row,
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
        self._light.show(LedState.LISTENING)
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
                self._light.show(LedState.THINKING)
                with self._storing():
                    self._commit(utterance)
                    self._light.unstored = False
        finally:
            utterance.zero()
            self.detector.reset()
        self._light.rest()

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        """A microphone outlives a full disk: there may be room again at the next request. A file has no next one."""
        try:
            yield
        except StoreError as error:
            if self.spec.input is not None or self.spec.once:
                raise
            self._light.unstored = True
            self.pipe.send("error", **error_fields(error))

    def _commit(self, utterance: Utterance) -> None:
        """Seal and store, then say so: what is announced is on the disk."""
        transcript = utterance.finish()
        recording = None
        if self.spec.keep:
            recording = self.recorder.commit(
                pcm=bytes(utterance.pcm),
                transcript=transcript,
                at_ms=utterance.at_ms,
                detection=utterance.detection,
                wake_word=utterance.word,
                scores=utterance.scores,
            )
        self.pipe.send("transcript", id=recording and recording.id, **transcript_fields(transcript))
        if recording is not None:
            self.presence.count("recordings")
            self.pipe.send("recording", **recording_fields(recording))

    def _near_miss(self, miss: NearMiss) -> None:
        self.presence.count("near_misses")
        self.presence.show()
        if self.spec.keep:
            with self._storing():
                self.recorder.near_miss(miss.word, self.clock.now_ms())
        self.pipe.send("near_miss", word=miss.word, t=round(miss.t, 3), scores=dict(miss.scores))

    def _follow_mute(self) -> None:
        """Somebody, in any process, muted or unmuted: close or open the microphone, and forget what it heard."""
        if self.presence.muted:
            self.capture.mute()
            if self._utterance is not None:
                self._utterance.zero()
                self._utterance = None
            self._forget()
        else:
            self.capture.unmute()
        self._light.rest()

    def _forget(self) -> None:
        """The audio so far has nothing to do with what comes: after a mute, or a gap."""
        self.ring.zero()
        self.detector.reset()
        self.transcriber.begin()

    def _device_event(self, what: str, fields: Mapping[str, Any]) -> None:
        """The capture lost, found or doubts its device."""
        self.pipe.send("device", what=what, **fields)
        if self.log is not None:
            with self._storing():
                self.log.add("device", {"what": what, **fields})
        if what in ("lost", "back"):
            self._light.lost, self._push = what == "lost", False
            self._cut_short()
            self._light.rest()
