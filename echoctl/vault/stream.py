"""Audio in the payload format of age v1 (C2SP age.md, "Payload"): a nonce, then STREAM chunks of 64 KiB.

The chunks are stored as rows. Joined, and put behind an age header for any recipient, they are an age file that
the standard tool opens: no re-encryption.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from echoctl.vault.primitives import DoesNotOpen, derive, wipe

CHUNK_BYTES = 64 * 1024
"""Plaintext per chunk; a sealed one is 16 bytes longer, the first another 16 for the nonce."""

NONCE_BYTES = 16
_TAG_BYTES = 16


def encrypt(file_key: bytearray, data: bytes) -> list[bytes]:
    """Seal under a 16-byte age file key; the nonce stands in front of the first chunk."""
    nonce = os.urandom(NONCE_BYTES)
    cipher = _cipher(file_key, nonce)
    count = max(1, -(-len(data) // CHUNK_BYTES))
    chunks = [
        cipher.encrypt(_nonce(n, n == count - 1), data[n * CHUNK_BYTES : (n + 1) * CHUNK_BYTES], None)
        for n in range(count)
    ]
    chunks[0] = nonce + chunks[0]
    return chunks


def decrypt(file_key: bytearray, chunks: Sequence[bytes]) -> bytes:
    """Open all chunks, in order. Raises DoesNotOpen when one is altered, missing, moved or too many."""
    plain, whole = decrypt_prefix(file_key, b"".join(chunks))
    if not whole:
        raise DoesNotOpen
    return plain


def decrypt_prefix(file_key: bytearray, payload: bytes) -> tuple[bytes, bool]:
    """What of a payload is authentic, from its start, and whether that is all of it."""
    cipher = _cipher(file_key, payload[:NONCE_BYTES])
    plain: list[bytes] = []
    at, n = NONCE_BYTES, 0
    while True:
        part = payload[at : at + CHUNK_BYTES + _TAG_BYTES]
        at += len(part)
        opened, last = _open(cipher, n, part)
        if opened is None or (last and n and not opened):  # only an empty file may end with an empty chunk
            return b"".join(plain), False
        plain.append(opened)
        if last:
            return b"".join(plain), at == len(payload)
        n += 1


def decrypt_cut_off(file_key: bytearray, chunks: Sequence[bytes]) -> bytes:
    """Open chunks of which only the last ones are missing, as when writing was interrupted. Raises DoesNotOpen."""
    plain, whole = decrypt_prefix(file_key, b"".join(chunks))
    if whole or not plain or len(plain) != len(chunks) * CHUNK_BYTES:
        raise DoesNotOpen
    return plain


def _cipher(file_key: bytearray, nonce: bytes) -> ChaCha20Poly1305:
    key = derive(file_key, nonce, b"payload")
    try:
        return ChaCha20Poly1305(key)
    finally:
        wipe(key)


def _open(cipher: ChaCha20Poly1305, n: int, part: bytes) -> tuple[bytes | None, bool]:
    """One chunk, and whether it is the last one; a full one may be either."""
    for last in (False, True) if len(part) == CHUNK_BYTES + _TAG_BYTES else (True,):
        try:
            return cipher.decrypt(_nonce(n, last), part, None), last
        except (InvalidTag, ValueError):
            continue
    return None, False


def _nonce(n: int, last: bool) -> bytes:
    return n.to_bytes(11, "big") + bytes([last])
