"""Epochs: how a process that cannot read writes what another one, with the key, can.

An epoch has a random root, sealed with HPKE (RFC 9180, base mode, MLKEM768-X25519, HKDF-SHA256, ChaCha20-Poly1305)
to the vault's public key. From the root comes a chain of keys; step n gives the key that wraps the key of recording
n, and the next step. The writer keeps only the step it is at: nobody who takes its memory can go back.
"""

import hmac
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from echoctl.errors import VaultDamaged
from echoctl.vault import agefile, keys, stream
from echoctl.vault import format as fmt
from echoctl.vault.primitives import DoesNotOpen, expand, random_secret, seal, unseal, unwrap, unwrap_into, wipe, wrap

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

_KEPT_EPOCHS = 32
"""Epochs that a reader keeps walked: imported recordings lie between others, and each epoch costs 256 steps."""

_FILE_KEY_BYTES = 16
"""age's file keys."""

DAMAGED_HINT = "it was altered or cut off; the others are not affected"


class RecordKey:
    """The key of one recording, for as long as a `with` lasts; everything of the recording is sealed under it."""

    def __init__(self, secret: bytearray, aad: bytes) -> None:
        self._secret = secret
        self._aad = aad

    def __enter__(self) -> "RecordKey":
        return self

    def __exit__(self, *_: object) -> None:
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

    def open_audio_start(self, chunks: Sequence[bytes]) -> bytes:
        """What is there of audio whose last chunks are missing. Raises DoesNotOpen when it is altered or whole."""
        key = expand(self._secret, "age", _FILE_KEY_BYTES)
        try:
            return stream.decrypt_cut_off(key, chunks)
        finally:
            wipe(key)

    def age_file(self, chunks: Sequence[bytes], recipients: Sequence[tuple[str, bytes]]) -> bytes:
        """The stored chunks, as they are, behind a header that lets `recipients` open them with age."""
        key = expand(self._secret, "age", _FILE_KEY_BYTES)
        try:
            return agefile.header(key, recipients) + b"".join(chunks)
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

    def __init__(self, vault: bytes, public: bytes) -> None:
        """A vault's id, and the public key to seal to: the vault's own or that of a private stay."""
        self._vault = vault
        self._public = keys.public_key(public)
        self._chain = bytearray()
        self._epoch = b""
        self._seq = 0
        self._began_ms = 0

    @property
    def epoch(self) -> bytes:
        """The id of the epoch that it writes in; empty before the first."""
        return self._epoch

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


class VaultReader:
    """Opens recordings with the vault's seed, which it owns and wipes."""

    def __init__(self, vault: keys.Vault, seed: bytearray, guest: int | None = None) -> None:
        self._vault = vault.uid
        self.gen = vault.gen
        self.seed = seed
        self.guest = guest
        """The private stay whose seed it is; None: the vault's own."""
        self._private = keys.private_key(seed)
        self._walked: dict[bytes, list[bytearray]] = {}

    def __enter__(self) -> "VaultReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wipe the seed and the keys of the open epochs."""
        wipe(self.seed)
        for wrapping in self._walked.values():
            wipe(*wrapping)

    def record(self, epoch: bytes, sealed: bytes, place: Place, record: bytes, at_ms: int) -> RecordKey:
        """The key of a recording. Raises VaultDamaged when its epoch or its slot does not open."""
        wrapping = self._wrapping_of(epoch, sealed)
        try:
            aad = fmt.record_aad(self._vault, epoch, place.seq, record, at_ms)
            return RecordKey(unwrap(wrapping[place.seq], place.wrapped, aad), aad)
        except (DoesNotOpen, IndexError, struct.error):
            raise VaultDamaged("the key of this recording does not open", DAMAGED_HINT) from None

    def texts(
        self, epoch: bytes, sealed: bytes, items: Iterable[tuple[int, bytes, bytes, int, bytes]]
    ) -> Iterator[bytes | None]:
        """Open the texts of many recordings of one epoch: (slot, wrapped key, 16-byte id, time, sealed text) each.

        Gives None for one that does not open. A fifth of the time of going through `record`, because it makes no
        object per recording. Raises VaultDamaged when the epoch does not open.
        """
        wrapping = self._wrapping_of(epoch, sealed)
        secret = bytearray(fmt.KEY_BYTES)
        try:
            for seq, wrapped, record, at_ms, text in items:
                try:
                    aad = fmt.record_aad(self._vault, epoch, seq, record, at_ms)
                    unwrap_into(wrapping[seq], wrapped, aad, secret)
                    plain = unseal(hmac.digest(secret, _TEXT, "sha256"), text, aad)
                except (DoesNotOpen, IndexError, struct.error):
                    plain = None
                yield plain
        finally:
            wipe(secret)

    def rewrap(
        self, to: keys.Vault, epoch: bytes, sealed: bytes, slab: bytes, items: Iterable[tuple[int, bytes, int]]
    ) -> tuple[bytes, bytes, int]:
        """An epoch's sealed root and slots for a vault with another seed, and how many slots did not open.

        `items` are (slot, 16-byte id, time) of the recordings that are kept; all other slots become zeros. Raises
        VaultDamaged when the epoch does not open.
        """
        old = self._wrapping_of(epoch, sealed)
        root = random_secret()
        new = _walk(root)
        made = SUITE.encrypt(root, keys.public_key(to.public), fmt.epoch_info(to.uid, epoch))
        wipe(root)
        slots, damaged = bytearray(len(slab)), 0
        for seq, record, at_ms in items:
            here = slice(seq * fmt.WRAP_BYTES, (seq + 1) * fmt.WRAP_BYTES)
            try:
                aad = fmt.record_aad(self._vault, epoch, seq, record, at_ms)
                secret = unwrap(old[seq], slab[here], aad)
                slots[here] = wrap(new[seq], secret, aad)
                wipe(secret)
            except (DoesNotOpen, IndexError, struct.error):
                damaged += 1
        wipe(*new)
        return made, bytes(slots), damaged

    def _wrapping_of(self, epoch: bytes, sealed: bytes) -> list[bytearray]:
        """The wrapping keys of an epoch: one HPKE opening and a walk along the chain, kept for its other recordings."""
        if epoch in self._walked:
            return self._walked[epoch]
        try:
            root = bytearray(SUITE.decrypt(sealed, self._private, fmt.epoch_info(self._vault, epoch)))
        except (InvalidTag, ValueError):
            raise VaultDamaged("the epoch of this recording does not open", DAMAGED_HINT) from None
        if len(self._walked) >= _KEPT_EPOCHS:
            wipe(*self._walked.pop(next(iter(self._walked))))
        wrapping = _walk(root)
        wipe(root)
        self._walked[epoch] = wrapping
        return wrapping


def _walk(root: bytearray) -> list[bytearray]:
    """The wrapping keys of all slots."""
    chain: bytes | bytearray = expand(root, "chain")
    wrapping = []
    for _ in range(fmt.EPOCH_RECORDS):
        wrapping.append(bytearray(hmac.digest(chain, _WRAP, "sha256")))
        chain = hmac.digest(chain, _NEXT, "sha256")
    return wrapping


_TEXT, _WRAP, _NEXT = (fmt.LABEL + label + b"\x01" for label in (b"text", b"wrap", b"next"))
"""`primitives.expand` for one block is one HMAC over this: a fifth of the time, and a copy that cannot be wiped.

For readers only, which are about to have the plain text in memory anyway.
"""


def _step(chain: bytearray) -> tuple[bytearray, bytearray]:
    """The wrapping key of this step, and the next step."""
    return expand(chain, "wrap"), expand(chain, "next")
