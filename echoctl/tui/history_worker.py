"""What the dashboard does with the store of the history: on a thread of its own, so no picture waits for the disk."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from echoctl.errors import NotFound
from echoctl.model.speech import Feedback, Recording, Selection

if TYPE_CHECKING:
    from echoctl.services.history.browser import Browser
    from echoctl.services.history.page_index import Overview

T = TypeVar("T")

MOST_FOUND = 1000
"""How many recordings a search shows."""


class _GivenUp(Exception):
    """Nobody waits for the search any more."""


class HistoryWorker:
    """The thread, and the history that is looked through on it. Its verbs raise what the services raise."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._opened: Browser | None = None
        self._given_up = threading.Event()

    async def do(self, work: Callable[[], T]) -> T:
        """Wait for something that is done on the thread, after all that was asked for before."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Finish what was begun, but a search, and forget the key."""
        self.give_up()
        self._thread.submit(self._forget)
        self._thread.shutdown(wait=True, cancel_futures=False)

    async def overview(self, *, with_newest: bool) -> "tuple[Overview, list[Recording]]":
        """How much there is, and the newest page where it is in view: on its own it would come a picture later."""

        def look() -> "tuple[Overview, list[Recording]]":
            overview = self._browser.overview()
            return overview, self._browser.page(None) if with_newest and overview.total else []

        return await self.do(look)

    async def page(self, before: str | None) -> list[Recording]:
        """The recordings that follow an id."""
        return await self.do(lambda: self._browser.page(before))

    async def show(self, uid: str) -> Recording:
        """Read a recording with its words."""

        def show() -> Recording:
            with self._browser.opened() as history:
                return history.show(uid)

        return await self.do(show)

    async def flac(self, uid: str) -> tuple[Recording, bytes]:
        """Read a recording and its sound, as FLAC."""

        def flac() -> tuple[Recording, bytes]:
            with self._browser.opened() as history:
                return history.flac(uid)

        return await self.do(flac)

    async def note(self, uid: str, word: Feedback, text: str | None) -> None:
        """Keep what a person says of a text."""

        def note() -> None:
            with self._browser.opened() as history:
                history.feedback(uid, word, text)

        await self.do(note)

    async def export(self, uid: str, path: str) -> int:
        """Write the sound in the clear, as wav or flac by the ending; returns its bytes."""

        def export() -> int:
            from echoctl.services.history import exporting  # noqa: PLC0415 - with the codec, where something is exported

            if os.path.isdir(path):
                raise NotFound(f"{path} is a folder", "name a file in it")
            with self._browser.opened() as history:
                kind = "flac" if path.lower().endswith(".flac") else "wav"
                return exporting.to_file(history, uid, kind, path).size

        return await self.do(export)

    async def search(self, words: str) -> list[Recording] | None:
        """The newest recordings in which the words were said; None when it was given up."""
        self._given_up.clear()

        def search() -> list[Recording]:
            from echoctl.services.history import search  # noqa: PLC0415 - with the vault's cryptography, loaded by now

            wanted = search.containing(words)

            def matches(text: str) -> object:
                if self._given_up.is_set():
                    raise _GivenUp
                return wanted(text)

            with self._browser.opened() as history:
                looking = search.Search(history, matches, Selection(all=True))
                return [history.show(uid) for uid in islice(looking, MOST_FOUND)]

        with contextlib.suppress(_GivenUp):
            return await self.do(search)
        return None

    def give_up(self) -> None:
        """End the search that is running, if one is: it returns None."""
        self._given_up.set()

    async def unlock(self, given: str | None) -> None:
        """Open the texts, with a passphrase if one was given."""

        def unlock() -> None:
            from echoctl.services.vault.credential import OwnerCredential, as_passphrase  # noqa: PLC0415 - with the vault's cryptography, loaded by now

            self._browser.unlock(OwnerCredential(lambda: None if given is None else as_passphrase(given)))

        await self.do(unlock)

    async def lock(self) -> None:
        """Forget the key: from now on the texts are locked."""
        await self.do(lambda: self._browser.lock())

    @property
    def _browser(self) -> "Browser":
        from echoctl.services.history.browser import Browser  # noqa: PLC0415 - cryptography, after the first picture

        self._opened = self._opened or Browser()
        return self._opened

    def _forget(self) -> None:
        if self._opened is not None:
            self._opened.lock()
