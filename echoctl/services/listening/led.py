"""What a listener shows of itself: its light, in the store and to its front."""

import time

from echoctl.model.speech import LedState
from echoctl.services import mute_file
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol.events import Event

PATIENCE_S = 0.5
"""How long the light of a microphone that is muted waits for the store to say by whom."""


class ListenerLight:
    """The light of one listener, and why it is as it is."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._shown = ("", False)
        self._closed_at = 0.0
        self.started = False
        """Before a listener has said that it is ready it has no light."""
        self.phase = LedState.IDLE
        """What the ear does: idle, listening, thinking."""
        self.lost = False
        """The microphone is gone, or the ear; it is being looked for, or started again."""
        self.unstored = False
        """The last request could not be stored."""

    def show(self) -> list[Event]:
        """Write the light where it has changed; returns it as an event then."""
        if not self.started:
            return []
        doing = self._presence.doing
        # What waits for its device has it closed, also before it has answered.
        waits = doing == mute_file.WAITING
        muted = doing in (mute_file.CLOSED, mute_file.DROPPED) or (waits and mute_file.wanted(self._presence.lock))
        if muted and not self._presence.muted and self._waits_for_the_row():
            return []
        if waits and not muted and self._shown[0] == LedState.MUTED and not self.lost:
            return []  # it is muted no longer, and hears only when it is open
        trouble = self.lost or (self.unstored and self.phase is LedState.IDLE)
        led = LedState.MUTED if muted else LedState.ERROR if trouble else self.phase
        self._presence.show(led=led.value)
        shown = led.value, muted or self._presence.muted
        if self._shown == shown:
            return []
        self._shown = shown
        return [{"type": "state", "state": led.value, "muted": shown[1], "by": self._presence.muted_by}]

    def _waits_for_the_row(self) -> bool:
        """A microphone is muted before the store says by whom, which takes some ms, and on a full disk never comes."""
        now = time.monotonic()
        if now > self._closed_at + 2 * PATIENCE_S:  # it is news
            self._closed_at = now
        return now < self._closed_at + PATIENCE_S
