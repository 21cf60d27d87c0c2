"""The ear's loop: chunk in, ring, wake detector or utterance, and at the end of a request the sealed row.

One thread does it all, so that nothing happens behind the back of mute. Runs in a process of its own
(services/listening/process.py), which holds the microphone and nothing that opens what it wrote.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from echoctl import paths
from echoctl.audio.endpoint import EndPoint, EndPointer
from echoctl.audio.ring import Ring
from echoctl.clock import SystemClock
from echoctl.errors import StoreError
from echoctl.model.speech import CHUNK_BYTES, SAMPLE_RATE, Detection, LedState, NearMiss, StoreMode
from echoctl.services import events, state
from echoctl.services.history.recorder import Recorder
from echoctl.services.listening.capture import AudioCapture, AudioCaptureSpec
from echoctl.services.listening.led import ListenerLight
from echoctl.services.listening.level_events import LevelEvents
from echoctl.services.listening.protocol import EarSpec, Pipe, error_fields, recording_fields, transcript_fields
from echoctl.services.listening.utterance import Utterance
from echoctl.services.sandbox.enter import UNSEALED, Seal
from echoctl.speech import models
from echoctl.speech.transcribe import Transcriber
from echoctl.speech.vad import voice_activity
from echoctl.speech.wake import WakeDetector

RING_S = 10.0
"""Seconds of audio in RAM: 3 s for the pre-roll and the second stage, the rest for when the machine lags."""

OVERLAP_S = 0.06
"""The transcript begins this much before the wake word's end, which is known to some 0.1 s."""

LOOK_S = 1.0
"""How often the store is looked at when nobody called (`look`): a program may have muted by writing the row alone."""

POLL_S = 0.05
"""The same where the kernel cannot call."""

WAIT_S = 0.6
"""How long the ear waits for sound: longer than a patient microphone gathers it."""

QUIET_CHUNKS = 6
"""How many chunks may gather while nobody speaks: 0.48 s. It takes longer to say a wake word and to be sure of it, and
what has gathered is caught up with in one go.
"""

TALK_CHUNKS = 2
"""The same while somebody speaks and nothing resembles a wake word."""

_SILENCE = bytes(CHUNK_BYTES)


class Ear:
    """The loop of one listener."""

    def __init__(self, spec: EarSpec, pipe: Pipe, presence: state.Presence, seal: Seal = UNSEALED) -> None:
        self._spec = spec
        self._seal = seal
        self._pipe = pipe
        self._presence = presence
        self._clock = SystemClock()
        self._stop = False
        self._look_at = 0.0
        self._look_every_s = POLL_S
        self._push = spec.now
        self._ring = Ring(RING_S)
        self._meter = LevelEvents(pipe, wanted=spec.level)
        self._utterance: Utterance | None = None
        self._capture = AudioCapture(AudioCaptureSpec(spec.input, spec.device, spec.realtime), self._device_event)
        self._light = ListenerLight(spec.input, self._capture, presence, pipe)
        self._log = events.Log() if spec.keep else None
        self._recorder = Recorder(mode=StoreMode(spec.store), room=spec.room, wall=self._clock)
        model = models.Model.load(models.locate(spec.model, paths.model_dirs()))
        self._transcriber = Transcriber(model)
        self._voice = voice_activity()
        self._detector = WakeDetector(
            spec.words,
            model,
            recent=self._ring.tail,
            thresholds=spec.thresholds,
            refractory_s=spec.refractory_ms / 1000,
        )

    def stop(self) -> None:
        """Finish what is being recorded, then end; may be called in a signal handler."""
        self._stop = True
        self._capture.interrupt()

    def push(self) -> None:
        """Begin a request without a wake word, if that can be now; may be called in a signal handler."""
        self._push = self._utterance is None and not (self._light.muted or self._light.lost)
        self._capture.interrupt()

    def look(self) -> None:
        """Look at the store now, for somebody muted or unmuted; may be called in a signal handler."""
        self._look_at = 0.0
        self._capture.interrupt()

    def run(self) -> None:
        """Listen until the input ends, `stop` is called, or the one request of `once` is over."""
        if self._presence.when_touched(self.look):
            self._look_every_s = LOOK_S
        self._presence.changed()  # somebody may have muted while the models were loaded
        if self._light.muted:
            self._capture.mute()
        self._capture.open()
        self._presence.set(device=self._capture.name)
        self._pipe.send(
            "ready",
            words=list(self._spec.words),
            spotters=dict(self._detector.description),
            notes=self._detector.notes,
            device=self._capture.name,
            store=self._spec.store if self._spec.keep else "none",
            room=self._spec.room,
            seal=self._seal.fields(),
        )
        self._light.rest()
        while not self._stop and self._step():
            pass
        self._cut_short()

    def close(self) -> None:
        """Close the source and zero what is in RAM."""
        self._capture.close()
        self._recorder.close()
        self._ring.zero()
        self._detector.reset()

    def _step(self) -> bool:
        """Take one chunk; returns False at the end of the input or of the one request."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._look_every_s
            if self._presence.changed() and self._light.mutable:
                self._follow_mute()
        self._capture.patience = self._patience
        chunk = self._capture.read(WAIT_S)
        if chunk is None:
            return True
        if chunk == b"":
            self._run_out()
            return False
        if self._capture.discontinuous:
            self._capture.discontinuous = False
            self._forget()
        self._ring.append(chunk)
        return self._hear(chunk)

    @property
    def _patience(self) -> int:
        if self._utterance is not None or self._push:
            return 1
        if self._detector.is_quiet:
            return QUIET_CHUNKS
        score, threshold = self._detector.closest
        return TALK_CHUNKS if score < threshold else 1

    def _hear(self, chunk: bytes) -> bool:
        if self._utterance is not None and self._utterance.under_way(self._spec.min_speech_ms):
            return self._record(chunk)
        if self._push and self._utterance is None:
            self._push = False
            self._begin(Detection("", self._position_s, self._position_s, self._position_s))
            return True
        outcome = self._detector.feed(chunk, self._position_s)
        self._meter.waiting(chunk, self._detector)
        if isinstance(outcome, NearMiss):
            self._near_miss(outcome)
        elif outcome is not None:
            self._begin(outcome)
            return True
        return self._utterance is None or self._record(chunk)

    @property
    def _position_s(self) -> float:
        return self._ring.position / SAMPLE_RATE

    def _begin(self, heard: Detection) -> None:
        """A request begins: the recording reaches back to 0.5 s before the wake word, losing no sample since."""
        spec = self._spec
        now_ms = self._clock.now_ms()
        row = None
        if heard.word:
            self._presence.count("wakes")
            with self._storing():
                row = self._recorder.detected(heard, now_ms) if spec.keep else None
            self._pipe.send("wake", t=round(heard.t, 3), word=heard.word, scores=dict(heard.scores))
        start = max(round((heard.start - spec.preroll_ms / 1000) * SAMPLE_RATE), self._ring.oldest)
        before = self._ring.since(start)
        command = max(0, round((heard.end - OVERLAP_S) * SAMPLE_RATE) - start) * 2
        if self._utterance is not None:
            self._utterance.zero()
        self._utterance = Utterance(
            word=heard.word,
            scores=heard.scores,
            detection=row,
            at_ms=now_ms - len(before) // 2 * 1000 // SAMPLE_RATE,
            transcriber=self._transcriber,
            voice=self._voice,
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
            self._pipe.send("partial", text=partial)
        self._meter.recording(chunk)
        if verdict is EndPoint.CONTINUE:
            return True
        self._end_request(verdict)
        return not self._spec.once

    def _run_out(self) -> None:
        """A wake word at the very end of a file is decided in the quiet after it, as any other is."""
        while self._utterance is None and not self._detector.is_quiet:
            self._ring.append(_SILENCE)
            self._hear(_SILENCE)

    def _cut_short(self) -> None:
        """The sound ends in the middle of a request: what was said so far is kept, if it was anything."""
        if self._utterance is not None:
            enough = self._utterance.speech_ms >= self._spec.min_speech_ms
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
            self._detector.reset()
        self._light.rest()

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        """A microphone outlives a full disk: there may be room again at the next request. A file has no next one."""
        try:
            yield
        except StoreError as error:
            if self._spec.input is not None or self._spec.once:
                raise
            self._light.unstored = True
            self._pipe.send("error", **error_fields(error))

    def _commit(self, utterance: Utterance) -> None:
        """Seal and store, then say so: what is announced is on the disk."""
        transcript = utterance.finish()
        recording = None
        if self._spec.keep:
            recording = self._recorder.commit(
                pcm=bytes(utterance.pcm),
                transcript=transcript,
                at_ms=utterance.at_ms,
                detection=utterance.detection,
                wake_word=utterance.word,
                scores=utterance.scores,
            )
        self._pipe.send("transcript", id=recording and recording.id, **transcript_fields(transcript))
        if recording is not None:
            self._presence.count("recordings")
            self._pipe.send("recording", **recording_fields(recording))

    def _near_miss(self, miss: NearMiss) -> None:
        self._presence.count("near_misses")
        self._presence.show()
        if self._spec.keep:
            with self._storing():
                self._recorder.near_miss(miss.word, self._clock.now_ms())
        self._pipe.send("near_miss", word=miss.word, t=round(miss.t, 3), scores=dict(miss.scores))

    def _follow_mute(self) -> None:
        """Somebody, in any process, muted or unmuted: close or open the microphone, and forget what it heard."""
        if self._presence.muted:
            self._capture.mute()
            if self._utterance is not None:
                self._utterance.zero()
                self._utterance = None
            self._forget()
        else:
            self._capture.unmute()
        self._light.rest()

    def _forget(self) -> None:
        """The audio so far has nothing to do with what comes: after a mute, or a gap."""
        self._ring.zero()
        self._detector.reset()
        self._transcriber.begin()

    def _device_event(self, what: str, fields: Mapping[str, Any]) -> None:
        """The capture lost, found or doubts its device."""
        self._pipe.send("device", what=what, **fields)
        if self._log is not None:
            with self._storing():
                self._log.add("device", {"what": what, **fields})
        if what in ("lost", "back"):
            self._light.lost, self._push = what == "lost", False
            self._cut_short()
            self._light.rest()
