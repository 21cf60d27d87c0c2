"""A second reader of the vault, written from docs/vault-format.md alone: it shares no code with echoctl.

Only SQLite, hashes and the library's bare primitives; HPKE is spelled out (RFC 9180, base mode).
"""

import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

LABEL = b"echoctl/v1/"
SLAB_START, SLOT, SLOTS = 4096, 48, 256
XWING = bytes.fromhex("5c2e2f2f5e5c")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), secret, "sha256")


def expand(key: bytes, info: bytes, size: int = 32) -> bytes:
    out = block = b""
    n = 0
    while len(out) < size:
        n += 1
        block = hmac.digest(key, block + info + bytes([n]), "sha256")
        out += block
    return out[:size]


def hpke_open(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """RFC 9180 with KEM MLKEM768-X25519 (0x647a), KDF HKDF-SHA256, AEAD ChaCha20-Poly1305."""
    secrets = hashlib.shake_256(seed).digest(96)
    curve = x25519.X25519PrivateKey.from_private_bytes(secrets[64:])
    encapsulated, ciphertext = sealed[:1120], sealed[1120:]
    post_quantum = mlkem.MLKEM768PrivateKey.from_seed_bytes(secrets[:64]).decapsulate(encapsulated[:1088])
    classic = curve.exchange(x25519.X25519PublicKey.from_public_bytes(encapsulated[1088:]))
    public = curve.public_key().public_bytes_raw()
    # X-Wing's combiner (draft-connolly-cfrg-xwing-kem).
    shared = hashlib.sha3_256(post_quantum + classic + encapsulated[1088:] + public + XWING).digest()
    suite = b"HPKE" + bytes.fromhex("647a00010003")

    def labelled_extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + suite + label + secret)

    def labelled_expand(key: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return expand(key, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context, size)

    context = b"\0" + labelled_extract(b"", b"psk_id_hash", b"") + labelled_extract(b"", b"info_hash", info)
    secret = labelled_extract(shared, b"secret", b"")
    key = labelled_expand(secret, b"key", context, 32)
    nonce = labelled_expand(secret, b"base_nonce", context, 12)
    return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, b"")


@dataclass
class Vault:
    """A database and the ways in; collects every secret that it meets."""

    connection: sqlite3.Connection
    device: bytes = b""
    passphrase: bytes = b""
    recovery: bytes = b""
    secrets: dict[str, bytes] = field(default_factory=dict)

    def seed(self) -> bytes:
        uid, gen = self.connection.execute("SELECT uid, gen FROM vault").fetchone()
        (blob,) = self.connection.execute("SELECT slots FROM keyslots").fetchone()
        for place in range(8):
            raw = blob[place * 128 : place * 128 + 128]
            if any(raw) and (key := self._slot_key(place, raw, uid)):
                assert raw[120:] == hashlib.sha256(raw[:120]).digest()[:8]
                assert raw[40:72] == expand(key, LABEL + b"commit")
                aad = LABEL + b"slot" + uid + gen.to_bytes(4, "big") + raw[:40]
                self.secrets["seed"] = AESGCM(expand(key, LABEL + b"slot")).decrypt(bytes(12), raw[72:120], aad)
                return self.secrets["seed"]
        raise LookupError("no way in")

    def _slot_key(self, place: int, raw: bytes, uid: bytes) -> bytes | None:
        salt = raw[24:40]
        if place == 0 and self.device:
            return expand(extract(salt, self.device), LABEL + b"device" + uid)
        if place == 1 and self.passphrase:
            memory, passes, lanes = (int.from_bytes(raw[n : n + 4], "big") for n in (4, 8, 12))
            info = LABEL + b"passphrase" + uid
            argon = Argon2id(
                salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory, ad=info, secret=self.device
            )
            return argon.derive(self.passphrase)
        if place == 2 and self.recovery:
            return expand(extract(salt, self.recovery), LABEL + b"recovery" + uid)
        return None

    def recordings(self) -> dict[str, tuple[dict[str, object], bytes]]:
        """Id -> the text's JSON, and the audio file's bytes."""
        seed = self.seed()
        (uid,) = self.connection.execute("SELECT uid FROM vault").fetchone()
        opened = {}
        rows = self.connection.execute(
            "SELECT r.id, r.uid, e.uid, e.sealed, s.wraps, r.seq, r.at_ms, r.text"
            " FROM recording r JOIN epoch e ON e.id = r.epoch JOIN keyslab s USING (epoch)"
        )
        for number, name, epoch, sealed, slab, seq, at_ms, text in rows.fetchall():
            assert len(slab) == SLAB_START + SLOT * SLOTS
            root = hpke_open(seed, sealed, LABEL + b"epoch" + uid + epoch)
            chain = expand(root, LABEL + b"chain")
            self.secrets[f"root {epoch.hex()}"] = root
            for n in range(seq):
                self.secrets[f"chain {epoch.hex()} {n}"] = chain
                chain = expand(chain, LABEL + b"next")
            aad = LABEL + b"record" + uid + epoch + seq.to_bytes(4, "big") + ulid(name) + at_ms.to_bytes(8, "big")
            wrapping = expand(chain, LABEL + b"wrap")
            start = SLAB_START + SLOT * seq
            secret = AESGCM(wrapping).decrypt(bytes(12), slab[start : start + SLOT], aad)
            self.secrets |= {f"chain {epoch.hex()} {seq}": chain, f"wrap {name}": wrapping, f"record {name}": secret}
            plain = AESGCM(expand(secret, LABEL + b"text")).decrypt(text[:12], text[12:], aad)
            opened[name] = (json.loads(plain), self._audio(number, expand(secret, LABEL + b"age", 16)))
        return opened

    def _audio(self, number: int, file_key: bytes) -> bytes:
        chunks = self.connection.execute("SELECT sealed FROM chunk WHERE recording = ? ORDER BY n", (number,))
        payload = b"".join(chunk for (chunk,) in chunks)
        if not payload:
            return b""
        self.secrets[f"file key {number}"] = file_key
        cipher = ChaCha20Poly1305(expand(extract(payload[:16], file_key), b"payload"))
        parts = [payload[at : at + 65552] for at in range(16, len(payload), 65552)]
        last = len(parts) - 1
        return b"".join(
            cipher.decrypt(n.to_bytes(11, "big") + bytes([n == last]), part, None) for n, part in enumerate(parts)
        )


def ulid(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 32 + CROCKFORD.index(letter)
    return number.to_bytes(16, "big")
