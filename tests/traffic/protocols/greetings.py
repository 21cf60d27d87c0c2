"""What clients really say first: TLS from the interpreter's own library, QUIC sealed as RFC 9001 says."""

import contextlib
import ssl
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from echoctl.traffic.protocols import quic


def client_hello(name: str | None = "avs-alexa-4-na.amazon.com", *, tls12: bool = False) -> bytes:
    """The bytes of a TLS client that wants to talk to `name`."""
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    if name is None:
        context.verify_mode = ssl.CERT_NONE
    if tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def varint(value: int) -> bytes:
    return struct.pack(">H", value | 0x4000)


def crypto(data: bytes, offset: int = 0) -> bytes:
    return b"\x06" + varint(offset) + varint(len(data)) + data


def initial(
    frames: bytes, *, number: int = 0x44332211, version: int = 1, identifier: bytes = b"\x83\x94\xc8\xf0>Q\x57\x08"
) -> bytes:
    """An Initial packet of a client, padded and sealed."""
    known = quic.VERSIONS[version]
    key, nonce, header_key = quic.client_keys(known, identifier)
    frames += bytes(max(1160 - len(frames), 0))
    first = 0xC0 | known.initial << 4 | 3
    head = bytes((first,)) + version.to_bytes(4) + bytes((len(identifier),)) + identifier + b"\0\0"
    head += varint(4 + len(frames) + 16) + number.to_bytes(4)
    sealed = AESGCM(key).encrypt((int.from_bytes(nonce) ^ number).to_bytes(12), frames, head)
    mask = Cipher(algorithms.AES(header_key), modes.ECB()).encryptor().update(sealed[:16])
    hidden = bytes(a ^ b for a, b in zip(head[-4:], mask[1:5], strict=True))
    return bytes((head[0] ^ mask[0] & 0x0F,)) + head[1:-4] + hidden + sealed
