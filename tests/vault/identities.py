import hashlib

from echoctl.vault import age, keys


def pair(hybrid: bool) -> tuple[tuple[str, bytearray], tuple[str, bytes]]:
    """An identity and its recipient."""
    from cryptography.hazmat.primitives.asymmetric import x25519

    secret = bytearray(hashlib.sha256(b"somebody").digest())
    if hybrid:
        return (age.HYBRID_PREFIX, secret), ("age1pq", keys.public_bytes(secret))
    private = x25519.X25519PrivateKey.from_private_bytes(bytes(secret))
    return (age.PREFIX, secret), ("age", private.public_key().public_bytes_raw())
