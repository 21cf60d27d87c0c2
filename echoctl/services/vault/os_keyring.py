"""The keyring of the login session (Secret Service, macOS Keychain), where the extra `keyring` is installed.

It holds 32 random bytes that open the vault together with the device key, for as long as the session is unlocked. It
is never the only way in: no keyring, a locked one, or one that lost its content means that the passphrase is asked for.
"""

from types import ModuleType

from echoctl.errors import UsageError, VaultDamaged, VaultLocked
from echoctl.vault import format as fmt
from echoctl.vault import keys

SERVICE = "echoctl"
"""What the entries are called; the user name of each is its vault's id."""

_HINT = "pip install echoctl[keyring], in a session that has one"


def seed(vault: keys.Vault, slots: bytes, secret: bytearray) -> bytearray | None:
    """The vault's seed, where the keyring has what opens its slot together with the device secret; else None."""
    try:
        slot = keys.slot_of(slots, fmt.KEYRING_SLOT)
        kept = fetch(vault.uid) if slot else None
        return keys.open_keyring(vault, slot, secret, kept) if slot and kept else None
    except (VaultLocked, VaultDamaged):
        return None


def fetch(vault: bytes) -> bytearray | None:
    """The secret that is kept for a vault; None where there is none to be had."""
    module = _module()
    if module is None:
        return None
    try:
        kept = bytearray.fromhex(module.get_password(SERVICE, vault.hex()) or "")
    except (_failure(module), ValueError):
        return None
    return kept if len(kept) == fmt.KEY_BYTES else None


def keep(vault: bytes, secret: bytearray) -> None:
    """Put a secret there. Raises UsageError when there is no keyring, or it refuses."""
    module = _module()
    if module is None:
        raise UsageError("there is no support for keyrings", _HINT)
    try:
        module.set_password(SERVICE, vault.hex(), secret.hex())
    except _failure(module) as exc:
        raise UsageError(f"the keyring does not take it: {type(exc).__name__}", _HINT) from None
    if fetch(vault) != secret:  # a null backend takes everything and keeps nothing
        raise UsageError("the keyring does not keep it", _HINT)


def forget(vault: bytes) -> None:
    """Take the secret out, if it is there; without its slot it opens nothing anyway."""
    module = _module()
    if module is None:
        return
    try:
        module.delete_password(SERVICE, vault.hex())
    except _failure(module):
        return


def _module() -> ModuleType | None:
    try:
        import keyring  # noqa: PLC0415 - 100 ms, and an extra: only for a vault that has such a slot
    except ImportError:
        return None
    return keyring


def _failure(module: ModuleType) -> type[Exception]:
    """The base of what the package raises."""
    return module.errors.KeyringError  # type: ignore[no-any-return]
