"""What keys, the mouse and the palette do: each action calls a service or changes what is shown."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App, SystemCommand
from textual.screen import Screen

from echoctl.config.schema import Config
from echoctl.errors import EchoctlError, ExitCode
from echoctl.model.speech import Recording
from echoctl.services import state, watch_state
from echoctl.services.history.page_index import Overview
from echoctl.services.listening.ear_spec import EarSpec
from echoctl.tui import keys, layout, shell_commands, theme
from echoctl.tui.feed import EarFeed
from echoctl.tui.history_actions import HistoryActions
from echoctl.tui.live_state import Now, Role
from echoctl.tui.traffic_worker import TrafficWorker
from echoctl.tui.widgets.history import HistoryList
from echoctl.tui.widgets.keybar import KeyBar
from echoctl.tui.widgets.now import NowPane
from echoctl.tui.widgets.ring import RingWidget
from echoctl.tui.widgets.status import StatusLine
from echoctl.tui.widgets.traffic import TrafficPane

if TYPE_CHECKING:
    from echoctl.tui.screens.detail import Detail


@dataclass(frozen=True, slots=True)
class Options:
    """How the dashboard is started."""

    spec: EarSpec
    listen: bool = True
    """Start an ear of our own when none runs."""
    theme: str = theme.DEFAULT
    ascii: bool = False
    motion: bool = True


class Controls(App[int]):
    """The dashboard's actions, over the panes that app.py lays out."""

    options: Options
    settings: Config
    keymap: Mapping[str, str]
    now: Now
    view: str
    listened: bool
    """An ear of our own was started."""
    ring: RingWidget
    pane: NowPane
    history: HistoryList
    traffic: TrafficPane
    keybar: KeyBar
    status: StatusLine
    word: StatusLine
    _history_actions: HistoryActions
    _traffic_worker: TrafficWorker
    _ear: EarFeed | None

    def show_now(self) -> None:
        """Show this moment in every pane."""
        raise NotImplementedError

    # What the verbs of the history need.

    @property
    def detail(self) -> "Detail | None":
        """The recording that is open."""
        if len(self.screen_stack) < 2:
            return None
        from echoctl.tui.screens.detail import Detail  # noqa: PLC0415 - not for the first picture

        return next((screen for screen in self.screen_stack if isinstance(screen, Detail)), None)

    def current(self) -> Recording | None:
        """The recording that a verb is about."""
        return self.detail.recording if self.detail else self.history.selected

    def history_changed(self, overview: Overview) -> None:
        """The list is another one now."""
        self.history.renew(overview)
        layout.title_history(self, overview)

    def show_detail(self, recording: Recording) -> None:
        """Open a recording, or show it anew."""
        if self.detail is not None:
            self.detail.show(recording)
        else:
            from echoctl.tui.screens.detail import Detail  # noqa: PLC0415 - not for the first picture

            self.push_screen(Detail(recording, self.keymap))

    def close_detail(self) -> None:
        """Back to the panes."""
        while len(self.screen_stack) > 1:
            self.screen.dismiss(None)  # whoever waits for an answer gets none

    def played(self, seconds: float | None) -> None:
        """Where the sound is."""
        if self.detail is not None:
            self.detail.at(seconds)

    def forget_words(self) -> None:
        """Nothing that was said stays on the screen."""
        if self.now.last is not None:
            self.now = replace(self.now, last=replace(self.now.last, text=None), partial="")
            self.show_now()

    def say(self, text: str, style: str = "") -> None:
        """Something for the bottom line."""
        self.keybar.say(text, style)

    def complain(self, error: EchoctlError) -> None:
        """What went wrong, as a sentence and what to do."""
        self.say(f"{error.message}: {error.hint}" if error.hint else error.message, "bad")

    # What keys do.

    def action_mute(self) -> None:
        """Mute or unmute."""
        self.run_worker(self._toggle_mute("the dashboard"), group="mute")

    async def _toggle_mute(self, by: str) -> None:
        try:
            await asyncio.to_thread(state.toggle_muted, by)
        except EchoctlError as error:
            self.complain(error)

    def action_talk(self) -> None:
        """Begin a request without a wake word, here or at the listener that runs."""
        try:
            if self.now.muted:
                self.say(f"muted: {keys.shown(self.keymap['mute'])} opens the microphone")
            elif self._ear is not None:
                self._ear.push()
            else:
                watch_state.request(state.snapshot())
        except EchoctlError as error:
            self.complain(error)

    def action_listen(self) -> None:
        """Start our own ear, or end it."""
        if self._ear is not None:
            self._ear.stop()
        elif state.listener_alive():
            self.say(f"the listener with pid {self.now.pid} belongs to another terminal: end it there")
        else:
            self.now = replace(self.now, role=Role.STARTING, trouble="")
            self.listened = True
            self._ear = EarFeed(self.options.spec, self.settings, self.post_message)
            self.show_now()

    def action_view(self, view: str) -> None:
        """Show one pane alone, or all; the same key once more shows all again."""
        self.view = "all" if view == self.view else view
        layout.turn(self.screen_stack[0], self.view)
        self.keybar.show(self.view)
        (self.traffic if self.view == "traffic" else self.history).focus()

    def action_next_pane(self) -> None:
        """To the next pane."""
        self.screen.focus_next()

    def action_open(self) -> None:
        """Open what is selected: the evidence of a verdict, or a recording."""
        if self.screen.focused is self.traffic and self.traffic.selected is not None:
            from echoctl.tui.screens.evidence import Evidence  # noqa: PLC0415 - not for the first picture

            self.push_screen(Evidence(self.traffic.selected))
        else:
            self.action_record("open")

    def action_zoom(self, by: int) -> None:
        """A longer or a shorter time of traffic."""
        self._history_actions.start(self._traffic_worker.zoom(by))

    def action_record(self, verb: str) -> None:
        """A verb of the history: play, feedback, export, copy, delete, search and so on."""
        self._history_actions.start(getattr(self._history_actions, verb)())

    async def action_back(self) -> None:
        """From a search or what it found to everything, from one pane to all."""
        self._history_actions.give_up()
        if self.history.filtered:
            self.history.show_found(None)
            layout.title_history(self, self.history.overview)
        elif self.view != "all":
            self.action_view("all")
        self.keybar.clear()

    def action_keys(self) -> None:
        """Show the keys."""
        from echoctl.tui.screens.keys import Keys  # noqa: PLC0415 - not for the first picture

        self.push_screen(Keys(self.keymap))

    def action_command_palette(self) -> None:
        """Every verb, to be found by some letters."""
        from echoctl.tui.screens import palette  # noqa: PLC0415 - not for the first picture

        self.push_screen(palette.commands())

    def search_themes(self) -> None:
        """Every theme, as Textual's own action does it."""
        from echoctl.tui.screens import palette  # noqa: PLC0415 - not for the first picture

        self.push_screen(palette.themes())

    def action_run(self, words: str) -> None:
        """Lend the terminal to another command."""
        shell_commands.run(self, words.split())

    async def action_quit(self) -> None:
        """End; what is being recorded is sealed first."""
        self.exit(ExitCode.OK)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every verb, for the palette."""
        for key in keys.KEYS:
            yield SystemCommand(key.label, key.text, partial(self.call_next, self.run_action, key.action))
        yield SystemCommand("theme", "dark, light, high contrast, mono, the terminal's own", self.search_themes)
        for words, text in shell_commands.VERBS:
            yield SystemCommand(words, f"{text}: runs in the terminal", partial(self.action_run, words))
