"""Damage to a store that is not echoctl's doing."""

import contextlib

from echoctl import paths
from echoctl.store.database import db


def change(query: str, *values: object) -> None:
    """Say something to the database, whatever it would break."""
    with contextlib.closing(db.connect(paths.database())) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        with db.immediate(connection):
            connection.execute(query, values)
