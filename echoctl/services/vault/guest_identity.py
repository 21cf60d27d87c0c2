"""A guest's identity: what opens a private stay, and nothing else."""

from echoctl.errors import UsageError, VaultLocked
from echoctl.store import guests
from echoctl.store.database import db
from echoctl.vault import age, keys
from echoctl.vault import format as fmt
from echoctl.vault.epoch import VaultReader

_LINE = "it is the line that guest check-in --private has shown: AGE-SECRET-KEY-PQ-1…"


class Identity:
    """Stands where a way to a passphrase does. Raises UsageError for a line that is none."""

    answered = True
    """As if a passphrase had been given: when it does not open, that is an error."""

    def __init__(self, line: str) -> None:
        try:
            prefix, self.secret = age.decode("".join(line.split()))
        except ValueError as exc:
            raise UsageError(f"this is not a guest's identity: {exc}", _LINE) from None
        if prefix != age.HYBRID_PREFIX or len(self.secret) != fmt.KEY_BYTES:
            raise UsageError("this is not a guest's identity", _LINE)

    def __call__(self) -> bytearray | None:
        """No passphrase."""
        return None

    def unlock(self, connection: db.Connection, vault: keys.Vault) -> VaultReader:
        """Open the stay that is sealed to it. Raises VaultLocked."""
        guest = guests.sealed_to(connection, keys.public_bytes(self.secret))
        if guest is None:
            raise VaultLocked("this identity opens no stay here", "after a check-out there is nothing left to open")
        return VaultReader(vault, self.secret, guest)
