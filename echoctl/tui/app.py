"""The dashboard itself: it lays out the panes, hands them what the feeds tell, and turns keys into verbs."""

import asyncio
import contextlib
import gc
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from echoctl.config.schema import Config
from echoctl.errors import ExitCode, StoreError
from echoctl.services import state
from echoctl.tui import keys, layout, theme
from echoctl.tui.actions import Controls, Options
from echoctl.tui.feed import Complaint, EarEnded, EarEvent, EarFeed, FeedBroke, StoreChanged, StoreFailed, StoreFeed
from echoctl.tui.history_actions import HistoryActions
from echoctl.tui.live_state import Now, Role, ended, heard, seen
from echoctl.tui.traffic_worker import TrafficWorker
from echoctl.tui.widgets.history import HistoryList
from echoctl.tui.widgets.keybar import KeyBar
from echoctl.tui.widgets.now import NowPane
from echoctl.tui.widgets.ring import FRAME_S, RingWidget
from echoctl.tui.widgets.status import StatusLine
from echoctl.tui.widgets.traffic import TrafficPane

SETTLE_S = 0.3
"""After a change of size: when to see whether it has arrived."""

IDLE_LOOK_S = 15.0
"""How often to see whether it is time to lock."""


class Dashboard(Controls, inherit_bindings=False):
    """One screen: is the microphone open, what was heard, what do the speakers send."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "echoctl"
    BINDINGS = keys.bindings()

    def __init__(self, options: Options, settings: Config) -> None:
        super().__init__()
        self.options = options
        self.settings = settings
        self.keymap = keys.keymap(settings.tui.keys)
        self.set_keymap(dict(settings.tui.keys))
        self.error_console = Console(quiet=True)  # Textual's traceback shows values of variables: see `bell`
        self.now = Now()
        self.view = "all"
        self.bug: Exception | None = None
        self.listened = False
        self._history_actions = HistoryActions(self)
        self._traffic_worker = TrafficWorker(self)
        self._ear: EarFeed | None = None
        self._store: StoreFeed | None = None
        self._settling = False
        self._touched = time.monotonic()
        for one in theme.THEMES:
            self.register_theme(one)
        if options.theme not in self.available_themes:
            raise theme.unknown(options.theme, self.available_themes)
        self.theme = options.theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """For themes that are not ours; ours have them."""
        return {} if self.current_theme in theme.THEMES else theme.borrowed(self.current_theme)

    def get_default_screen(self) -> Screen[object]:
        """The screen with its classes: set later, each would have the styles of all panes computed again."""
        screen = super().get_default_screen()
        screen.set_class(self.options.ascii, "-ascii", update=False)
        layout.fit(screen, self.size.width, self.size.height)
        layout.turn(screen, self.view)
        return screen

    def compose(self) -> ComposeResult:
        """The panes."""
        yield StatusLine(id="status")
        with Container(id="body"):
            with Container(id="top"):
                with Container(id="ringbox"):
                    yield RingWidget(id="ring")
                    yield StatusLine(id="word")
                yield layout.titled(NowPane(id="now"))
            with Container(id="rest"):
                yield layout.titled(HistoryList(id="history"))
                yield layout.titled(TrafficPane(id="traffic"))
        yield KeyBar(id="keybar")

    def on_load(self) -> None:
        """Signals, before there is anything on the terminal that would have to be cleaned up."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, lambda: self.call_next(self._toggle_mute, "SIGUSR1"))
        loop.add_signal_handler(signal.SIGUSR2, self.action_talk)
        for number, code in ((signal.SIGTERM, ExitCode.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP)):
            loop.add_signal_handler(number, self.exit, code)

    def on_mount(self) -> None:
        """Set the panes up, and begin once the first picture is there."""
        self.ring, self.ringbox = self.query_one(RingWidget), self.query_one("#ringbox")
        self.history = self.query_one(HistoryList)
        self.pane, self.keybar = self.query_one(NowPane), self.query_one(KeyBar)
        self.status, self.word = self.query_one("#status", StatusLine), self.query_one("#word", StatusLine)
        self.traffic = self.query_one(TrafficPane)
        self.word.centred = True
        self.history.want = lambda number: self._history_actions.start(self._history_actions.fetch(number))
        self.keybar.keymap = self.keymap
        layout.dress(self)
        self.theme_changed_signal.subscribe(self, lambda _: layout.dress(self))
        self._frames = self.set_interval(FRAME_S, self._frame, pause=True)
        self.history.focus()
        self.show_now()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        gc.enable()  # __main__ has it wait until the first picture is there
        if state.listener_alive():
            self.now = replace(self.now, role=Role.OTHER)
        elif self.options.listen:
            self.action_listen()
        self._store = StoreFeed(self.post_message)
        self.set_interval(IDLE_LOOK_S, self._lock_when_idle)

    def on_unmount(self) -> None:
        """Let go of everything; the ear seals what it records."""
        if self._store is not None:
            self._store.stop()
        self._history_actions.close()
        self._traffic_worker.close()
        if self._ear is not None:
            self._ear.stop()

    def finish(self, timeout_s: float) -> bool:
        """After the end: wait for our ear. Returns whether it has ended."""
        return self._ear is None or self._ear.join(timeout_s)

    # What the feeds tell.

    def on_ear_event(self, message: EarEvent) -> None:
        """Our own ear says something."""
        before, self.now = self.now, heard(self.now, message.event)
        if message.event["type"] == "error" and message.event.get("code") == ExitCode.PLUGIN:
            self.say(message.event["message"], "bad")
        if message.event["type"] == "level" and before.led is self.now.led and self.ring.moves:
            return  # the next frame shows it
        self.show_now()

    def on_ear_ended(self, message: EarEnded) -> None:
        """Our own ear has gone."""
        if self._ear is not None:
            self._ear.close()
        self._ear = None
        lost_to_another = isinstance(message.error, StoreError) and state.listener_alive()
        self.now = ended(self.now, None if lost_to_another else message.error)
        if message.error is not None and not lost_to_another:
            self.complain(message.error)
        else:
            with contextlib.suppress(StoreError):  # the feed of the store says so
                self.now = seen(self.now, state.snapshot())
        self.show_now()

    def on_store_changed(self, message: StoreChanged) -> None:
        """Somebody changed the store."""
        before, self.now = self.now, seen(self.now, message.snapshot)
        if before.role is Role.OTHER and self.now.role is Role.NONE:
            self.say("that listener has ended; s listens here")
        self.show_now()
        self._history_actions.start(self._history_actions.renew())
        self._history_actions.start(self._traffic_worker.renew())

    def on_store_failed(self, message: StoreFailed) -> None:
        """The store cannot be read."""
        self.now = replace(self.now, unread=f"{message.error.message}: {message.error.hint}")
        self.show_now()
        self.complain(message.error)

    def on_feed_broke(self, message: FeedBroke) -> None:
        """A bug, which is not to go unnoticed in a thread."""
        raise message.error

    def on_complaint(self, message: Complaint) -> None:
        """Something to know once."""
        self.say(message.text)

    def on_recording_opened(self) -> None:
        """A recording was clicked twice."""
        self.action_open()

    def on_traffic_opened(self) -> None:
        """The traffic was clicked."""
        self.traffic.focus()
        self.action_open()

    def on_resize(self, event: events.Resize) -> None:
        """Another layout may fit better."""
        layout.fit(self.screen_stack[0], event.size.width, event.size.height)
        if not self._settling:
            self._settling = True
            self.set_timer(SETTLE_S, self._settle)

    def _settle(self) -> None:
        """Of many sizes in a row Textual may forget the last one when the machine is busy: say it again."""
        self._settling = False
        for screen in self.screen_stack:
            if screen.size != self.size:
                screen.post_message(events.Resize(self.size, self.size))

    async def on_event(self, event: events.Event) -> None:
        """Notice that somebody is there."""
        if isinstance(event, events.InputEvent):
            self._touched = time.monotonic()
        await super().on_event(event)

    def _frame(self) -> None:
        self.ring.step()
        self._words()

    def show_now(self) -> None:
        """Show this moment in every pane, and let the ring move if it does."""
        now = self.now
        self.ring.show(now.led, now.level)
        self._words()
        layout.colour(self.ringbox, now.led)
        if self.ring.moves:
            self._frames.resume()
        else:
            self._frames.pause()

    def _words(self) -> None:
        self.ring.level = self.now.level
        for widget in (self.pane, self.status, self.word):
            widget.show(self.now)

    def _lock_when_idle(self) -> None:
        minutes, overview = self.settings.tui.auto_lock_min, self.history.overview
        if minutes and overview.asks and not overview.locked and time.monotonic() - self._touched > minutes * 60:
            self.action_record("lock")

    def bell(self) -> None:
        """Keep the bug that ends the dashboard, for the log; what else rings the terminal's bell goes on to do so.

        Textual has no public hook for an exception that nobody caught. It sets its return code, rings, renders a
        traceback for `error_console`, and ends; while it rings, the exception is still at hand.
        """
        error = sys.exception()
        if self.return_code and isinstance(error, Exception):
            self.bug = self.bug or error
        else:
            super().bell()
