"""The constants of docs/vault-format.md: layouts, labels and associated data. All numbers are big-endian.

One fixed suite per format version, so there is nothing to negotiate and nothing to downgrade.
"""

import struct

FORMAT = 1
"""`vault.format` of what this program reads and writes."""

LABEL = b"echoctl/v1/"
"""Prefix of every label, so that no key of this format means anything in another."""

KEY_BYTES = 32
ID_BYTES = 16
PUBLIC_BYTES = 1216
"""ML-KEM-768 encapsulation key (1184) and X25519 public key (32)."""
SEALED_ROOT_BYTES = 1168
"""HPKE encapsulated key (1120), root (32), tag (16)."""

EPOCH_RECORDS = 256
"""Recordings per epoch: the reader walks at most this many steps of a chain."""
EPOCH_MS = 24 * 3600 * 1000
"""An epoch takes no new recordings after this long."""

WRAP_BYTES = 48
"""A wrapped record key: 32 bytes and the tag."""

TEXT_STEP = 64
"""Sealed texts are padded to multiples of this many bytes."""

SLOT = struct.Struct(">BBHIIIQ16s32s48s8s")
"""A key slot: kind, version, 0, memory KiB, passes, lanes, made (Unix ms), salt, commitment, wrapped seed, checksum."""

SLOT_BYTES = SLOT.size
SLOT_HEADER_BYTES = 40
"""What the wrapped seed is bound to: everything up to the end of the salt."""
SLOT_VERSION = 1
SLOTS = 8
"""Places for key slots; the blob has this many for good, because it is changed only in place."""

DEVICE_SLOT, PASSPHRASE_SLOT, RECOVERY_SLOT, KEYRING_SLOT = 0, 1, 2, 3
"""Which place each kind of slot has; the kind byte is one more, since 0 means empty."""


_RECORD_LABEL = LABEL + b"record"
_RECORD = struct.Struct(f">{len(_RECORD_LABEL)}s16s16sI16sQ")


def slot_aad(vault: bytes, gen: int, header: bytes) -> bytes:
    """What a wrapped seed is bound to: the vault, the seed's generation, the slot's own parameters."""
    return LABEL + b"slot" + vault + struct.pack(">I", gen) + header


def epoch_info(vault: bytes, epoch: bytes) -> bytes:
    """HPKE's `info` of a sealed epoch root: two ids of 16 bytes."""
    return LABEL + b"epoch" + vault + epoch


def record_aad(vault: bytes, epoch: bytes, seq: int, record: bytes, at_ms: int) -> bytes:
    """What a wrapped record key and a sealed text are bound to: place, order, name and time. Fixed width."""
    return _RECORD.pack(_RECORD_LABEL, vault, epoch, seq, record, at_ms)


def pad(text: bytes) -> bytes:
    """`text` (JSON) with spaces up to the next multiple of TEXT_STEP, so that lengths tell less."""
    return text + b" " * (-len(text) % TEXT_STEP)
