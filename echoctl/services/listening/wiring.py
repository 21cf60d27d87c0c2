"""The one place where an ear is put together with what it works with."""

from echoctl import paths
from echoctl.audio.ring import Ring
from echoctl.clock import SystemClock
from echoctl.model.speech import StoreMode
from echoctl.services import events
from echoctl.services.history.recorder import Recorder
from echoctl.services.listening.capture import AudioCapture, AudioCaptureSpec
from echoctl.services.listening.ear import Ear
from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.protocol import Pipe
from echoctl.services.sandbox.enter import Sandbox
from echoctl.services.state import Presence
from echoctl.speech import models
from echoctl.speech.transcribe import Transcriber
from echoctl.speech.vad import voice_activity
from echoctl.speech.wake import WakeDetector

RING_S = 10.0
"""Seconds of audio in RAM: 3 s for the pre-roll and the second stage, the rest for when the machine lags."""


def wire(spec: EarSpec, pipe: Pipe, presence: Presence, sandbox: Sandbox) -> Ear:
    """An ear that does what `spec` says. Loads the models, opens no device. Raises NotFound, ModelError, StoreError."""
    log = events.Log() if spec.keep else None
    model = models.Model.load(models.locate(spec.model, paths.model_dirs()))
    ring = Ring(RING_S)
    clock = SystemClock()
    detector = WakeDetector(
        spec.words, model, recent=ring.tail, thresholds=spec.thresholds, refractory_s=spec.refractory_ms / 1000
    )
    return Ear(
        spec=spec,
        pipe=pipe,
        presence=presence,
        capture=AudioCapture(AudioCaptureSpec(spec.input, spec.device, spec.realtime)),
        ring=ring,
        detector=detector,
        transcriber=Transcriber(model),
        voice=voice_activity(),
        recorder=Recorder(mode=StoreMode(spec.store), room=spec.room, wall=clock),
        log=log,
        sandbox=sandbox,
        clock=clock,
    )
