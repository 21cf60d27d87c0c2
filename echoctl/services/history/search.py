"""Searching the history: texts are opened newest first, in batches, in memory, until enough was found.

There is no index, neither on disk nor in memory: nothing of what was said is written down for the sake of a search,
and opening the texts costs more than looking through them (docs/decisions/0010).
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from echoctl.clock import id_bytes
from echoctl.errors import NotFound, UsageError, VaultDamaged
from echoctl.model.speech import Selection
from echoctl.services.history.reader import History
from echoctl.store import recordings
from echoctl.store.recordings import Sealed
from echoctl.vault import format as fmt

Matcher = Callable[[str], object]
"""True for text that is what was looked for."""

_FIRST_BATCH, _LARGEST_BATCH = 32, 2048
"""Texts opened at a time: few at first, because the newest are usually wanted, then twice as many each time."""

_START = b'{"text":'
"""How a text's JSON begins when echoctl has written it."""

_decoder = json.JSONDecoder()


class Search:
    """One way through the history; counts what it could not look into."""

    def __init__(self, opened: History, matches: Matcher, selection: Selection, before: str | None = None) -> None:
        """Prepare to look through what `selection` names, in recordings older than the id `before` if given."""
        self._opened = opened
        self._matches = matches
        self._selection = selection
        self._before = before
        self.looked = 0
        """Texts that were opened."""
        self.damaged = 0
        """Texts that did not open: what was said in them is not known."""

    def __iter__(self) -> Iterator[str]:
        """The ids of what matches, the newest first. Raises VaultLocked."""
        for sealed, text in self._texts():
            if text is None:
                self._missed(sealed)
                continue
            self.looked += 1
            if self._matches(text) or (sealed.correction and self._matches(self._correction(sealed))):
                yield sealed.uid

    def _missed(self, sealed: Sealed) -> None:
        """Count a text that does not open; one that was purged meanwhile is not there. Raises VaultLocked."""
        problem = self._opened.failure(sealed)
        if isinstance(problem, VaultDamaged):
            self.damaged += 1
        elif not isinstance(problem, NotFound):
            raise problem

    def _texts(self) -> Iterator[tuple[Sealed, str | None]]:
        size, before = _FIRST_BATCH, self._before
        # One short query per batch: a reader that stays would keep a purge from finishing.
        while batch := recordings.texts(self._opened.connection, self._selection, size, before):
            for epoch, group in groupby(batch, key=lambda sealed: sealed.epoch):
                if self._opened.foreign(epoch):
                    continue
                yield from self._epoch(epoch, list(group))
            size, before = min(size * 2, _LARGEST_BATCH), batch[-1].uid

    def _epoch(self, number: int, group: Sequence[Sealed]) -> Iterator[tuple[Sealed, str | None]]:
        """The texts of recordings that share an epoch; None for each that does not open."""
        epoch, slab = self._opened.epoch(number)
        if epoch is None:
            yield from ((sealed, None) for sealed in group)
            return
        items = ((seq, _slot(seq, slab), _name(uid), at_ms, text) for uid, _, seq, at_ms, text, _ in group)
        try:
            for sealed, plain in zip(group, self._opened.reader.texts(*epoch, items), strict=True):
                yield sealed, _said(plain)
        except VaultDamaged:  # the epoch's root, so nothing of the group has been given yet
            yield from ((sealed, None) for sealed in group)

    def _correction(self, sealed: Sealed) -> str:
        """What a person said was said; empty when it does not open."""
        try:
            return self._opened.show(sealed.uid).correction or ""
        except (VaultDamaged, NotFound):
            return ""


def matching(opened: History, matches: Matcher, selection: Selection) -> tuple[tuple[str, ...], int]:
    """The ids of all that matches, newest first, and the number of texts that did not open. Raises VaultLocked."""
    search = Search(opened, matches, selection)
    return tuple(search), search.damaged


def containing(words: str) -> Matcher:
    """A matcher of these words in this order, whatever the case and however accents are written. Raises UsageError."""
    wanted = _folded(" ".join(words.split()))
    if not wanted:
        raise UsageError("say what to search for", "a word or several: echoctl history search light")
    return lambda text: wanted in _folded(text)


def like(pattern: str) -> Matcher:
    """A matcher of text in which a Python regular expression is found, whatever the case. Raises UsageError."""
    try:
        return re.compile(unicodedata.normalize("NFC", pattern), re.IGNORECASE).search
    except (re.error, OverflowError, RecursionError) as exc:
        raise UsageError(f"not a regular expression: {exc}", "docs.python.org/3/library/re.html") from None


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def _said(plain: bytes | None) -> str | None:
    """The text alone, without building its words; None where there is none."""
    if plain is None:
        return None
    try:
        whole = plain.decode()
        if plain.startswith(_START):
            said, _ = _decoder.raw_decode(whole, len(_START))
        else:
            said = json.loads(whole)["text"]
    except (ValueError, LookupError, TypeError):
        return None
    return said if isinstance(said, str) else None


def _slot(seq: int, slab: bytes) -> bytes:
    at = max(seq, 0) * fmt.WRAP_BYTES
    return slab[at : at + fmt.WRAP_BYTES]


def _name(uid: str) -> bytes:
    """The id's bytes; b"", with which nothing opens, for a damaged id."""
    try:
        return id_bytes(uid)
    except ValueError:
        return b""
