"""The one place where an ear is put together with what it works with."""

import random
from collections.abc import Mapping
from typing import Any

from echoctl import paths
from echoctl.audio.ring import Ring
from echoctl.clock import SystemClock, new_id
from echoctl.model.speech import SAMPLE_RATE, SAMPLE_WIDTH
from echoctl.services.ear.ear import Ear
from echoctl.services.ear.inlet import Inlet
from echoctl.services.history.sealer import Recipient, Sealer, encoded
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import Pipe
from echoctl.speech import models
from echoctl.speech.gate import level
from echoctl.speech.transcribe import Transcriber
from echoctl.speech.vad import voice_activity
from echoctl.speech.wake import WakeDetector
from echoctl.vault import keys
from echoctl.vault.primitives import random_secret, wipe

RING_S = 10.0
"""Seconds of audio in RAM: 3 s for the pre-roll and the second stage, the rest for when the machine lags."""

_WARM_S = 0.8


def wire(spec: EarSpec, pipe: Pipe, inlet: Inlet, address: Mapping[str, Any], sandbox: Mapping[str, str]) -> Ear:
    """An ear that does what `spec` says. Loads the models. Raises NotFound, ModelError."""
    model = models.Model.load(models.locate(spec.model, paths.model_dirs()))
    ring = Ring(RING_S)
    clock = SystemClock()
    detector = WakeDetector(
        spec.words, model, recent=ring.tail, thresholds=spec.thresholds, refractory_s=spec.refractory_ms / 1000
    )
    return Ear(
        spec=spec,
        pipe=pipe,
        inlet=inlet,
        ring=ring,
        detector=detector,
        transcriber=Transcriber(model),
        voice=voice_activity(),
        sealer=Sealer(clock),
        address=address,
        sandbox=sandbox,
        clock=clock,
    )


def warm(ear: Ear) -> None:
    """Do once whatever an ear ever does, on noise: what would be loaded late cannot be loaded when it is locked."""
    noise = random.Random(0).randbytes(round(_WARM_S * SAMPLE_RATE) * SAMPLE_WIDTH)
    ear.detector.warm(noise)
    ear.transcriber.begin()
    ear.transcriber.feed(noise)
    ear.transcriber.finish()
    ear.voice.feed(noise)
    ear.voice.reset()
    level(noise)
    vault, seed = keys.new_vault(0, random_secret())  # nobody's
    wipe(seed)
    trial = Sealer(ear.clock)
    trial.address(Recipient(vault.uid, vault.gen, vault.public))
    trial.seal(new_id(0), 0, b"{}", encoded(noise))
    trial.leave()
