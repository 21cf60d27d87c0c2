"""Key slots: ways to the vault's seed. A slot is 128 bytes (format.SLOT) of one blob; storing it is not done here.

    device       HKDF of the device secret: opens without being asked, made at the first run
    passphrase   Argon2id of the passphrase, with the device secret as its `secret`
    recovery     HKDF of a 32-byte secret that is shown once
    keyring      HKDF of a 32-byte secret in the login session's keyring, and the device secret

Each slot commits to its key (AES-GCM alone does not: Len, Grubbs, Ristenpart, "Partitioning Oracle Attacks", USENIX
Security 2021), which also tells a wrong passphrase from damage; a plain checksum tells it where even the parameters
are damaged.
"""

import hashlib
import hmac
import os
import time
import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from echoctl.errors import VaultDamaged, VaultLocked
from echoctl.vault import format as fmt
from echoctl.vault.primitives import DoesNotOpen, derive, expand, random_secret, unwrap, wipe, wrap

_MLKEM_PUBLIC_BYTES = 1184
_MLKEM_SEED_BYTES = 64
_CHECKED_BYTES = fmt.SLOT_BYTES - 8
_DAMAGED_HINT = "use another way in (echoctl vault status names them), or a good copy of the database"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at the passphrase costs: Argon2id's memory (KiB), passes and lanes."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    @property
    def allowed(self) -> bool:
        """Whether it is within bounds; a slot from a hostile file must not take the machine down."""
        return 8 * 1024 <= self.memory_kib <= 1 << 20 and 1 <= self.passes <= 10 and 1 <= self.lanes <= 16


@dataclass(frozen=True, slots=True)
class Vault:
    """What is known of a vault without any key."""

    uid: bytes
    format: int
    gen: int
    created_ms: int
    public: bytes
    device: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """One used key slot, still closed."""

    kind: int
    """format.DEVICE_SLOT and so on."""
    cost: Cost
    made_ms: int
    header: bytes
    salt: bytes
    commitment: bytes
    wrapped: bytes


def blank() -> bytes:
    """The blob without any slot."""
    return bytes(fmt.SLOTS * fmt.SLOT_BYTES)


def slot_of(blob: bytes, kind: int) -> Slot | None:
    """The slot of that kind, or None when the place is empty. Raises VaultDamaged when it is neither."""
    raw = blob[kind * fmt.SLOT_BYTES : (kind + 1) * fmt.SLOT_BYTES]
    if not any(raw) and len(blob) == fmt.SLOTS * fmt.SLOT_BYTES:
        return None
    if len(raw) != fmt.SLOT_BYTES or raw[_CHECKED_BYTES:] != _checksum(raw[:_CHECKED_BYTES]):
        raise VaultDamaged("a key slot is damaged", _DAMAGED_HINT)
    number, version, zero, memory, passes, lanes, made_ms, salt, commitment, wrapped, _ = fmt.SLOT.unpack(raw)
    slot = Slot(kind, Cost(memory, passes, lanes), made_ms, raw[: fmt.SLOT_HEADER_BYTES], salt, commitment, wrapped)
    if number != kind + 1 or version != fmt.SLOT_VERSION or zero or not _plausible(slot):
        raise VaultDamaged("a key slot has values that this program never writes", _DAMAGED_HINT)
    return slot


def device_check(secret: bytearray, vault: bytes) -> bytes:
    """16 bytes that recognise the device secret of a vault and tell nothing about it."""
    return bytes(derive(secret, vault, fmt.LABEL + b"device-check", 16))


def passphrase_bytes(text: str) -> bytearray:
    """A passphrase as the same bytes on every system: NFC, UTF-8."""
    return bytearray(unicodedata.normalize("NFC", text).encode())


def seal_device(vault: Vault, seed: bytearray, secret: bytearray) -> bytes:
    """A slot that the device secret opens."""
    header = _header(fmt.DEVICE_SLOT, Cost(0, 0, 0))
    return _seal(vault, seed, _device_key(vault, secret, header[-16:]), header)


def seal_passphrase(
    vault: Vault, seed: bytearray, secret: bytearray, passphrase: bytearray, cost: Cost | None = None
) -> bytes:
    """A slot that the passphrase opens, together with the device secret."""
    cost = cost or Cost()
    header = _header(fmt.PASSPHRASE_SLOT, cost)
    return _seal(vault, seed, _passphrase_key(vault, secret, passphrase, header[-16:], cost), header)


def seal_recovery(vault: Vault, seed: bytearray, recovery: bytearray) -> bytes:
    """A slot that the recovery secret opens, without the device secret."""
    header = _header(fmt.RECOVERY_SLOT, Cost(0, 0, 0))
    return _seal(vault, seed, _recovery_key(vault, recovery, header[-16:]), header)


def seal_keyring(vault: Vault, seed: bytearray, secret: bytearray, kept: bytearray) -> bytes:
    """A slot that a secret of the keyring opens, together with the device secret."""
    header = _header(fmt.KEYRING_SLOT, Cost(0, 0, 0))
    return _seal(vault, seed, _keyring_key(vault, secret, kept, header[-16:]), header)


def open_keyring(vault: Vault, slot: Slot, secret: bytearray, kept: bytearray) -> bytearray:
    """The seed, by the keyring's secret and the device secret. Raises VaultLocked, VaultDamaged."""
    wrong = VaultLocked("what the keyring holds does not open this vault")
    return _open(vault, slot, _keyring_key(vault, secret, kept, slot.salt), wrong)


def open_device(vault: Vault, slot: Slot, secret: bytearray) -> bytearray:
    """The seed, by the device secret. Raises VaultDamaged."""
    return _open(vault, slot, _device_key(vault, secret, slot.salt), VaultDamaged("the device key slot does not open"))


def open_passphrase(vault: Vault, slot: Slot, secret: bytearray, passphrase: bytearray) -> bytearray:
    """The seed, by passphrase and device secret. Raises VaultLocked when the passphrase is wrong, VaultDamaged."""
    key = _passphrase_key(vault, secret, passphrase, slot.salt, slot.cost)
    return _open(vault, slot, key, VaultLocked("wrong passphrase", "try again; lost it: echoctl vault recover"))


def open_recovery(vault: Vault, slot: Slot, recovery: bytearray) -> bytearray:
    """The seed, by the recovery secret. Raises VaultLocked when it is another vault's or an older one."""
    wrong = VaultLocked("this recovery line does not open this vault", "a newer line, or another vault's, may exist")
    return _open(vault, slot, _recovery_key(vault, recovery, slot.salt), wrong)


def private_key(seed: bytearray) -> MLKEM768X25519PrivateKey:
    """The pair that epochs are sealed to: SHAKE256 of the seed, as age's post-quantum identity does it."""
    expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + fmt.KEY_BYTES)
    return MLKEM768X25519PrivateKey(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
    )


def public_bytes(seed: bytearray) -> bytes:
    """The public half, 1216 bytes."""
    expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + fmt.KEY_BYTES)
    kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
    curve = x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
    return kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def public_key(raw: bytes) -> MLKEM768X25519PublicKey:
    """The public half from its 1216 bytes. Raises VaultDamaged."""
    try:
        return MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES]),
            x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError:
        raise VaultDamaged("the vault's public key is damaged", "bring back a good copy of the database") from None


def new_vault(created_ms: int, secret: bytearray) -> tuple[Vault, bytearray]:
    """A vault for this device secret, and its seed (wipe it)."""
    seed, uid = random_secret(), os.urandom(fmt.ID_BYTES)
    return Vault(uid, fmt.FORMAT, 1, created_ms, public_bytes(seed), device_check(secret, uid)), seed


def rotated(vault: Vault, secret: bytearray) -> tuple[Vault, bytearray]:
    """The same vault with a new seed (wipe it), for a new device secret."""
    seed = random_secret()
    check = device_check(secret, vault.uid)
    return Vault(vault.uid, vault.format, vault.gen + 1, vault.created_ms, public_bytes(seed), check), seed


def _plausible(slot: Slot) -> bool:
    return slot.cost.allowed if slot.kind == fmt.PASSPHRASE_SLOT else slot.cost == Cost(0, 0, 0)


def _checksum(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:8]


def _header(kind: int, cost: Cost) -> bytes:
    made_ms = time.time_ns() // 1_000_000
    row = (kind + 1, fmt.SLOT_VERSION, 0, cost.memory_kib, cost.passes, cost.lanes, made_ms, os.urandom(16))
    return fmt.SLOT.pack(*row, b"", b"", b"")[: fmt.SLOT_HEADER_BYTES]


def _seal(vault: Vault, seed: bytearray, key: bytearray, header: bytes) -> bytes:
    commitment, wrapping = expand(key, "commit"), expand(key, "slot")
    raw = header + bytes(commitment) + wrap(wrapping, seed, fmt.slot_aad(vault.uid, vault.gen, header))
    wipe(key, wrapping)
    return raw + _checksum(raw)


def _open(vault: Vault, slot: Slot, key: bytearray, wrong: Exception) -> bytearray:
    commitment, wrapping = expand(key, "commit"), expand(key, "slot")
    wipe(key)
    try:
        if not hmac.compare_digest(commitment, slot.commitment):
            raise wrong
        seed = unwrap(wrapping, slot.wrapped, fmt.slot_aad(vault.uid, vault.gen, slot.header))
    except DoesNotOpen:
        raise VaultDamaged("a key slot is damaged", _DAMAGED_HINT) from None
    finally:
        wipe(wrapping)
    if public_bytes(seed) != vault.public:
        wipe(seed)
        raise VaultDamaged("the public key in the database is not this vault's", "bring back a good copy of it")
    return seed


def _device_key(vault: Vault, secret: bytearray, salt: bytes) -> bytearray:
    return derive(secret, salt, fmt.LABEL + b"device" + vault.uid)


def _recovery_key(vault: Vault, recovery: bytearray, salt: bytes) -> bytearray:
    return derive(recovery, salt, fmt.LABEL + b"recovery" + vault.uid)


def _keyring_key(vault: Vault, secret: bytearray, kept: bytearray, salt: bytes) -> bytearray:
    both = kept + secret
    try:
        return derive(both, salt, fmt.LABEL + b"keyring" + vault.uid)
    finally:
        wipe(both)


def _passphrase_key(vault: Vault, secret: bytearray, passphrase: bytearray, salt: bytes, cost: Cost) -> bytearray:
    key = bytearray(fmt.KEY_BYTES)
    # The library takes nothing but `bytes` here; what passes is short-lived, in a process that ends soon.
    Argon2id(
        salt=salt,
        length=fmt.KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
        ad=fmt.LABEL + b"passphrase" + vault.uid,
        secret=bytes(secret),
    ).derive_into(bytes(passphrase), key)
    return key
