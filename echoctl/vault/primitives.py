"""The few library calls that everything here is made of, over buffers that can be zeroed.

Secrets live in bytearrays and are wiped when done: a `bytes` object stays in memory until its place is reused,
while the library's own key objects clean up after themselves.
"""

import functools
import os
from io import FileIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from echoctl.vault.format import KEY_BYTES, LABEL

_ZERO_NONCE = bytes(12)
_NONCE_BYTES = 12
_TAG_BYTES = 16


class DoesNotOpen(Exception):
    """A sealed thing is not what was sealed under this key: altered, truncated, moved, or another key's."""


def random_secret(size: int = KEY_BYTES) -> bytearray:
    """`size` random bytes that can be wiped; os.urandom would leave a copy that cannot."""
    secret = bytearray(size)
    if _source().readinto(secret) != size:
        raise OSError("/dev/urandom gave too little")
    return secret


@functools.cache
def _source() -> FileIO:
    """Opened once: a process that is locked in opens nothing any more."""
    return FileIO("/dev/urandom")


def wipe(*secrets: bytearray) -> None:
    """Overwrite with zeros, in place."""
    for secret in secrets:
        secret[:] = bytes(len(secret))


def expand(key: bytearray, label: str, size: int = KEY_BYTES) -> bytearray:
    """HKDF-Expand-SHA256 (RFC 5869) under `echoctl/v1/<label>`."""
    out = bytearray(size)
    HKDFExpand(hashes.SHA256(), size, LABEL + label.encode()).derive_into(key, out)
    return out


def derive(secret: bytearray, salt: bytes, info: bytes, size: int = KEY_BYTES) -> bytearray:
    """HKDF-SHA256 (RFC 5869), extract and expand, to `size` bytes that can be wiped."""
    out = bytearray(size)
    HKDF(hashes.SHA256(), size, salt, info).derive_into(secret, out)
    return out


def wrap(key: bytearray, secret: bytearray, aad: bytes) -> bytes:
    """AES-256-GCM with a zero nonce: safe only because every wrapping key is used once."""
    return AESGCM(key).encrypt(_ZERO_NONCE, secret, aad)


def unwrap(key: bytearray, wrapped: bytes, aad: bytes) -> bytearray:
    """Undo `wrap`. Raises DoesNotOpen."""
    secret = bytearray(max(0, len(wrapped) - _TAG_BYTES))
    unwrap_into(key, wrapped, aad, secret)
    return secret


def unwrap_into(key: bytearray, wrapped: bytes, aad: bytes, secret: bytearray) -> None:
    """`unwrap` into a buffer of the secret's length. Raises DoesNotOpen."""
    try:
        AESGCM(key).decrypt_into(_ZERO_NONCE, wrapped, aad, secret)
    except (InvalidTag, ValueError):
        raise DoesNotOpen from None


def seal(key: bytearray, plain: bytes, aad: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


def unseal(key: bytes | bytearray, sealed: bytes, aad: bytes) -> bytes:
    """Undo `seal`. Raises DoesNotOpen."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
    except (InvalidTag, ValueError):
        raise DoesNotOpen from None
