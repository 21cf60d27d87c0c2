"""What a person does with the history from the dashboard: each verb asks, calls the service, and says what came of it.

What touches the store is in history_worker.py.
"""

import asyncio
import os
import time
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from echoctl.errors import EchoctlError, VaultLocked
from echoctl.model.speech import Feedback, Recording, Selection
from echoctl.text.format import counted, plan_text, said, size_text
from echoctl.tui.history_worker import HistoryWorker

if TYPE_CHECKING:
    from echoctl.services.history.player import Player
    from echoctl.tui.actions import Controls

TYPED = "delete all"
"""What must be typed to delete everything."""


class HistoryActions:
    """The verbs of the history."""

    def __init__(self, app: "Controls") -> None:
        self._app = app
        self._worker = HistoryWorker()
        self._player: Player | None = None
        self._renewing = False
        self._again = False

    def close(self) -> None:
        """Silence, and forget the key."""
        if self._player is not None:
            self._player.stop()
        self._worker.close()

    def start(self, verb: Coroutine[Any, Any, None]) -> None:
        """Run a verb; what goes wrong is a sentence on the bottom line."""
        self._app.run_worker(self._guarded(verb), group="records", exit_on_error=True)

    async def renew(self) -> None:
        """Look at the history again; changes that come meanwhile are looked at once more, together."""
        self._again = True
        if self._renewing:
            return
        self._renewing = True
        try:
            while self._again:
                self._again = False
                overview, newest = await self._worker.overview(with_newest=self._app.history.at_top)
                self._app.history_changed(overview)
                if newest:
                    self._app.history.put(0, newest)
        finally:
            self._renewing = False

    async def fetch(self, number: int) -> None:
        """A page that has come into view; what was fetched of a list that has changed meanwhile is asked for again."""
        history = self._app.history
        overview = history.overview
        page = await self._worker.page(overview.before(number))
        if history.overview is overview:
            history.put(number, page)

    async def open(self) -> None:
        """Show the selected recording."""
        if (one := self._app.current()) is None:
            return
        uid = one.id
        self._app.show_detail(one if one.locked else await self._worker.show(uid))

    async def play(self) -> None:
        """Play the recording, or be silent again."""
        player = self._playing()
        if player.is_playing:
            await asyncio.to_thread(player.stop)
            self._app.played(None)
            return
        if (one := self._app.current()) is None:
            return
        uid = one.id
        _, flac = await self._worker.flac(uid)
        if self._app.detail is None:
            await self.open()

        def tell(seconds: float | None) -> None:
            self._app.call_later(self._app.played, seconds)

        def end(problem: EchoctlError | None) -> None:
            tell(None)
            if problem is not None:
                self._app.call_later(self._app.complain, problem)

        player.play(flac, tell, end)

    async def feedback(self) -> None:
        """Ask whether the text is right, and what was said."""
        if (one := self._app.current()) is None:
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
        self._app.say(f"marked as {word}")
        await self._refresh_detail(uid)

    async def export(self) -> None:
        """Ask where to, and write the sound there in the clear."""
        if (one := self._app.current()) is None:
            return
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(one.at_ms / 1000))
        lines = ["Written in the clear, readable by you alone. Nothing is overwritten. wav or flac by its ending."]
        preset = os.path.join(os.getcwd(), f"{stamp}-{one.id[:10]}.wav")
        path = await self._ask("export to", lines, field=True, preset=preset)
        if path is None:
            return
        uid, target = one.id, os.path.expanduser(path)
        size = await self._worker.export(uid, target)
        self._app.say(f"written to {target}, {size_text(size)}", "good")

    async def copy(self) -> None:
        """Put the text on the clipboard of the terminal (OSC 52)."""
        one = self._app.current()
        if one is None:
            return
        if one.transcript is None:
            raise VaultLocked("there is no text to copy", "u unlocks it" if one.locked else "it was stored without one")
        self._app.copy_to_clipboard(_text(one))
        self._app.say("copied to the clipboard")

    async def delete(self) -> None:
        """Show the plan, ask, delete, report."""
        from echoctl.services.purging import purge  # noqa: PLC0415 - with the vault's cryptography, which is loaded by now

        if (one := self._app.current()) is None:
            return
        plan = await self._worker.do(lambda: purge.plan(Selection(ids=(one.id,))))
        lines = [plan_text(plan, False), said(one), "Its key is overwritten: nothing opens it again."]
        if await self._ask("delete", lines, danger=True, choices=[("y", "delete it")]) != "y":
            return
        self._app.close_detail()
        report = await self._worker.do(lambda: purge.run(plan))
        self._app.history.forget(one.id)
        self._report(report.count, report.size, report.keys_dead)

    async def delete_all(self) -> None:
        """Show the plan, have it typed out, delete everything, report."""
        from echoctl.services.purging import purge  # noqa: PLC0415 - with the vault's cryptography, which is loaded by now

        plan = await self._worker.do(lambda: purge.plan(Selection(all=True)))
        lines = [plan_text(plan, True), "Their keys are overwritten: nothing opens them again, with any passphrase."]
        if await self._ask("delete everything", lines, field=True, typed=TYPED, danger=True) is None:
            return
        report = await self._worker.do(lambda: purge.run(plan))
        self._app.forget_words()
        self._app.history.show_found(None)
        self._report(report.count, report.size, report.keys_dead)

    async def search(self) -> None:
        """Ask for words, and show only the recordings in which they were said."""
        overview = self._app.history.overview
        if overview.locked:
            raise VaultLocked("the texts are locked", "u unlocks them, then they can be searched")
        words = await self._ask("search", ["Words that were said."], field=True)
        if words is None:
            return
        self._app.say("searching: Esc gives up")
        found = await self._worker.search(words)
        self._app.keybar.clear()
        if found is not None:
            self._app.history.show_found(found)
            self._app.history_changed(self._app.history.overview)

    def give_up(self) -> None:
        """End a search that is running."""
        self._worker.give_up()

    async def unlock(self) -> None:
        """Open the texts, with a passphrase where one is set."""
        seen = self._app.history.overview
        if not seen.locked:
            self._app.say("the texts are open; l locks them")
            return
        if not seen.asks:
            await self._worker.unlock(None)
        else:
            lines = ["It opens the texts for this dashboard alone, until l, q, or some minutes without a key."]
            given = await self._ask("passphrase", lines, field=True, secret=True)
            if given is None:
                return
            self._app.say("opening …")
            await self._worker.unlock(given)
        self._app.say("unlocked", "good")
        await self.renew()

    async def lock(self) -> None:
        """Forget the key, and every text on the screen."""
        await self._worker.lock()
        self._app.close_detail()
        self._app.forget_words()
        self._app.history.show_found(None)
        self._app.say("locked: times and lengths only")
        await self.renew()

    async def _ask(self, title: str, lines: Sequence[str] = (), **more: Any) -> str | None:
        from echoctl.tui.screens.question import Asked, Question  # noqa: PLC0415 - not for the first picture

        return await self._app.push_screen_wait(Question(Asked(title, lines, **more)))

    def _report(self, count: int, size: int, dead: bool) -> None:
        text = f"deleted {counted(count)}, {size_text(size)}"
        if dead:
            self._app.say(f"{text}: the keys are overwritten", "good")
        else:
            self._app.say(f"{text}, but something keeps traces in the write-ahead log: echoctl db check", "warn")

    async def _refresh_detail(self, uid: str) -> None:
        if self._app.detail is not None:
            self._app.detail.show(await self._worker.show(uid))

    async def _guarded(self, verb: Coroutine[Any, Any, None]) -> None:
        try:
            await verb
        except EchoctlError as error:
            self._app.complain(error)
        except OSError as error:
            self._app.complain(EchoctlError(f"{error.filename or 'the disk'}: {error.strerror}", "nothing was written"))

    def _playing(self) -> "Player":
        from echoctl.services.history.player import Player  # noqa: PLC0415 - where one wants to hear something

        self._player = self._player or Player()
        return self._player


def _text(recording: Recording) -> str:
    if recording.correction:
        return recording.correction
    return recording.transcript.text if recording.transcript else ""
