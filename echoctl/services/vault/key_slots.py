"""Ways into the vault beside the passphrase, and the end of each. One changes without the others noticing."""

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.services.vault import os_keyring, unlocking
from echoctl.services.vault.credential import Credential, secret_of
from echoctl.store.database import db
from echoctl.vault import format as fmt
from echoctl.vault import keys
from echoctl.vault.primitives import random_secret, wipe


def use_keyring(credential: Credential) -> bool:
    """Open the vault, and let the login session's keyring open it from now on without a passphrase.

    Returns what `unlocking.set_passphrase` does. Raises UsageError where the device key opens it anyway, or where there
    is no keyring.
    """
    if not unlocking.status().asks:
        raise UsageError("the device key alone opens the vault", "set a passphrase first: echoctl vault passphrase")
    with db.session(paths.database()) as connection, unlocking.unlock(connection, credential) as reader:
        vault = unlocking.read(connection)
        secret, kept = secret_of(vault), random_secret()
        try:
            os_keyring.keep(vault.uid, kept)
            slot = keys.seal_keyring(vault, reader.seed, secret, kept)
        finally:
            wipe(secret, kept)
        return unlocking.write_slots(connection, {fmt.KEYRING_SLOT: slot})


def end_keyring() -> bool:
    """End the keyring as a way into the vault. Needs no key: the passphrase goes on opening it."""
    with db.session(paths.database()) as connection:
        vault = unlocking.read(connection)
        clean = unlocking.write_slots(connection, {fmt.KEYRING_SLOT: bytes(fmt.SLOT_BYTES)})
        os_keyring.forget(vault.uid)
        return clean


def end_recovery(credential: Credential) -> bool:
    """End the recovery line as a way into the vault, once another way has been shown to open it."""
    if "recovery" not in unlocking.status().slots:
        raise NotFound("there is no recovery line", "make one: echoctl vault recover --make")
    with db.session(paths.database()) as connection, unlocking.unlock(connection, credential):
        return unlocking.write_slots(connection, {fmt.RECOVERY_SLOT: bytes(fmt.SLOT_BYTES)})
