"""A second reader of the vault, from docs/vault-format.md alone: SQLite, hashes, bare primitives, HPKE spelled out."""

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
SUITE = b"HPKE" + bytes.fromhex("647a00010003")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
QUERY = """SELECT r.id, r.uid, e.uid, e.sealed, s.wraps, r.seq, r.at_ms, r.mode, r.text, r.correction FROM recording r
 LEFT JOIN epoch e ON e.id = r.epoch LEFT JOIN keyslab s USING (epoch) WHERE r.state = 1"""


class Fault(ValueError):
    """What a reader answers: refused, locked, damaged."""


def extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), secret, "sha256")


def expand(key: bytes, info: bytes, size: int = 32) -> bytes:
    out = block = b""
    while len(out) < size:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:size]


def decrypt(cipher: AESGCM | ChaCha20Poly1305, nonce: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError):
        raise Fault("damaged") from None


def private_keys(seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    raw = hashlib.shake_256(seed).digest(96)
    return mlkem.MLKEM768PrivateKey.from_seed_bytes(raw[:64]), x25519.X25519PrivateKey.from_private_bytes(raw[64:])


def hpke_open(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """RFC 9180 with KEM MLKEM768-X25519 (0x647a), KDF HKDF-SHA256, AEAD ChaCha20-Poly1305."""
    kem, curve = private_keys(seed)
    share = sealed[1088:1120]
    classic = curve.exchange(x25519.X25519PublicKey.from_public_bytes(share))
    public = curve.public_key().public_bytes_raw()
    # X-Wing's combiner (draft-connolly-cfrg-xwing-kem).
    shared = hashlib.sha3_256(kem.decapsulate(sealed[:1088]) + classic + share + public + XWING).digest()

    def labelled_extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + SUITE + label + secret)

    def labelled_expand(key: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return expand(key, size.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + context, size)

    context = b"\0" + labelled_extract(b"", b"psk_id_hash", b"") + labelled_extract(b"", b"info_hash", info)
    secret = labelled_extract(shared, b"secret", b"")
    key = labelled_expand(secret, b"key", context, 32)
    return decrypt(ChaCha20Poly1305(key), labelled_expand(secret, b"base_nonce", context, 12), sealed[1120:])


@dataclass
class Opened:
    """A recording: its class, and of its contents what opens."""

    state: str = "success"
    text: dict[str, object] = field(default_factory=dict)
    audio: bytes = b""
    correction: dict[str, object] = field(default_factory=dict)


@dataclass
class Vault:
    """A database and the ways in; collects every secret that it meets."""

    connection: sqlite3.Connection
    device: bytes = b""
    passphrase: bytes = b""
    recovery: bytes = b""
    keyring: bytes = b""
    secrets: dict[str, bytes] = field(default_factory=dict)

    def examine(self) -> dict[str, Opened]:
        """Every recording by its id. Raises Fault where nothing opens."""
        seed = self.seed()
        found = {}
        for number, name, *key, mode, text, correction in self.connection.execute(QUERY).fetchall():
            found[name] = opened = Opened()
            try:
                if mode != "times":
                    secret, aad = self._record(seed, name, *key)
                    opened.text = unsealed(secret, b"text", text, aad) if mode != "audio" else {}
                    opened.correction = unsealed(secret, b"correction", correction, aad) if correction else {}
                    if mode != "transcript":
                        opened.audio, opened.state = self._audio(number, expand(secret, LABEL + b"age", 16))
            except ValueError:
                opened.state = "damaged"
        return found

    def recordings(self) -> dict[str, tuple[dict[str, object], bytes]]:
        """Id -> the text's JSON, and the audio file's bytes, of a store that is whole."""
        found = self.examine()
        assert {opened.state for opened in found.values()} <= {"success"}
        return {name: (opened.text, opened.audio) for name, opened in found.items()}

    def seed(self) -> bytes:
        """What the first slot holds that opens. Raises Fault."""
        program = self.connection.execute("PRAGMA application_id").fetchone()[0]
        uid, gen, version, public = self.connection.execute("SELECT uid, gen, format, public FROM vault").fetchone()
        if (program, version) != (0x65636863, 1):
            raise Fault("refused")
        (blob,) = self.connection.execute("SELECT slots FROM keyslots").fetchone()
        for place in range(4):
            raw = blob[place * 128 : place * 128 + 128]
            key = self._slot_key(place, raw, uid) if any(raw) else b""
            if key and raw[40:72] == expand(key, LABEL + b"commit"):
                aad = LABEL + b"slot" + uid + gen.to_bytes(4, "big") + raw[:40]
                seed = decrypt(AESGCM(expand(key, LABEL + b"slot")), bytes(12), raw[72:120], aad)
                if b"".join(key.public_key().public_bytes_raw() for key in private_keys(seed)) != public:
                    raise Fault("damaged")
                self.secrets["seed"] = seed
                return seed
        raise Fault("locked")

    def _slot_key(self, place: int, raw: bytes, uid: bytes) -> bytes:
        given = (self.device, self.device and self.passphrase, self.recovery, self.device and self.keyring)[place]
        memory, passes, lanes = cost = tuple(int.from_bytes(raw[n : n + 4], "big") for n in (4, 8, 12))
        bounds = 8192 <= memory <= 1 << 20 and 1 <= passes <= 10 and 1 <= lanes <= 16
        if not given:
            return b""
        checksum = hashlib.sha256(raw[:120]).digest()[:8]
        if (
            raw[120:] != checksum
            or raw[:4] != bytes([place + 1, 1, 0, 0])
            or not (bounds if place == 1 else not any(cost))
        ):
            raise Fault("damaged")
        info = LABEL + (b"device", b"passphrase", b"recovery", b"keyring")[place] + uid
        if place == 1:
            options = {"iterations": passes, "lanes": lanes, "memory_cost": memory, "secret": self.device}
            return Argon2id(salt=raw[24:40], length=32, ad=info, **options).derive(given)  # type: ignore[arg-type]
        return expand(extract(raw[24:40], given + self.device if place == 3 else given), info)

    def _record(
        self, seed: bytes, name: str, epoch: bytes, sealed: bytes, slab: bytes, seq: int, at_ms: int
    ) -> tuple[bytes, bytes]:
        """A recording's secret, and what it is bound to."""
        (uid,) = self.connection.execute("SELECT uid FROM vault").fetchone()
        if not sealed or len(slab or b"") != SLAB_START + SLOT * SLOTS or not 0 <= seq < SLOTS:
            raise Fault("damaged")
        root = hpke_open(seed, sealed, LABEL + b"epoch" + uid + epoch)
        chain = expand(root, LABEL + b"chain")
        self.secrets[f"root {epoch.hex()}"] = root
        for n in range(seq):
            self.secrets[f"chain {epoch.hex()} {n}"] = chain
            chain = expand(chain, LABEL + b"next")
        aad = LABEL + b"record" + uid + epoch + seq.to_bytes(4, "big") + ulid(name) + at_ms.to_bytes(8, "big")
        wrapping, start = expand(chain, LABEL + b"wrap"), SLAB_START + SLOT * seq
        secret = decrypt(AESGCM(wrapping), bytes(12), slab[start : start + SLOT], aad)
        self.secrets |= {f"chain {epoch.hex()} {seq}": chain, f"wrap {name}": wrapping, f"record {name}": secret}
        return secret, aad

    def _audio(self, number: int, file_key: bytes) -> tuple[bytes, str]:
        """The file's bytes as far as they open, and whether that is all."""
        query = "SELECT n, sealed FROM chunk WHERE recording = ? ORDER BY n"
        chunks = self.connection.execute(query, (number,)).fetchall()
        payload = b"".join(chunk for _, chunk in chunks)
        parts = [payload[at : at + 65552] for at in range(16, len(payload), 65552)]
        if not parts or [n for n, _ in chunks] != list(range(len(parts))):
            raise Fault("damaged")
        self.secrets[f"file key {number}"] = file_key
        cipher = ChaCha20Poly1305(expand(extract(payload[:16], file_key), b"payload"))
        *before, last = [n.to_bytes(11, "big") for n in range(len(parts))]
        plain = b"".join(decrypt(cipher, n + b"\0", part) for n, part in zip(before, parts, strict=False))
        try:
            return plain + decrypt(cipher, last + b"\1", parts[-1]), "success"
        except Fault:
            return plain + decrypt(cipher, last + b"\0", parts[-1]), "incomplete"


def unsealed(secret: bytes, label: bytes, sealed: bytes | None, aad: bytes) -> dict[str, object]:
    key = AESGCM(expand(secret, LABEL + label))
    return dict(json.loads(decrypt(key, (sealed or b"")[:12], (sealed or b"")[12:], aad)))


def ulid(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 32 + CROCKFORD.index(letter)
    return number.to_bytes(16, "big")
