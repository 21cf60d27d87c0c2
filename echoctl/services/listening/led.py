"""What a listener shows of itself: its state, in the store and on the pipe to its front."""

from echoctl.model.speech import LedState
from echoctl.services.listening.capture import AudioCapture
from echoctl.services.listening.protocol import Pipe
from echoctl.services.state import Presence


class ListenerLight:
    """The light of one listener to `source` (a file, "-" for a pipe, None for a microphone), and why it is as it is."""

    def __init__(self, source: str | None, capture: AudioCapture, presence: Presence, pipe: Pipe) -> None:
        self._source = source
        self._capture = capture
        self._presence = presence
        self._pipe = pipe
        self._shown = ("", False)
        self.lost = False
        """The microphone is gone; it is being looked for."""
        self.unstored = False
        """The last request could not be stored."""

    @property
    def mutable(self) -> bool:
        """Whether a mute concerns it: nobody speaks in a file."""
        return self._source in (None, "-")

    @property
    def muted(self) -> bool:
        """Whether nothing may be heard."""
        return self.mutable and self._presence.muted

    def rest(self) -> None:
        """Show what there is to show between requests."""
        self.show(LedState.MUTED if self.muted else LedState.ERROR if self.lost or self.unstored else LedState.IDLE)

    def show(self, led: LedState) -> None:
        """Show a state, and the counters of the source with it."""
        health = self._capture.health()
        self._presence.health(overflows=health.overflows, dropped_ms=health.dropped_ms, lag_ms=health.lag_ms)
        self._presence.show(led=led.value, mic=self._mic)
        if self._shown != (led.value, self._presence.muted):
            self._shown = (led.value, self._presence.muted)
            self._pipe.send("state", state=led.value, muted=self._presence.muted, by=self._presence.muted_by)

    @property
    def _mic(self) -> str:
        """As model.listener.Snapshot has it."""
        if not self.mutable:
            return "none"
        if self.muted and self._source == "-":
            return "dropped"
        return "open" if self._capture.is_open else "closed"
