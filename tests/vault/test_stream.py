import base64
import hashlib
import hmac
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from echoctl.vault import age, stream
from echoctl.vault.primitives import DoesNotOpen, derive

SIZES = [0, 1, stream.CHUNK_BYTES - 1, stream.CHUNK_BYTES, stream.CHUNK_BYTES + 1, 2 * stream.CHUNK_BYTES, 150_000]


def key() -> bytearray:
    return bytearray(range(16))


def sample(size: int) -> bytes:
    return hashlib.shake_256(b"sample").digest(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(size: int) -> None:
    chunks = stream.encrypt(key(), sample(size))
    assert len(chunks) == max(1, -(-size // stream.CHUNK_BYTES))
    assert stream.decrypt(key(), chunks) == sample(size)
    assert sum(map(len, chunks)) == size + 16 + 16 * len(chunks)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2), st.data())
def test_any_flipped_bit_is_noticed(chunk: int, data: st.DataObject) -> None:
    chunks = stream.encrypt(key(), sample(150_000))
    at = data.draw(st.integers(0, len(chunks[chunk]) * 8 - 1))
    bad = bytearray(chunks[chunk])
    bad[at // 8] ^= 1 << at % 8
    with pytest.raises(DoesNotOpen):
        stream.decrypt(key(), [*chunks[:chunk], bytes(bad), *chunks[chunk + 1 :]])


def test_chunks_that_are_missing_moved_or_too_many_are_noticed() -> None:
    one, two, three = stream.encrypt(key(), sample(150_000))
    missing = [[], [one], [one, two], [two, three], [one, three]]
    moved = [[one, three, two], [two, one, three]]
    too_many = [[one, two, two, three], [one, two, three, three], [one, two, three + b"x"]]
    cut = [[one[:16], two, three], [one, two, three[:15]], [one[:-1], two, three]]
    for wrong in missing + moved + too_many + cut:
        with pytest.raises(DoesNotOpen):
            stream.decrypt(key(), wrong)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(DoesNotOpen):
        stream.decrypt(bytearray(16), stream.encrypt(key(), b"hello"))


def test_no_two_streams_are_alike() -> None:
    assert stream.encrypt(key(), b"hello") != stream.encrypt(key(), b"hello")


def test_a_payload_made_by_age_opens() -> None:
    """Made with age 1.1.1; the file key was taken from its header."""
    file_key = bytearray.fromhex("919e29a4d5dbbd2d4a7fece89969d9d4")
    payload = bytes.fromhex(
        "bb0ddd47f3ca4874032fa020692c3790ca13b2d9d12ceeff2bd7bc8797bec8033b85ec42eaa0b2b4a5d2e530c045"
    )
    assert stream.decrypt(file_key, [payload]) == b"hello from age"


@pytest.mark.lab
def test_age_opens_what_is_stored(tmp_path: Path) -> None:
    """Behind an age header for any recipient the stored chunks are an age file, as they are."""
    private = x25519.X25519PrivateKey.generate()
    identity = tmp_path / "identity"
    identity.write_text(age.identity_line(bytearray(private.private_bytes_raw())))
    file = _header(key(), private.public_key()) + b"".join(stream.encrypt(key(), sample(150_000)))
    opened = subprocess.run(["age", "-d", "-i", identity], input=file, capture_output=True, check=True)
    assert opened.stdout == sample(150_000)


def _header(file_key: bytearray, recipient: x25519.X25519PublicKey) -> bytes:
    """C2SP age.md, "The X25519 recipient type"."""
    share = x25519.X25519PrivateKey.generate()
    public = share.public_key().public_bytes_raw()
    info = b"age-encryption.org/v1/X25519"
    secret = bytearray(share.exchange(recipient))
    wrapping = derive(secret, public + recipient.public_bytes_raw(), info)
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    head = b"age-encryption.org/v1\n-> X25519 " + _base64(public) + b"\n" + _base64(body) + b"\n---"
    mac = hmac.digest(derive(file_key, b"", b"header"), head, "sha256")
    return head + b" " + _base64(mac) + b"\n"


def _base64(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")
