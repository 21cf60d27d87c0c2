"""The deep purge: a new seed, new epoch roots, a new device secret; what is kept is wrapped anew.

Afterwards older copies of the database are dead: a backup, a snapshot, blocks that a solid-state disk kept. Their key
slots need the device secret, which is destroyed. A recovery line needs none: the old line still opens older copies, so
it is replaced, and the person told to destroy it. Texts and audio are not touched: a recording's own key stays, only
its wrapping changes.

One transaction is the point of no return. Before it nothing has changed; after it the next command, without any
passphrase, destroys the old secret if this one could not.
"""

from dataclasses import dataclass

from echoctl import paths
from echoctl.clock import SystemClock, id_bytes
from echoctl.errors import UsageError, VaultDamaged, VaultLocked
from echoctl.services.purging import purge
from echoctl.services.vault import unlocking
from echoctl.services.vault.credential import Ask, OwnerCredential, secret_of
from echoctl.store import purging
from echoctl.store import vaults as rows
from echoctl.store.database import db, key_marker
from echoctl.store.vaults import EpochRow
from echoctl.vault import age, device, keys
from echoctl.vault import format as fmt
from echoctl.vault.epoch import VaultReader
from echoctl.vault.primitives import random_secret, wipe


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to."""

    recordings: int
    """Wrapped anew."""
    damaged: int
    """Did not open before, and are left as they are."""
    recovery: str | None
    """A new recovery line, where there was one: the old one opens older copies only."""
    dropped: tuple[str, ...]
    """Other ways in that were closed, since their secrets are not here; make them anew."""
    done: bool
    receipt: str


class _Keeping:
    """An Ask that keeps a copy of the passphrase, which seals the new slot."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.passphrase: bytearray | None = None

    def __call__(self) -> bytearray | None:
        given = self._ask()
        self.passphrase = bytearray(given) if given is not None else None
        return given


@dataclass(slots=True)
class _Epoch:
    """An epoch wrapped anew, and what it was made from."""

    source: EpochRow
    sealed: bytes
    slab: bytes
    damaged: int


def rotate(credential: OwnerCredential) -> Rotated:
    """Open the vault and rotate it. Raises VaultLocked, VaultDamaged, NotFound, StoreError; then nothing changed."""
    keeping = _Keeping(credential.ask)
    path = paths.device_key()
    unlocking.status()
    with db.session(paths.database()) as connection:
        with device.changing(path), unlocking.unlock(connection, OwnerCredential(keeping)) as reader:
            vault = unlocking.read(connection)
            passphrase = _passphrase(connection, vault, keeping)
            secret = device.stage(path)
            new, seed = keys.rotated(vault, secret)
            ready = {epoch.source.id: epoch for epoch in _rewrapped(connection, reader, new, {})}
            slots, line, dropped = _slots(connection, new, seed, secret, passphrase)
            wipe(seed, secret)
            with key_marker.writing(paths.database()), db.immediate(connection):
                epochs = _rewrapped(connection, reader, new, ready)
                receipt = _store(connection, new, slots, epochs)
        done = purge.finish(connection)
    damaged = sum(epoch.damaged for epoch in epochs)
    total = sum(len(epoch.source.items) for epoch in epochs)
    return Rotated(total - damaged, damaged, line, dropped, done, receipt)


def _passphrase(connection: db.Connection, vault: keys.Vault, keeping: _Keeping) -> bytearray | None:
    """The passphrase that the new slot is for, asked for where the keyring has opened the vault; None: it has none.

    Raises VaultLocked when there is no passphrase to be had, or a wrong one; UsageError when only the keyring opens it.
    """
    blob = rows.read_slots(connection)
    slot = keys.slot_of(blob, fmt.PASSPHRASE_SLOT)
    if slot is None:
        if keys.slot_of(blob, fmt.DEVICE_SLOT) is None:
            raise UsageError("only the keyring opens this vault", "set a passphrase first: echoctl vault passphrase")
        return None
    if keeping.passphrase is None:
        if keeping() is None or keeping.passphrase is None:
            raise VaultLocked("new keys need the passphrase", "give --passphrase-file, or run this at a terminal")
        secret = secret_of(vault)
        wipe(keys.open_passphrase(vault, slot, secret, keeping.passphrase), secret)
    return keeping.passphrase


def _rewrapped(
    connection: db.Connection, reader: VaultReader, new: keys.Vault, ready: dict[int, _Epoch]
) -> list[_Epoch]:
    """All epochs, wrapped anew; those that are `ready` and have not changed since are taken as they are.

    So almost all of the work is done before the transaction, and a listener waits for a moment only.
    """
    found = []
    for number in rows.epoch_ids(connection):
        source = rows.epoch(connection, number)
        if source is None:
            continue
        done = ready.get(number)
        found.append(done if done and done.source == source else _rewrap(reader, new, source))
    return found


def _rewrap(reader: VaultReader, new: keys.Vault, source: EpochRow) -> _Epoch:
    items = [(seq, id_bytes(uid), at_ms) for seq, uid, at_ms in source.items]
    try:
        return _Epoch(source, *reader.rewrap(new, source.uid, source.sealed, source.slab, items))
    except VaultDamaged:  # its root does not open, and will not: what it holds stays closed
        return _Epoch(source, source.sealed, source.slab, len(items))


def _slots(
    connection: db.Connection, new: keys.Vault, seed: bytearray, secret: bytearray, passphrase: bytearray | None
) -> tuple[dict[int, bytes], str | None, tuple[str, ...]]:
    """All places for key slots with what belongs there now, the new recovery line, and the kinds that are closed."""
    used = unlocking.status().slots
    slots = {place: bytes(fmt.SLOT_BYTES) for place in range(fmt.SLOTS)}
    line = None
    if passphrase is None:
        slots[fmt.DEVICE_SLOT] = keys.seal_device(new, seed, secret)
    else:
        slots[fmt.PASSPHRASE_SLOT] = keys.seal_passphrase(new, seed, secret, passphrase)
        wipe(passphrase)
    if "recovery" in used:
        recovery = random_secret()
        slots[fmt.RECOVERY_SLOT] = keys.seal_recovery(new, seed, recovery)
        line = age.identity_line(recovery)
        wipe(recovery)
    made = {kind for kind, place in unlocking.KINDS.items() if any(slots[place])}
    return slots, line, tuple(kind for kind in used if kind not in made)


def _store(connection: db.Connection, new: keys.Vault, slots: dict[int, bytes], epochs: list[_Epoch]) -> str:
    for place, raw in slots.items():
        rows.write_slot(connection, place * fmt.SLOT_BYTES, raw)
    rows.rotate(connection, rows.VaultRow(new.uid, new.format, new.gen, new.created_ms, new.public, new.device))
    for epoch in epochs:
        rows.reseal_epoch(connection, epoch.source.id, new.gen, epoch.sealed, epoch.slab)
    return purging.begin_rotation(connection, SystemClock().now_ms())
