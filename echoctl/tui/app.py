"""The dashboard itself: it lays out the panes, hands on what the feeds tell, and gives each action to its part."""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Container
from textual.screen import Screen

from echoctl.config.schema import Config
from echoctl.errors import EchoctlError, ExitCode
from echoctl.tui import keys, layout, shell_commands, theme
from echoctl.tui.ear_actions import EarActions
from echoctl.tui.feed import Complaint, EarEnded, EarEvent, FeedBroke, StoreChanged, StoreFailed, StoreFeed
from echoctl.tui.history_actions import HistoryActions
from echoctl.tui.live_panes import LivePanes
from echoctl.tui.options import Options
from echoctl.tui.traffic_worker import TrafficWorker
from echoctl.tui.widgets.history import HistoryList
from echoctl.tui.widgets.keybar import KeyBar
from echoctl.tui.widgets.lines import ASCII_CLASS
from echoctl.tui.widgets.traffic import TrafficPane

SETTLE_S = 0.3
"""After a change of size: when to see whether it has arrived."""

IDLE_LOOK_S = 15.0
"""How often to see whether it is time to lock."""


class Dashboard(App[int], inherit_bindings=False):
    """One screen: is the microphone open, what was heard, what do the speakers send."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "echoctl"
    BINDINGS = keys.bindings()

    def __init__(self, options: Options, settings: Config) -> None:
        super().__init__()
        self.options = options
        self.settings = settings
        self.keymap = keys.keymap(settings.tui.keys)
        self.set_keymap({name: self.keymap[name] for name in settings.tui.keys})
        self.error_console = Console(quiet=True)  # Textual's traceback shows values of variables: see `bell`
        self.bug: Exception | None = None
        self.view = "all"
        self.set_class(options.ascii, ASCII_CLASS, update=False)
        self.live = LivePanes(motion=options.motion)
        self.history = layout.titled(HistoryList(id="history"))
        self.traffic = layout.titled(TrafficPane(id="traffic"))
        self.keybar = KeyBar(self.keymap, id="keybar")
        self.ear = EarActions(self, self.live, options.spec, settings)
        self.history_actions = HistoryActions(self, self.history, self.live)
        self._traffic_worker = TrafficWorker(self.traffic)
        self._store: StoreFeed | None = None
        self._settling = False
        self._touched = time.monotonic()
        theme.dress(self, options.theme)

    # The picture.

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Lend colours to themes that are not ours; ours have their own."""
        return {} if self.current_theme in theme.THEMES else theme.borrowed(self.current_theme)

    def get_default_screen(self) -> Screen[object]:
        """The screen with its classes: set later, each would have the styles of all panes computed again."""
        screen = super().get_default_screen()
        layout.fit(screen, self.size.width, self.size.height)
        layout.turn(screen, self.view)
        return screen

    def compose(self) -> ComposeResult:
        """Lay out the line of the state, the panes, and the bottom line; app.tcss shows what fits."""
        yield self.live.status
        with Container(id="body"):
            with Container(id="top"):
                yield self.live.ring_box
                yield self.live.pane
            with Container(id="rest"):
                yield self.history
                yield self.traffic
        yield self.keybar

    def _redraw_ring(self) -> None:
        self.live.draw_ring(theme.ring_style(self.theme, ascii_only=self.options.ascii, colourless=self.no_color))

    # From the beginning to the end.

    def on_load(self) -> None:
        """Handle signals, before there is anything on the terminal that would have to be cleaned up."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self.call_next, self.ear.mute, "SIGUSR1")
        loop.add_signal_handler(signal.SIGUSR2, self.ear.talk)
        for number, code in ((signal.SIGTERM, ExitCode.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP)):
            loop.add_signal_handler(number, self.exit, code)

    def on_mount(self) -> None:
        """Set the panes up, and begin once the first picture is there."""
        self._redraw_ring()
        self.theme_changed_signal.subscribe(self, lambda _: self._redraw_ring())
        self.live.begin()
        self.history.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        gc.enable()  # __main__ has it wait until the first picture is there
        self.ear.begin(listen=self.options.listen)
        self._store = StoreFeed(self.post_message)
        self.set_interval(IDLE_LOOK_S, self._lock_when_idle)

    def on_unmount(self) -> None:
        """Let go of everything; the ear seals what it records."""
        if self._store is not None:
            self._store.stop()
        self.history_actions.close()
        self._traffic_worker.close()
        self.ear.end()

    def bell(self) -> None:
        """Keep the bug that ends the dashboard, for the log: Textual has no public hook for it, but rings, and while it
        does the exception is at hand. What else rings the terminal's bell goes on to do so."""
        error = sys.exception()
        if self.return_code and isinstance(error, Exception):
            self.bug = self.bug or error
        else:
            super().bell()

    def panic(self, *renderables: RenderableType) -> None:
        """Keep a bug that draws itself: Textual does not ring for that, and `error_console` is quiet."""
        self.bug = self.bug or next((each for each in renderables if isinstance(each, Exception)), None)
        super().panic(*renderables)

    # What the parts ask of their host (host.py).

    def say(self, text: str, style: str = "") -> None:
        """Show a message on the bottom line for a while; an empty one brings the keys back."""
        self.keybar.say(text, style)

    def complain(self, error: EchoctlError) -> None:
        """Say what went wrong, and what to do about it."""
        self.say(f"{error.message}: {error.hint}" if error.hint else error.message, "bad")

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something beside the screen; what goes wrong in it is a sentence on the bottom line."""
        self.run_worker(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except EchoctlError as error:
            self.complain(error)
        except OSError as error:
            self.complain(EchoctlError(f"{error.filename or 'the disk'}: {error.strerror}", "nothing was written"))

    # What the feeds and the panes tell.

    def on_ear_event(self, message: EarEvent) -> None:
        """Show what our own ear says over its pipe."""
        self.ear.ear_event(message.event)

    def on_ear_ended(self, message: EarEnded) -> None:
        """Show that our own ear has gone, and why."""
        self.ear.ear_ended(message.error)

    def on_store_changed(self, message: StoreChanged) -> None:
        """Look again at what a change of the store, by any process, can change here."""
        self.ear.store_changed(message.snapshot)
        self.start(self.history_actions.renew())
        self.start(self._traffic_worker.renew())

    def on_store_failed(self, message: StoreFailed) -> None:
        """Show that the store cannot be read, until it can."""
        self.ear.store_failed(message.error)

    def on_feed_broke(self, message: FeedBroke) -> None:
        """Raise the bug of a thread here, where it ends the dashboard and is reported."""
        raise message.error

    def on_complaint(self, message: Complaint) -> None:
        """Say what a hook complains of."""
        self.say(message.text)

    def on_recording_opened(self) -> None:
        """Open the recording that was clicked twice."""
        self.action_open()

    def on_traffic_opened(self) -> None:
        """Show the evidence when the traffic is clicked."""
        self.traffic.focus()
        self.action_open()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout that fits the new size."""
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
        """Notice that somebody is there, so that the vault stays open."""
        if isinstance(event, events.InputEvent):
            self._touched = time.monotonic()
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """Mute from a text field, too, by a key that types nothing: Textual passes over what is bound to a letter."""
        if event.is_printable or event.key not in self.keymap["mute"].split(","):
            return
        from textual.widgets import Input  # noqa: PLC0415 - not for the first picture

        if isinstance(self.focused, Input):
            event.stop()
            self.action_mute()

    def _lock_when_idle(self) -> None:
        minutes, overview = self.settings.tui.auto_lock_min, self.history.overview
        if minutes and overview.asks and not overview.locked and time.monotonic() - self._touched > minutes * 60:
            self.action_history("lock")

    # What the keys, the mouse and the palette do (keys.py).

    def action_mute(self) -> None:
        """Mute or unmute, whoever listens."""
        self.ear.mute("the dashboard")

    def action_talk(self) -> None:
        """Begin a request without a wake word, here or at the listener that runs."""
        self.ear.talk()

    def action_listen(self) -> None:
        """Start listening in this terminal, or end it."""
        self.ear.listen()

    def action_history(self, verb: str) -> None:
        """Do something with the history: play, feedback, export, copy, delete, search and so on."""
        self.start(self.history_actions.verbs[verb]())

    def action_zoom(self, by: int) -> None:
        """Show a longer or a shorter time of traffic."""
        self.start(self._traffic_worker.zoom(by))

    def action_open(self) -> None:
        """Open what is selected: the evidence of a verdict, or a recording."""
        if self.screen.focused is self.traffic and self.traffic.selected is not None:
            from echoctl.tui.screens.evidence import Evidence  # noqa: PLC0415 - not for the first picture

            self.push_screen(Evidence(self.traffic.selected))
        else:
            self.action_history("open")

    def action_view(self, view: str) -> None:
        """Show one pane alone, or all; the same key once more shows all again."""
        self.view = "all" if view == self.view else view
        layout.turn(self.screen_stack[0], self.view)
        self.keybar.show(self.view)
        (self.traffic if self.view == "traffic" else self.history).focus()

    def action_next_pane(self) -> None:
        """Move the focus to the next pane."""
        self.screen.focus_next()

    async def action_back(self) -> None:
        """Go back: from a search or what it found to everything, from one pane to all."""
        self.history_actions.give_up()
        if self.history.filtered:
            self.history.show_found(None)
            layout.title_history(self.history)
        elif self.view != "all":
            self.action_view("all")
        self.keybar.clear()

    def action_keys(self) -> None:
        """Show every key, with what it does and the command that does the same."""
        from echoctl.tui.screens.keys import Keys  # noqa: PLC0415 - not for the first picture

        self.push_screen(Keys(self.keymap))

    def action_command_palette(self) -> None:
        """Show every verb, to be found by some letters."""
        from echoctl.tui.screens import palette  # noqa: PLC0415 - not for the first picture

        self.push_screen(palette.commands())

    def search_themes(self) -> None:
        """Show every theme, as Textual's own action does it."""
        from echoctl.tui.screens import palette  # noqa: PLC0415 - not for the first picture

        self.push_screen(palette.themes())

    async def action_quit(self) -> None:
        """End; what is being recorded is sealed first."""
        self.exit(ExitCode.OK)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Tell the palette every verb: those of the keys, and those that run in the terminal."""
        for key in keys.KEYS:
            yield SystemCommand(key.label, key.text, partial(self.call_next, self.run_action, key.action))
        yield SystemCommand("theme", "dark, light, high contrast, mono, the terminal's own", self.search_themes)
        for words, text in shell_commands.VERBS:
            lend = partial(shell_commands.run, self, words.split())
            yield SystemCommand(words, f"{text}: runs in the terminal", lend)
