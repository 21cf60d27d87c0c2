"""age files (C2SP age.md): a header for a payload that exists already, and reading a file back.

The audio of a recording is stored as the payload of an age file, so exporting it for somebody is writing a header in
front of it. Recipients are X25519 and MLKEM768-X25519 keys; our files use neither passphrases nor ASCII armor.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from echoctl.errors import UsageError, VaultDamaged
from echoctl.vault import age, keys, stream
from echoctl.vault import format as fmt
from echoctl.vault.primitives import derive, random_secret, wipe

FILE_KEY_BYTES = 16

_INTRO = b"age-encryption.org/v1"
_X25519_INFO = b"age-encryption.org/v1/X25519"
_HYBRID_INFO = b"age-encryption.org/mlkem768x25519"
_HYBRID = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ENCAPSULATED_BYTES = 1120
_LINE = 64
_BODY_BYTES = FILE_KEY_BYTES + 16
_SCRYPT = b"scrypt"


class AgeError(Exception):
    """A file that does not open; `kind` is one of the classes of the C2SP/CCTV vectors."""

    HEADER, NO_MATCH, HMAC, PAYLOAD = "header failure", "no match", "HMAC failure", "payload failure"

    def __init__(self, kind: str, released: bytes = b"") -> None:
        super().__init__(kind)
        self.kind = kind
        self.released = released
        """What was authentic before the fault, from the start."""


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's part of a header."""

    arguments: tuple[bytes, ...]
    body: bytes


def parse_recipient(line: str) -> tuple[str, bytes]:
    """A recipient as (prefix, key). Raises UsageError when no file can be sealed for the line."""
    hint = "it begins with age1: age-keygen -y prints it; ssh keys and plugins are not supported"
    try:
        prefix, key = age.decode(line)
    except ValueError as exc:
        raise UsageError(f"{line[:20]}… is not an age recipient: {exc}", hint) from None
    if prefix.startswith("age-secret-key"):
        raise UsageError("this is an identity, which opens; a recipient is wanted", "age-keygen -y prints it")
    # age1pq1… is Bech32 with the prefix "age1pq"
    if age.RECIPIENTS.get(prefix) != len(key):
        raise UsageError(f"{line[:20]}… is not an age recipient that is known here", hint)
    return prefix, bytes(key)


def header(file_key: bytearray, recipients: Sequence[tuple[str, bytes]]) -> bytes:
    """The header that lets each recipient open a payload under this file key."""
    parts = [_INTRO + b"\n"]
    for prefix, key in recipients:
        wrap = _wrap_x25519 if prefix == "age" else _wrap_hybrid
        share, body = wrap(file_key, key)
        name = b"X25519" if prefix == "age" else b"mlkem768x25519"
        parts.append(b"-> " + name + b" " + _encode(share) + b"\n" + _lines(body))
    signed = b"".join(parts) + b"---"
    return signed + b" " + _encode(_mac(file_key, signed)) + b"\n"


def seal(data: bytes, recipients: Sequence[tuple[str, bytes]]) -> bytes:
    """A whole age file of bytes that were not sealed before."""
    file_key = random_secret(FILE_KEY_BYTES)
    try:
        return header(file_key, recipients) + b"".join(stream.encrypt(file_key, data))
    finally:
        wipe(file_key)


def read(data: bytes, identities: Sequence[tuple[str, bytearray]]) -> bytes:
    """The plain text of an age file, by identities as `age.decode` gives them. Raises AgeError."""
    stanzas, mac, end = _parse(data)
    file_key = _unwrap(stanzas, identities)
    try:
        if not hmac.compare_digest(_mac(file_key, data[: end - len(mac) - 2]), _decode(mac)):
            raise AgeError(AgeError.HMAC)
        if len(data) - end < stream.NONCE_BYTES:
            raise AgeError(AgeError.HEADER)
        plain, whole = stream.decrypt_prefix(file_key, data[end:])
    finally:
        wipe(file_key)
    if not whole:
        raise AgeError(AgeError.PAYLOAD, plain)
    return plain


def _parse(data: bytes) -> tuple[list[Stanza], bytes, int]:
    """The stanzas, the MAC as written, and where the payload begins."""
    lines = _Lines(data)
    if lines.next() != _INTRO:
        raise AgeError(AgeError.HEADER)
    stanzas: list[Stanza] = []
    while not (line := lines.next()).startswith(b"---"):
        stanzas.append(_stanza(line, lines))
    found = re.fullmatch(rb"--- ([A-Za-z0-9+/]{43})", line)
    scrypt = any(stanza.arguments[0] == _SCRYPT for stanza in stanzas)
    if not found or not stanzas or (scrypt and len(stanzas) > 1):  # a passphrase must stand alone
        raise AgeError(AgeError.HEADER)
    _decode(found[1])
    return stanzas, found[1], lines.at


class _Lines:
    """The lines of a header, which end with a line feed and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def next(self) -> bytes:
        end = self._data.find(b"\n", self.at)
        if end < 0:
            raise AgeError(AgeError.HEADER)
        line, self.at = self._data[self.at : end], end + 1
        return line


def _stanza(first: bytes, lines: _Lines) -> Stanza:
    if not re.fullmatch(rb"->( [\x21-\x7e]+)+", first):
        raise AgeError(AgeError.HEADER)
    body = bytearray()
    while True:
        line = lines.next()
        if len(line) > _LINE:
            raise AgeError(AgeError.HEADER)
        body += _decode(line)
        if len(line) < _LINE:  # a body ends with a line that is not full, if need be an empty one
            return Stanza(tuple(first[3:].split(b" ")), bytes(body))


def _unwrap(stanzas: Sequence[Stanza], identities: Sequence[tuple[str, bytearray]]) -> bytearray:
    for stanza in stanzas:
        for prefix, secret in identities:
            if prefix == age.PREFIX and stanza.arguments[0] == b"X25519":
                found = _unwrap_x25519(stanza, secret)
            elif prefix == age.HYBRID_PREFIX and stanza.arguments[0] == b"mlkem768x25519":
                found = _unwrap_hybrid(stanza, secret)
            else:
                continue
            if found is not None:
                return bytearray(found)
    raise AgeError(AgeError.NO_MATCH)


def _share(stanza: Stanza, size: int) -> bytes:
    if len(stanza.arguments) != 2 or len(stanza.body) != _BODY_BYTES:
        raise AgeError(AgeError.HEADER)
    share = _decode(stanza.arguments[1])
    if len(share) != size:
        raise AgeError(AgeError.HEADER)
    return share


def _unwrap_x25519(stanza: Stanza, secret: bytearray) -> bytes | None:
    share = _share(stanza, fmt.KEY_BYTES)
    private = x25519.X25519PrivateKey.from_private_bytes(bytes(secret))
    shared = _exchange(private, share)
    key = derive(shared, share + private.public_key().public_bytes_raw(), _X25519_INFO)
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), stanza.body, None)
    except InvalidTag:
        return None
    finally:
        wipe(key, shared)


def _unwrap_hybrid(stanza: Stanza, secret: bytearray) -> bytes | None:
    share = _share(stanza, _ENCAPSULATED_BYTES)
    # HPKE reports a share of low order as if the tag were wrong; age wants the header refused.
    _exchange(x25519.X25519PrivateKey.generate(), share[-fmt.KEY_BYTES :])
    try:
        return _HYBRID.decrypt(share + stanza.body, keys.private_key(secret), _HYBRID_INFO)
    except (InvalidTag, ValueError):
        return None


def _exchange(private: x25519.X25519PrivateKey, share: bytes) -> bytearray:
    try:
        return bytearray(private.exchange(x25519.X25519PublicKey.from_public_bytes(share)))
    except ValueError:  # a point of low order
        raise AgeError(AgeError.HEADER) from None


def _wrap_x25519(file_key: bytearray, recipient: bytes) -> tuple[bytes, bytes]:
    mine = x25519.X25519PrivateKey.generate()
    share = mine.public_key().public_bytes_raw()
    try:
        shared = bytearray(mine.exchange(x25519.X25519PublicKey.from_public_bytes(recipient)))
    except ValueError:
        raise _not_a_key() from None
    key = derive(shared, share + recipient, _X25519_INFO)
    sealed = ChaCha20Poly1305(key).encrypt(bytes(12), bytes(file_key), None)
    wipe(key, shared)
    return share, sealed


def _wrap_hybrid(file_key: bytearray, recipient: bytes) -> tuple[bytes, bytes]:
    try:
        public = keys.public_key(recipient)
    except VaultDamaged:
        raise _not_a_key() from None
    sealed = _HYBRID.encrypt(bytes(file_key), public, _HYBRID_INFO)
    return sealed[:_ENCAPSULATED_BYTES], sealed[_ENCAPSULATED_BYTES:]


def _not_a_key() -> UsageError:
    return UsageError("this age recipient is not a valid key", "age-keygen -y prints the one that is meant")


def _mac(file_key: bytearray, signed: bytes) -> bytes:
    key = derive(file_key, b"", b"header")
    try:
        return hmac.digest(key, signed, "sha256")
    finally:
        wipe(key)


def _encode(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    """Base64 without padding and in its one canonical form. Raises AgeError."""
    if not re.fullmatch(rb"[A-Za-z0-9+/]*", text) or len(text) % 4 == 1:
        raise AgeError(AgeError.HEADER)
    data = base64.b64decode(text + b"=" * (-len(text) % 4))
    if _encode(data) != text:
        raise AgeError(AgeError.HEADER)
    return data


def _lines(body: bytes) -> bytes:
    text = _encode(body)
    return b"".join(text[at : at + _LINE] + b"\n" for at in range(0, len(text) + 1, _LINE))
