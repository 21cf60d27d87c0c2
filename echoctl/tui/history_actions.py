"""What a person does with the history from the dashboard: each verb asks, calls the service, and says what came of it.

What touches the store is in history_worker.py.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from echoctl.errors import EchoctlError, VaultLocked
from echoctl.model.speech import Feedback, Recording, Selection
from echoctl.text.format import counted, plan_text, said, size_text
from echoctl.tui import layout
from echoctl.tui.history_worker import HistoryWorker
from echoctl.tui.host import Host
from echoctl.tui.live_panes import LivePanes
from echoctl.tui.widgets.history import HistoryList

if TYPE_CHECKING:
    from echoctl.services.history.page_index import Overview
    from echoctl.services.history.player import Player
    from echoctl.tui.screens.detail import Detail

TYPED = "delete all"
"""What must be typed to delete everything."""


class HistoryActions:
    """The verbs of the history, about the recording that is open, else the one under the cursor."""

    def __init__(self, host: Host, pane: HistoryList, live: LivePanes) -> None:
        self._host = host
        self._pane = pane
        self._live = live
        self._worker = HistoryWorker()
        self._player: Player | None = None
        self._renewing = False
        self._again = False
        self.verbs: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "open": self.open,
            "play": self.play,
            "feedback": self.feedback,
            "export": self.export,
            "copy": self.copy,
            "delete": self.delete,
            "delete_all": self.delete_all,
            "search": self.search,
            "unlock": self.unlock,
            "lock": self.lock,
        }
        """What the keys do, by the names that their actions have (keys.py)."""
        pane.want = lambda number: host.start(self.fetch(number))

    def close(self) -> None:
        """Stop the sound, and forget the key of the vault."""
        if self._player is not None:
            self._player.stop()
        self._worker.close()

    async def renew(self) -> None:
        """Look at the history again; changes that come meanwhile are looked at once more, together."""
        self._again = True
        if self._renewing:
            return
        self._renewing = True
        try:
            while self._again:
                self._again = False
                overview, newest = await self._worker.overview(with_newest=self._pane.at_top)
                self._list_changed(overview)
                if newest:
                    self._pane.put(0, newest)
        finally:
            self._renewing = False

    async def fetch(self, number: int) -> None:
        """A page that has come into view; what was fetched of a list that has changed meanwhile is asked for again."""
        overview = self._pane.overview
        page = await self._worker.page(overview.before(number))
        if self._pane.overview is overview:
            self._pane.put(number, page)

    async def open(self) -> None:
        """Open the recording in a screen of its own; a locked one shows times and lengths only."""
        if (one := self._current()) is None:
            return
        uid = one.id
        self._show_detail(one if one.locked else await self._worker.show(uid))

    async def play(self) -> None:
        """Play the recording, or be silent again."""
        player = self._playing()
        if player.is_playing:
            await asyncio.to_thread(player.stop)
            self._show_position(None)
            return
        if (one := self._current()) is None:
            return
        uid = one.id
        _, flac = await self._worker.flac(uid)
        if self._detail is None:
            await self.open()

        def tell(seconds: float | None) -> None:
            self._host.call_later(self._show_position, seconds)

        def end(problem: EchoctlError | None) -> None:
            tell(None)
            if problem is not None:
                self._host.call_later(self._host.complain, problem)

        player.play(flac, tell, end)

    async def feedback(self) -> None:
        """Ask whether the text is right, and what was said."""
        if (one := self._current()) is None:
            return
        choices = [("r", "right"), ("w", "wrong"), ("t", "type it")]
        answer = await self._ask("is the text right?", [said(one)], choices=choices)
        text = None
        if answer == "t":
            text = await self._ask("what was said?", field=True, preset=_text(one))
            if text is None:
                return
        if answer is None:
            return
        word, uid = Feedback.RIGHT if answer == "r" else Feedback.WRONG, one.id
        await self._worker.note(uid, word, text)
        self._host.say(f"marked as {word}")
        await self._refresh_detail(uid)

    async def export(self) -> None:
        """Ask where to, and write the sound there in the clear."""
        if (one := self._current()) is None:
            return
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(one.at_ms / 1000))
        lines = ["Written in the clear, readable by you alone. Nothing is overwritten. wav or flac by its ending."]
        preset = os.path.join(os.getcwd(), f"{stamp}-{one.id[:10]}.wav")
        path = await self._ask("export to", lines, field=True, preset=preset)
        if path is None:
            return
        uid, target = one.id, os.path.expanduser(path)
        size = await self._worker.export(uid, target)
        self._host.say(f"written to {target}, {size_text(size)}", "good")

    async def copy(self) -> None:
        """Put the text on the clipboard of the terminal (OSC 52)."""
        one = self._current()
        if one is None:
            return
        if one.transcript is None:
            raise VaultLocked("there is no text to copy", "u unlocks it" if one.locked else "it was stored without one")
        self._host.copy_to_clipboard(_text(one))
        self._host.say("copied to the clipboard")

    async def delete(self) -> None:
        """Show the plan, ask, delete, report."""
        from echoctl.services.purging import purge  # noqa: PLC0415 - with the vault's cryptography, which is loaded by now

        if (one := self._current()) is None:
            return
        plan = await self._worker.do(lambda: purge.plan(Selection(ids=(one.id,))))
        lines = [plan_text(plan), said(one), "Its key is overwritten: nothing opens it again."]
        if await self._ask("delete", lines, danger=True, choices=[("y", "delete it")]) != "y":
            return
        self._close_screens()
        report = await self._worker.do(lambda: purge.run(plan))
        self._pane.forget(one.id)
        self._report(report.count, report.size, report.keys_dead)

    async def delete_all(self) -> None:
        """Show the plan, have it typed out, delete everything, report."""
        from echoctl.services.purging import purge  # noqa: PLC0415 - with the vault's cryptography, which is loaded by now

        plan = await self._worker.do(lambda: purge.plan(Selection(all=True)))
        lines = [plan_text(plan), "Their keys are overwritten: nothing opens them again, with any passphrase."]
        if await self._ask("delete everything", lines, field=True, typed=TYPED, danger=True) is None:
            return
        report = await self._worker.do(lambda: purge.run(plan))
        self._live.forget_words()
        self._pane.show_found(None)
        self._report(report.count, report.size, report.keys_dead)

    async def search(self) -> None:
        """Ask for words, and show only the recordings in which they were said."""
        overview = self._pane.overview
        if overview.locked:
            raise VaultLocked("the texts are locked", "u unlocks them, then they can be searched")
        words = await self._ask("search", ["Words that were said."], field=True)
        if words is None:
            return
        self._host.say("searching: Esc gives up")
        found = await self._worker.search(words)
        self._host.say("")
        if found is not None:
            self._pane.show_found(found)
            self._list_changed(self._pane.overview)

    def give_up(self) -> None:
        """End the search that is running, if one is."""
        self._worker.give_up()

    async def unlock(self) -> None:
        """Open the texts, with a passphrase where one is set."""
        seen = self._pane.overview
        if not seen.locked:
            self._host.say("the texts are open; l locks them")
            return
        if not seen.asks:
            await self._worker.unlock(None)
        else:
            lines = ["It opens the texts for this dashboard alone, until l, q, or some minutes without a key."]
            given = await self._ask("passphrase", lines, field=True, secret=True)
            if given is None:
                return
            self._host.say("opening …")
            await self._worker.unlock(given)
        self._host.say("unlocked", "good")
        await self.renew()

    async def lock(self) -> None:
        """Forget the key, and every text on the screen."""
        await self._worker.lock()
        self._close_screens()
        self._live.forget_words()
        self._pane.show_found(None)
        self._host.say("locked: times and lengths only")
        await self.renew()

    @property
    def _detail(self) -> "Detail | None":
        """The screen of the recording that is open."""
        if len(self._host.screen_stack) < 2:
            return None
        from echoctl.tui.screens.detail import Detail  # noqa: PLC0415 - not for the first picture

        return next((screen for screen in self._host.screen_stack if isinstance(screen, Detail)), None)

    def _current(self) -> Recording | None:
        """The recording that a verb is about: the one that is open, else the one under the cursor."""
        return self._detail.recording if self._detail else self._pane.selected

    def _show_detail(self, recording: Recording) -> None:
        if self._detail is not None:
            self._detail.show(recording)
        else:
            from echoctl.tui.screens.detail import Detail  # noqa: PLC0415 - not for the first picture

            self._host.push_screen(Detail(recording, self._host.keymap))

    def _close_screens(self) -> None:
        """Back to the panes; whoever waits for an answer gets none."""
        while len(self._host.screen_stack) > 1:
            self._host.screen_stack[-1].dismiss(None)

    def _show_position(self, seconds: float | None) -> None:
        if self._detail is not None:
            self._detail.at(seconds)

    def _list_changed(self, overview: "Overview") -> None:
        self._pane.renew(overview)
        layout.title_history(self._pane)

    async def _ask(self, title: str, lines: Sequence[str] = (), **more: Any) -> str | None:
        from echoctl.tui.screens.question import Asked, Question  # noqa: PLC0415 - not for the first picture

        return await self._host.push_screen_wait(Question(Asked(title, lines, **more)))

    def _report(self, count: int, size: int, dead: bool) -> None:
        text = f"deleted {counted(count)}, {size_text(size)}"
        if dead:
            self._host.say(f"{text}: the keys are overwritten", "good")
        else:
            self._host.say(f"{text}, but something keeps traces in the write-ahead log: echoctl db check", "warn")

    async def _refresh_detail(self, uid: str) -> None:
        if self._detail is not None:
            self._detail.show(await self._worker.show(uid))

    def _playing(self) -> "Player":
        from echoctl.services.history.player import Player  # noqa: PLC0415 - where one wants to hear something

        self._player = self._player or Player()
        return self._player


def _text(recording: Recording) -> str:
    if recording.correction:
        return recording.correction
    return recording.transcript.text if recording.transcript else ""
