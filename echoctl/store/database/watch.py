"""Noticing that the database has changed, cheaply and for long: one PRAGMA of 5 µs and one stat of the file."""

import os
import sqlite3

from echoctl.errors import StoreError
from echoctl.store.database import db
from echoctl.store.database.transactions import explain


class DatabaseWatch:
    """Looks at one database file that may not be there yet, may vanish and may come back. One thread uses it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: db.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1

    def changed(self) -> bool:
        """Whether anything was committed, made or taken away since the last call. Raises StoreError."""
        file = self._identity()
        if file != self._file:
            self._open(file)
            return True
        if self._connection is None:
            return False
        try:
            version = db.data_version(self._connection)
        except sqlite3.Error as exc:
            raise explain(exc, self._path) from exc
        changed, self._version = version != self._version, version
        return changed

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _open(self, file: tuple[int, int] | None) -> None:
        self.close()
        self._file = None  # should it not open, the next call tries again
        if file is not None:
            self._connection = db.connect(self._path)
            self._version = db.data_version(self._connection)
        self._file = file

    def _identity(self) -> tuple[int, int] | None:
        try:
            info = os.stat(self._path)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise StoreError(f"cannot look at {self._path}: {exc.strerror}", "check the rights of its folder") from exc
        return info.st_dev, info.st_ino
