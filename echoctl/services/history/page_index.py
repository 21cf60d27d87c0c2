"""How a long list is looked at: its length, and the keys of its pages. Light to import: drawn before anything opens."""

from dataclasses import dataclass

from echoctl.errors import EchoctlError

PAGE = 100
"""Recordings fetched at once."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How long the list is, and where its pages begin."""

    total: int = 0
    ladder: tuple[str, ...] = ()
    """The last id of each full page."""
    locked: bool = False
    asks: bool = False
    """Unlocking needs a passphrase."""
    problem: EchoctlError | None = None
    """Why the texts are locked, when nobody has locked them."""

    def before(self, page: int) -> str | None:
        """The id that page number `page` follows; None for the first."""
        return self.ladder[page - 1] if 0 < page <= len(self.ladder) else None
