"""The vault: making it, opening it, and the ways in.

What opens it depends on its key slots. At first the device key alone does, without asking. With a passphrase set
both are needed. The recovery line opens it without either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import EchoctlError, NotFound, StoreError, VaultDamaged, VaultLocked
from echoctl.services.vault.credential import Credential, check_passphrase, secret_of
from echoctl.store import purging, recordings, retention
from echoctl.store import vaults as rows
from echoctl.store.database import db, key_marker, reserve, wal
from echoctl.vault import age, device, keys
from echoctl.vault import format as fmt
from echoctl.vault.epoch import VaultReader
from echoctl.vault.primitives import random_secret, wipe

Choose = Callable[[], bytearray]
"""Gets a new passphrase; called once the vault is open, so that a person is asked for the old one first."""

FIRST_RUN = (
    "recordings are sealed with a key on this disk: that protects deleted recordings and stray copies of the "
    "database, not a stolen disk; echoctl vault passphrase does. They are deleted after 90 days: echoctl retention set"
)

KINDS = {
    "device": fmt.DEVICE_SLOT,
    "passphrase": fmt.PASSPHRASE_SLOT,
    "recovery": fmt.RECOVERY_SLOT,
    "keyring": fmt.KEYRING_SLOT,
}

_NO_VAULT = "there is no vault yet"


@dataclass(frozen=True, slots=True)
class Status:
    """What can be said of the vault without opening it."""

    made_ms: int
    format: int
    slots: Mapping[str, int]
    """Kind of each way in -> when it was made, Unix ms."""
    damaged_slots: tuple[str, ...]
    device_key: str
    """`ok`, or what is wrong with it."""
    device_key_path: str
    recordings: int
    epochs: int
    size: int
    rotation_due: int
    """Purges whose keys survive in older copies of the database alone; 0: no rotation is due."""

    @property
    def asks(self) -> bool:
        """Whether opening needs a passphrase."""
        return "device" not in self.slots


def ensure() -> bool:
    """Make database, device key and vault where they are missing; True when the vault is new."""
    with db.session(paths.database(), create=True) as connection:
        if rows.read(connection):
            return False
        secret = _new_or_present_secret()
        vault, seed = keys.new_vault(SystemClock().now_ms(), secret)
        slots = keys.seal_device(vault, seed, secret) + keys.blank()[fmt.SLOT_BYTES :]
        wipe(secret, seed)
        with key_marker.writing(paths.database()), db.immediate(connection):
            if rows.read(connection):  # another process was faster
                return False
            rows.insert(connection, _row(vault), slots)
            retention.put(connection, retention.DEFAULT)
    reserve.keep(paths.database())
    return True


def status() -> Status:
    """Describe the vault. Raises NotFound before there is one."""
    if not db.exists(paths.database()):
        raise NotFound(_NO_VAULT, "echoctl listen makes it, or: echoctl vault init")
    with db.session(paths.database()) as connection:
        vault = read(connection)
        slots, damaged = _slots(rows.read_slots(connection))
        count, size = recordings.count(connection)
        epochs = recordings.count_epochs(connection)
        due = purging.since_rotation(connection)
    state = _device_state(vault)
    return Status(vault.created_ms, vault.format, slots, damaged, state, paths.device_key(), count, epochs, size, due)


def damaged_slots(connection: db.Connection) -> tuple[str, ...]:
    """The ways in that are there and cannot be used."""
    return _slots(rows.read_slots(connection))[1]


def unlock(connection: db.Connection, credential: Credential) -> VaultReader:
    """Open the vault. Raises what the credential raises, and NotFound when there is no vault."""
    return credential.unlock(connection, read(connection))


def set_passphrase(credential: Credential, choose: Choose) -> bool:
    """Open the vault and set a new passphrase; the device key alone no longer opens anything.

    Old and new slot change in one transaction, in place. Returns False when a reader kept the write-ahead log from
    being emptied, which may still hold the old slots. Raises UsageError, VaultLocked, VaultDamaged.
    """
    with db.session(paths.database()) as connection, unlock(connection, credential) as reader:
        new = choose()
        check_passphrase(new)
        return _change(connection, reader, secret_of(read(connection)), new)


def remove_passphrase(credential: Credential) -> bool:
    """Open the vault and let the device key alone open it from now on; returns as `set_passphrase` does."""
    with db.session(paths.database()) as connection, unlock(connection, credential) as reader:
        return _change(connection, reader, secret_of(read(connection)), None)


def make_recovery(credential: Credential) -> tuple[str, bool]:
    """Open the vault and make a recovery line, in place of an earlier one. It is kept nowhere: show it once.

    Returns it, and what `set_passphrase` returns.
    """
    with db.session(paths.database()) as connection, unlock(connection, credential) as reader:
        secret = random_secret()
        slot = keys.seal_recovery(read(connection), reader.seed, secret)
        line = age.identity_line(secret)
        wipe(secret)
        return line, write_slots(connection, {fmt.RECOVERY_SLOT: slot})


def recover(line: str, choose: Choose | None) -> bool:
    """Open the vault with its recovery line and set a new passphrase, or with None the device key alone.

    A missing device key is made anew, another vault's is set aside. Returns as `set_passphrase` does. Raises
    UsageError when the line has a mistake, VaultLocked when it is not this vault's.
    """
    secret = age.parse_identity(line)
    with db.session(paths.database()) as connection:
        vault = read(connection)
        slot = keys.slot_of(rows.read_slots(connection), fmt.RECOVERY_SLOT)
        if not slot:
            raise VaultLocked("this vault has no recovery line", "only its device key and passphrase open it")
        try:
            reader = VaultReader(vault, keys.open_recovery(vault, slot, secret))
        finally:
            wipe(secret)
        with reader:
            new = choose() if choose else None
            if new is not None:
                check_passphrase(new)
            return _change(connection, reader, _present_or_new_secret(vault), new)


def read(connection: db.Connection) -> keys.Vault:
    """What is known of the vault without a key. Raises NotFound, StoreError."""
    row = rows.read(connection)
    if not row:
        raise NotFound(_NO_VAULT, "echoctl listen makes it, or: echoctl vault init")
    if row.format != fmt.FORMAT:
        raise StoreError(f"the vault has format {row.format}, this echoctl knows {fmt.FORMAT}", "update echoctl")
    return keys.Vault(*row)


def _row(vault: keys.Vault) -> rows.VaultRow:
    return rows.VaultRow(vault.uid, vault.format, vault.gen, vault.created_ms, vault.public, vault.device)


def _new_or_present_secret() -> bytearray:
    """The device secret, made unless a run that was cut short has left one."""
    try:
        return device.create(paths.device_key())
    except FileExistsError:
        return device.load(paths.device_key())


def _device_state(vault: keys.Vault) -> str:
    try:
        wipe(secret_of(vault))
    except EchoctlError as error:
        return error.message
    return "ok"


def _slots(blob: bytes) -> tuple[dict[str, int], tuple[str, ...]]:
    used, damaged = {}, []
    for name, kind in KINDS.items():
        try:
            slot = keys.slot_of(blob, kind)
        except VaultDamaged:
            damaged.append(name)
            continue
        if slot:
            used[name] = slot.made_ms
    return used, tuple(damaged)


def _present_or_new_secret(vault: keys.Vault) -> bytearray:
    """After a recovery: this vault's device secret, or a new one where it is missing or another vault's."""
    try:
        return secret_of(vault)
    except VaultDamaged:
        device.set_aside(paths.device_key())
    except VaultLocked:
        if device.present(paths.device_key()):
            raise
    return device.create(paths.device_key())


def _change(connection: db.Connection, reader: VaultReader, secret: bytearray, new: bytearray | None) -> bool:
    """Let passphrase `new` open the vault, or with None the device key alone; wipes `secret`."""
    vault = read(connection)
    slots = dict.fromkeys((fmt.DEVICE_SLOT, fmt.PASSPHRASE_SLOT), bytes(fmt.SLOT_BYTES))
    if new is None or keys.device_check(secret, vault.uid) != vault.device:
        slots[fmt.KEYRING_SLOT] = bytes(fmt.SLOT_BYTES)  # of no use beside the device key alone, nor with another one
    if new is None:
        slots[fmt.DEVICE_SLOT] = keys.seal_device(vault, reader.seed, secret)
    else:
        slots[fmt.PASSPHRASE_SLOT] = keys.seal_passphrase(vault, reader.seed, secret, new)
    check = keys.device_check(secret, vault.uid)
    wipe(secret)
    return write_slots(connection, slots, check)


def write_slots(connection: db.Connection, slots: Mapping[int, bytes], check: bytes | None = None) -> bool:
    """Overwrite slots in one transaction and empty the log, where the old ones still are."""
    with key_marker.writing(paths.database()), db.immediate(connection):
        if check:
            rows.set_device(connection, check)
        for kind, raw in slots.items():
            rows.write_slot(connection, kind * fmt.SLOT_BYTES, raw)
    return wal.erase(connection)
