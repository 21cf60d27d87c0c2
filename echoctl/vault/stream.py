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


def encrypt(file_key: bytearray, data: bytes) -> list[bytes]:
    """Seal under a 16-byte age file key; the nonce stands in front of the first chunk."""
    nonce = os.urandom(NONCE_BYTES)
    key = derive(file_key, nonce, b"payload")
    cipher = ChaCha20Poly1305(key)
    wipe(key)
    count = max(1, -(-len(data) // CHUNK_BYTES))
    chunks = [
        cipher.encrypt(_nonce(n, n == count - 1), data[n * CHUNK_BYTES : (n + 1) * CHUNK_BYTES], None)
        for n in range(count)
    ]
    chunks[0] = nonce + chunks[0]
    return chunks


def decrypt(file_key: bytearray, chunks: Sequence[bytes]) -> bytes:
    """Open all chunks, in order. Raises DoesNotOpen when one is altered, missing, moved or too many."""
    if not chunks:
        raise DoesNotOpen
    key = derive(file_key, chunks[0][:NONCE_BYTES], b"payload")
    cipher = ChaCha20Poly1305(key)
    wipe(key)
    last = len(chunks) - 1
    plain = []
    try:
        for n, chunk in enumerate(chunks):
            plain.append(cipher.decrypt(_nonce(n, n == last), chunk if n else chunk[NONCE_BYTES:], None))
    except (InvalidTag, ValueError):
        raise DoesNotOpen from None
    return b"".join(plain)


def _nonce(n: int, last: bool) -> bytes:
    return n.to_bytes(11, "big") + bytes([last])
