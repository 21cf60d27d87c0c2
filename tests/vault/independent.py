"""A second reader of the vault, written from docs/vault-format.md alone: it shares no code with echoctl.

Only SQLite, hashes and the library's bare primitives; HPKE is spelled out (RFC 9180, base mode).
"""

import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
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


class Refused(Exception):
    """Not this format."""


class Locked(Exception):
    """No slot opens with what was given."""


class Damaged(Exception):
    """Altered, moved or cut off."""


@dataclass
class Vault:
    """A database and the ways in; collects every secret that it meets."""

    connection: sqlite3.Connection
    device: bytes = b""
    passphrase: bytes = b""
    recovery: bytes = b""
    keyring: bytes = b""
    secrets: dict[str, bytes] = field(default_factory=dict)

    def seed(self) -> bytes:
        """What the slots hold. Raises Refused, Locked, Damaged."""
        if self.connection.execute("PRAGMA application_id").fetchone()[0] != 0x65636863:
            raise Refused
        uid, gen, form, public = self.connection.execute("SELECT uid, gen, format, public FROM vault").fetchone()
        if form != 1:
            raise Refused
        (blob,) = self.connection.execute("SELECT slots FROM keyslots").fetchone()
        for place in range(8):
            raw = blob[place * 128 : place * 128 + 128]
            if any(raw) and (key := self._slot_key(place, raw, uid)):
                if raw[40:72] != expand(key, LABEL + b"commit"):
                    continue
                aad = LABEL + b"slot" + uid + gen.to_bytes(4, "big") + raw[:40]
                seed = _decrypt(AESGCM(expand(key, LABEL + b"slot")), bytes(12), raw[72:120], aad)
                if public_of(seed) != public:
                    raise Damaged
                self.secrets["seed"] = seed
                return seed
        raise Locked

    def _slot_key(self, place: int, raw: bytes, uid: bytes) -> bytes | None:
        given = (self.device, self.device and self.passphrase, self.recovery, self.device and self.keyring)
        if place >= len(given) or not given[place]:
            return None
        memory, passes, lanes = (int.from_bytes(raw[n : n + 4], "big") for n in (4, 8, 12))
        bounds = 8192 <= memory <= 1 << 20 and 1 <= passes <= 10 and 1 <= lanes <= 16
        costs = bounds if place == 1 else not (memory or passes or lanes)
        if raw[120:] != hashlib.sha256(raw[:120]).digest()[:8] or raw[:4] != bytes([place + 1, 1, 0, 0]) or not costs:
            raise Damaged
        salt = raw[24:40]
        if place == 1:
            info = LABEL + b"passphrase" + uid
            argon = Argon2id(
                salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory, ad=info, secret=self.device
            )
            return argon.derive(self.passphrase)
        secret = self.keyring + self.device if place == 3 else given[place]
        name = (b"device", b"", b"recovery", b"keyring")[place]
        return expand(extract(salt, secret), LABEL + name + uid)

    def recordings(self) -> dict[str, tuple[dict[str, object], bytes]]:
        """Id -> the text's JSON, and the audio file's bytes; for stores that are whole."""
        opened = {}
        for name, (state, text, audio, _) in self.examine().items():
            assert state == "success", name
            opened[name] = (text, audio)
        return opened

    def examine(self) -> dict[str, tuple[str, dict[str, object], bytes, dict[str, object]]]:
        """Id -> class, text, sound and correction, as far as they open. Raises Refused, Locked, Damaged."""
        seed = self.seed()
        rows = self.connection.execute(
            "SELECT r.id, r.uid, e.uid, e.sealed, s.wraps, r.seq, r.at_ms, r.mode, r.text, r.correction"
            " FROM recording r LEFT JOIN epoch e ON e.id = r.epoch LEFT JOIN keyslab s USING (epoch) WHERE r.state = 1"
        )
        found = {}
        for number, name, epoch, sealed, slab, seq, at_ms, mode, text, correction in rows.fetchall():
            state, said, sound, corrected = "success", {}, b"", {}
            try:
                if mode != "times":
                    secret, aad = self._record(seed, epoch, sealed, slab, seq, name, at_ms)
                    if mode != "audio":
                        said = _text(secret, b"text", text, aad)
                    if correction is not None:
                        corrected = _text(secret, b"correction", correction, aad)
                    if mode != "transcript":
                        sound, whole = self._audio(number, expand(secret, LABEL + b"age", 16))
                        state = "success" if whole else "incomplete"
            except Damaged:
                state = "damaged"
            found[name] = (state, said, sound, corrected)
        return found

    def _record(
        self, seed: bytes, epoch: bytes, sealed: bytes, slab: bytes, seq: int, name: str, at_ms: int
    ) -> tuple[bytes, bytes]:
        """A recording's secret, and what it is bound to."""
        (uid,) = self.connection.execute("SELECT uid FROM vault").fetchone()
        if not sealed or len(slab or b"") != SLAB_START + SLOT * SLOTS or not 0 <= seq < SLOTS:
            raise Damaged
        try:
            root = hpke_open(seed, sealed, LABEL + b"epoch" + uid + epoch)
        except (InvalidTag, ValueError):
            raise Damaged from None
        chain = expand(root, LABEL + b"chain")
        self.secrets[f"root {epoch.hex()}"] = root
        for n in range(seq):
            self.secrets[f"chain {epoch.hex()} {n}"] = chain
            chain = expand(chain, LABEL + b"next")
        aad = LABEL + b"record" + uid + epoch + seq.to_bytes(4, "big") + ulid(name) + at_ms.to_bytes(8, "big")
        wrapping = expand(chain, LABEL + b"wrap")
        start = SLAB_START + SLOT * seq
        secret = _decrypt(AESGCM(wrapping), bytes(12), slab[start : start + SLOT], aad)
        self.secrets |= {f"chain {epoch.hex()} {seq}": chain, f"wrap {name}": wrapping, f"record {name}": secret}
        return secret, aad

    def _audio(self, number: int, file_key: bytes) -> tuple[bytes, bool]:
        """The file's bytes as far as they open, and whether that is all."""
        chunks = self.connection.execute(
            "SELECT n, sealed FROM chunk WHERE recording = ? ORDER BY n", (number,)
        ).fetchall()
        payload = b"".join(chunk for _, chunk in chunks)
        if not payload or [n for n, _ in chunks] != list(range(len(chunks))):
            raise Damaged
        self.secrets[f"file key {number}"] = file_key
        cipher = ChaCha20Poly1305(expand(extract(payload[:16], file_key), b"payload"))
        parts = [payload[at : at + 65552] for at in range(16, len(payload), 65552)]
        plain = b""
        for n, part in enumerate(parts):
            last = n == len(parts) - 1
            try:
                plain += cipher.decrypt(n.to_bytes(11, "big") + bytes([last]), part, None)
            except (InvalidTag, ValueError):
                if not last or len(part) != 65552:
                    raise Damaged from None
                return plain + _decrypt(cipher, n.to_bytes(11, "big") + b"\0", part, b""), False
        return plain, True


def public_of(seed: bytes) -> bytes:
    secrets = hashlib.shake_256(seed).digest(96)
    curve = x25519.X25519PrivateKey.from_private_bytes(secrets[64:]).public_key().public_bytes_raw()
    return mlkem.MLKEM768PrivateKey.from_seed_bytes(secrets[:64]).public_key().public_bytes_raw() + curve


def _text(secret: bytes, label: bytes, sealed: bytes | None, aad: bytes) -> dict[str, object]:
    plain = _decrypt(AESGCM(expand(secret, LABEL + label)), (sealed or b"")[:12], (sealed or b"")[12:], aad)
    found: dict[str, object] = json.loads(plain)
    return found


def _decrypt(cipher: AESGCM | ChaCha20Poly1305, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError):
        raise Damaged from None


def ulid(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 32 + CROCKFORD.index(letter)
    return number.to_bytes(16, "big")
