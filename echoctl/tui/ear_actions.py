"""Mute, talk and listen, and what our own ear and the store tell of them."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from echoctl.config.schema import Config
from echoctl.errors import EchoctlError, ExitCode, StoreError
from echoctl.model.listener import Snapshot
from echoctl.services import state, watch_state
from echoctl.services.listening.presence import name_of
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui import keys
from echoctl.tui.feed import EarFeed
from echoctl.tui.host import Host
from echoctl.tui.live_panes import LivePanes
from echoctl.tui.live_state import Role, ended, heard, seen


class EarActions:
    """The ear: ours, which is started and ended here, or that of another terminal."""

    def __init__(self, host: Host, live: LivePanes, spec: EarSpec, settings: Config) -> None:
        self._host = host
        self._live = live
        self._spec = spec
        self._settings = settings
        self._feed: EarFeed | None = None
        self.listened = False
        """An ear of our own was started."""

    def begin(self, *, listen: bool) -> None:
        """Start our own ear if it is wanted, and none has that microphone."""
        if self._heard_elsewhere():
            self._live.now = replace(self._live.now, role=Role.OTHER)
        elif listen:
            self.listen()

    def _heard_elsewhere(self) -> bool:
        """Whether another terminal listens to the microphone that we would."""
        return name_of(self._spec.device) in state.running()

    def end(self) -> None:
        """Have our own ear end; it seals what it records."""
        if self._feed is not None:
            self._feed.stop()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of our own ear; returns whether it has ended."""
        return self._feed is None or self._feed.join(timeout_s)

    # What a person does.

    def mute(self, by: str) -> None:
        """Mute or unmute, whoever listens."""
        self._host.start(asyncio.to_thread(state.toggle_muted, by))

    def talk(self) -> None:
        """Begin a request without a wake word, here or at the listener that runs."""
        try:
            if self._live.now.muted:
                self._host.say(f"muted: {keys.shown(self._host.keymap['mute'])} opens the microphone")
            elif self._feed is not None:
                self._feed.push()
            else:
                watch_state.request(state.snapshot())
        except EchoctlError as error:
            self._host.complain(error)

    def listen(self) -> None:
        """Start our own ear, or end it; that of another terminal is left alone."""
        if self._feed is not None:
            self._feed.stop()
        elif self._heard_elsewhere():
            self._host.say(f"the listener with pid {self._live.now.pid} belongs to another terminal: end it there")
        else:
            self._live.now = replace(self._live.now, role=Role.STARTING, trouble="")
            self.listened = True
            self._feed = EarFeed(self._spec, self._settings, self._host.post_message)
            self._live.show(self._live.now)

    # What the feeds tell.

    def ear_event(self, event: Mapping[str, Any]) -> None:
        """Show what our own ear says."""
        now = heard(self._live.now, event)
        if event["type"] == "error" and event.get("code") == ExitCode.PLUGIN:
            self._host.say(event["message"], "bad")
        if event["type"] == "level":
            self._live.show_level(now)
        else:
            self._live.show(now)

    def ear_ended(self, error: EchoctlError | None) -> None:
        """Show that our own ear has gone, and why."""
        if self._feed is not None:
            self._feed.close()
        self._feed = None
        lost_to_another = isinstance(error, StoreError) and self._heard_elsewhere()
        now = ended(self._live.now, None if lost_to_another else error)
        if error is not None and not lost_to_another:
            self._host.complain(error)
        else:
            with contextlib.suppress(StoreError):  # the feed of the store says so
                now = seen(now, state.snapshot())
        self._live.show(now)

    def store_changed(self, snapshot: Snapshot) -> None:
        """Show what the store says of the listener."""
        before, now = self._live.now, seen(self._live.now, snapshot)
        if before.role is Role.OTHER and now.role is Role.NONE:
            self._host.say("that listener has ended; s listens here")
        self._live.show(now)

    def store_failed(self, error: EchoctlError) -> None:
        """Show that the store cannot be read, and why."""
        self._live.show(replace(self._live.now, unread=f"{error.message}: {error.hint}"))
        self._host.complain(error)
