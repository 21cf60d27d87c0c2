"""Epochs: how a process that cannot read writes what another one, with the key, can.

An epoch has a random root, sealed with HPKE (RFC 9180, base mode, MLKEM768-X25519, HKDF-SHA256, ChaCha20-Poly1305)
to the vault's public key. From the root comes a chain of keys; step n gives the key that wraps the key of recording
n, and the next step. The writer keeps only the step it is at: nobody who takes its memory can go back.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from echoctl.errors import VaultDamaged
from echoctl.vault import format as fmt
from echoctl.vault import keys, stream
from echoctl.vault.primitives import DoesNotOpen, expand, random_secret, seal, unseal, unwrap, wipe, wrap

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

_FILE_KEY_BYTES = 16
"""age's file keys."""

DAMAGED_HINT = "it was altered or cut off; the others are not affected"


class RecordKey:
    """The key of one recording, for as long as a `with` lasts; everything of the recording is sealed under it."""

    def __init__(self, secret: bytearray, aad: bytes) -> None:
        self._secret = secret
        self._aad = aad

    def __enter__(self) -> "RecordKey":
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget it."""
        wipe(self._secret)

    def seal_text(self, plain: bytes, label: str = "text") -> bytes:
        """Seal JSON bytes, padded; `label` is `text` or `correction`."""
        key = expand(self._secret, label)
        try:
            return seal(key, fmt.pad(plain), self._aad)
        finally:
            wipe(key)

    def open_text(self, sealed: bytes, label: str = "text") -> bytes:
        """Undo `seal_text`. Raises DoesNotOpen."""
        key = expand(self._secret, label)
        try:
            return unseal(key, sealed, self._aad)
        finally:
            wipe(key)

    def seal_audio(self, data: bytes) -> list[bytes]:
        """Seal a file's bytes as age STREAM chunks."""
        key = expand(self._secret, "age", _FILE_KEY_BYTES)
        try:
            return stream.encrypt(key, data)
        finally:
            wipe(key)

    def open_audio(self, chunks: Sequence[bytes]) -> bytes:
        """Undo `seal_audio`. Raises DoesNotOpen."""
        key = expand(self._secret, "age", _FILE_KEY_BYTES)
        try:
            return stream.decrypt(key, chunks)
        finally:
            wipe(key)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wrapped key belongs: slot `seq` of the current epoch."""

    seq: int
    wrapped: bytes


class Writer:
    """Seals recordings. Holds the public key and one chain key, never anything that opens what is written."""

    def __init__(self, vault: keys.Vault) -> None:
        self._vault = vault.uid
        self._public = keys.public_key(vault.public)
        self._chain = bytearray()
        self._epoch = b""
        self._seq = 0
        self._began_ms = 0

    def needs_epoch(self, now_ms: int) -> bool:
        """Whether `begin` must come first: no epoch yet, a full one, an old one, or a clock that was set back."""
        age = now_ms - self._began_ms
        return not self._chain or self._seq >= fmt.EPOCH_RECORDS or not 0 <= age < fmt.EPOCH_MS

    def begin(self, now_ms: int) -> tuple[bytes, bytes]:
        """Start an epoch; returns its id and its sealed root, to be stored before anything that it wraps."""
        self.abandon()
        root, self._epoch = random_secret(), urandom(fmt.ID_BYTES)
        self._chain, self._seq, self._began_ms = expand(root, "chain"), 0, now_ms
        sealed = SUITE.encrypt(root, self._public, fmt.epoch_info(self._vault, self._epoch))
        wipe(root)
        return self._epoch, sealed

    def next_key(self, record: bytes, at_ms: int) -> tuple[RecordKey, Place]:
        """A fresh key for a recording (16-byte id), and where its wrapped form goes. Moves the chain on at once."""
        secret = random_secret()
        aad = fmt.record_aad(self._vault, self._epoch, self._seq, record, at_ms)
        wrapping, following = _step(self._chain)
        place = Place(self._seq, wrap(wrapping, secret, aad))
        wipe(wrapping, self._chain)
        self._chain = following
        self._seq += 1
        return RecordKey(secret, aad), place

    def abandon(self) -> None:
        """Leave the epoch: after a commit that may or may not have happened no key of it may be used again."""
        wipe(self._chain)
        self._chain = bytearray()


class Reader:
    """Opens recordings with the vault's seed, which it owns and wipes."""

    def __init__(self, vault: keys.Vault, seed: bytearray) -> None:
        self._vault = vault.uid
        self.seed = seed
        self._private = keys.private_key(seed)
        self._epoch = b""
        self._wrapping: list[bytearray] = []

    def __enter__(self) -> "Reader":
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget the seed and the open epoch."""
        wipe(self.seed, *self._wrapping)

    def record(self, epoch: bytes, sealed: bytes, place: Place, record: bytes, at_ms: int) -> RecordKey:
        """The key of a recording. Raises VaultDamaged when its epoch or its slot does not open."""
        if epoch != self._epoch:
            self._open_epoch(epoch, sealed)
        try:
            aad = fmt.record_aad(self._vault, epoch, place.seq, record, at_ms)
            return RecordKey(unwrap(self._wrapping[place.seq], place.wrapped, aad), aad)
        except (DoesNotOpen, IndexError, struct.error):
            raise VaultDamaged("the key of this recording does not open", DAMAGED_HINT) from None

    def _open_epoch(self, epoch: bytes, sealed: bytes) -> None:
        """One HPKE opening and a walk along the chain, kept for the next recording of the same epoch."""
        try:
            root = bytearray(SUITE.decrypt(sealed, self._private, fmt.epoch_info(self._vault, epoch)))
        except (InvalidTag, ValueError):
            raise VaultDamaged("the epoch of this recording does not open", DAMAGED_HINT) from None
        wipe(*self._wrapping)
        chain = expand(root, "chain")
        wipe(root)
        self._wrapping = []
        for _ in range(fmt.EPOCH_RECORDS):
            wrapping, following = _step(chain)
            wipe(chain)
            chain = following
            self._wrapping.append(wrapping)
        wipe(chain)
        self._epoch = epoch


def _step(chain: bytearray) -> tuple[bytearray, bytearray]:
    """The wrapping key of this step, and the next step."""
    return expand(chain, "wrap"), expand(chain, "next")
