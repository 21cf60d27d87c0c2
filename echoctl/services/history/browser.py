"""The history as somebody looks through it for a while: unlocked once, read page by page, locked again.

Between two calls no connection is open, so nothing here keeps a purge from emptying the log, and a database that
vanishes or is replaced is an error of one call and not the end of the browser.
"""

import contextlib
from collections.abc import Iterator

from echoctl import paths
from echoctl.errors import EchoctlError, NotFound, VaultDamaged, VaultLocked
from echoctl.model.speech import Recording, Selection
from echoctl.services.history.page_index import PAGE, Overview
from echoctl.services.history.reader import History
from echoctl.services.vault import unlocking
from echoctl.services.vault.credential import Credential, OwnerCredential
from echoctl.store import recordings
from echoctl.store import vaults as rows
from echoctl.store.database import db
from echoctl.vault.epoch import VaultReader


class Browser:
    """One person's look at the history. One thread uses it."""

    def __init__(self) -> None:
        self._reader: VaultReader | None = None
        self._vault: tuple[bytes, int] | None = None
        """What the reader opens: another vault, or another seed of it, needs another reader."""
        self._wished = True
        """False once somebody locked it: then only `unlock` opens it again."""
        self._problem: EchoctlError | None = None

    def overview(self) -> Overview:
        """Count, and open what opens without being asked, unless it was locked. Raises StoreError."""
        if not db.exists(paths.database()):
            self._close()
            return Overview()
        with db.session(paths.database()) as connection:
            self._follow(connection)
            total, ladder = recordings.ladder(connection, PAGE)
        locked = self._reader is None
        return Overview(total, tuple(ladder), locked, self._asks(), self._problem if locked else None)

    def page(self, before: str | None) -> list[Recording]:
        """The recordings that follow an id, newest first. Raises StoreError."""
        with self.opened() as history:
            return history.page(Selection(all=True), PAGE, before)

    def unlock(self, credential: Credential) -> None:
        """Open the vault. Raises VaultLocked for a wrong passphrase, VaultDamaged, NotFound, StoreError."""
        with db.session(paths.database()) as connection:
            self._open(connection, credential)
        self._wished = True

    def lock(self) -> None:
        """Wipe the key, and keep the texts locked until `unlock`, even where the vault opens without being asked."""
        self._close()
        self._wished, self._problem = False, None

    @contextlib.contextmanager
    def opened(self) -> Iterator[History]:
        """The history, opened as far as it is unlocked, for one call. Raises StoreError."""
        with db.session(paths.database()) as connection:
            self._follow(connection)
            problem = self._problem or VaultLocked("the texts are locked", "u unlocks them")
            yield History(connection, self._reader, problem)

    def _follow(self, connection: db.Connection) -> None:
        """Drop a key that no longer fits, and take one for which nobody need be asked."""
        row = rows.read(connection)
        current = (row.uid, row.gen) if row else None
        if self._reader is not None and self._vault != current:
            self._close()
        if self._reader is None and self._wished:
            try:
                self._open(connection, OwnerCredential(lambda: None))
            except (VaultLocked, VaultDamaged, NotFound) as error:
                self._problem = error

    def _open(self, connection: db.Connection, credential: Credential) -> None:
        self._close()
        reader = unlocking.unlock(connection, credential)
        row = rows.read(connection)
        self._reader, self._vault, self._problem = reader, (row.uid, row.gen) if row else None, None

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def _asks(self) -> bool:
        try:
            return unlocking.status().asks
        except EchoctlError:
            return False
