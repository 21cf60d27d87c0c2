"""Write tests/vectors/vault-1/: small vaults that must open, and ones that must not, with what a reader has to answer.

    python -m tests.vectors.make_vectors FOLDER        # a new folder for each release; never anew for an old one

Each file is a header of `key: value` lines, an empty line, and an SQLite database under zlib: README.md.
"""

import contextlib
import hashlib
import os
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from echoctl import paths
from echoctl.audio import codec
from echoctl.clock import SystemClock
from echoctl.model.speech import Feedback, StoreMode, Transcript, Word
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.services.vault.credential import OwnerCredential, secret_of
from echoctl.store.database import db
from echoctl.vault import age, keys
from echoctl.vault import format as fmt

NOBODY = OwnerCredential(lambda: None)
PASSPHRASE = "correct horse battery"
MORNING_MS = 1_800_000_000_000


@dataclass(frozen=True)
class Base:
    """The store that the vectors are made of."""

    database: bytes
    ways: dict[str, str]
    recordings: dict[str, tuple[str, str]]
    """Id -> hashes of text and sound."""
    sounds: dict[str, bytes]


def main(target: Path) -> None:
    """Make the base and all its variations."""
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("data", "state", "config", "cache"):
            os.environ[f"ECHOCTL_{kind.upper()}_DIR"] = str(Path(folder, kind))
        small, large = _base(0.05), _base(2.1)
    for name, (base, given, expect, states, change) in _vectors(small, large).items():
        _write(target / name, base, given, expect, states, change)


Change = Callable[[sqlite3.Connection], object]
States = dict[int, str]
Vector = tuple[Base, tuple[str, ...], str, States, Change | None]


def _vectors(small: Base, large: Base) -> dict[str, Vector]:
    device = ("device",)
    both = ("device", "passphrase")

    def sql(query: str) -> Change:
        return lambda connection: connection.execute(query)

    ways: dict[str, Vector] = {
        "device_and_passphrase": (small, both, "success", {}, None),
        "recovery": (small, ("recovery",), "success", {}, None),
        "device_and_keyring": (small, ("device", "keyring"), "success", {}, None),
        "device_alone": (small, device, "locked", {}, None),
        "passphrase_wrong": (_other(small, "passphrase", "wrong horse"), both, "locked", {}, None),
        "recovery_wrong": (_other(small, "recovery", _line(bytes(32))), ("recovery",), "locked", {}, None),
        "slot_empty": (small, ("recovery",), "locked", {}, _slot(2, lambda raw: bytes(128))),
        "slot_bit": (small, ("recovery",), "damaged", {}, _slot(2, lambda raw: _flipped(raw, 90))),
        "slot_salt": (small, ("recovery",), "locked", {}, _slot(2, lambda raw: _summed(_flipped(raw, 30)))),
        "slot_seed": (small, ("recovery",), "damaged", {}, _slot(2, lambda raw: _summed(_flipped(raw, 75)))),
        "slot_memory_4_gib": (small, both, "damaged", {}, _slot(1, lambda raw: _summed(raw[:4] + b"\0\x40" + raw[6:]))),
        "slot_version": (small, ("recovery",), "damaged", {}, _slot(2, lambda raw: _summed(raw[:1] + b"\2" + raw[2:]))),
        "slot_moved": (small, ("recovery",), "damaged", {}, _slot(2, lambda raw: _summed(b"\1" + raw[1:]))),
        "generation": (small, ("recovery",), "damaged", {}, sql("UPDATE vault SET gen = 2")),
        "public_key": (small, ("recovery",), "damaged", {}, sql("UPDATE vault SET public = zeroblob(1216)")),
        "format_2": (small, ("recovery",), "refused", {}, sql("UPDATE vault SET format = 2")),
        "other_program": (small, ("recovery",), "refused", {}, sql("PRAGMA application_id = 7")),
    }
    return ways | {
        name: (base, both, _worst(states), states, sql(query))
        for name, (base, states, query) in _rows(small, large).items()
    }


def _rows(small: Base, large: Base) -> dict[str, tuple[Base, States, str]]:
    """What may befall single rows, as SQL."""
    return {
        "text_zero": (small, {1: "damaged"}, "UPDATE recording SET text = zeroblob(length(text)) WHERE id = 2"),
        "text_gone": (small, {1: "damaged"}, "UPDATE recording SET text = NULL WHERE id = 2"),
        "text_of_another": (
            small, {0: "damaged"},
            "UPDATE recording SET text = (SELECT text FROM recording WHERE id = 2) WHERE id = 1",
        ),
        "time_moved": (small, {1: "damaged"}, "UPDATE recording SET at_ms = at_ms + 1 WHERE id = 2"),
        "place_moved": (small, {1: "damaged"}, "UPDATE recording SET seq = 100 WHERE id = 2"),
        "correction_zero": (small, {0: "damaged"}, "UPDATE recording SET correction = zeroblob(92) WHERE id = 1"),
        "epoch_zero": (small, dict.fromkeys(range(2), "damaged"), "UPDATE epoch SET sealed = zeroblob(1168)"),
        "slab_short": (small, dict.fromkeys(range(2), "damaged"), "UPDATE keyslab SET wraps = zeroblob(5000)"),
        "state_9": (small, {1: "-"}, "UPDATE recording SET state = 9 WHERE id = 2"),
        "sound_whole": (large, {}, "UPDATE recording SET room = 'hall'"),
        "sound_without_its_end": (large, {0: "incomplete"}, "DELETE FROM chunk WHERE n = 1"),
        "sound_without_its_start": (large, {0: "damaged", 1: "damaged"}, "DELETE FROM chunk WHERE n = 0"),
        "sound_zero": (large, {0: "damaged"}, "UPDATE chunk SET sealed = zeroblob(99) WHERE n = 1"),
        "sound_gone": (small, {0: "damaged", 1: "damaged"}, "DELETE FROM chunk"),
    }  # fmt: skip


def _worst(states: States) -> str:
    return next((one for one in ("damaged", "incomplete") if one in states.values()), "success")


def _base(seconds: float) -> Base:
    """A store with two recordings with sound, the first corrected, and one of which only the time was kept."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(paths.database())
    unlocking.ensure()
    hashes, sounds = {}, {}
    for n, mode in enumerate((StoreMode.BOTH, StoreMode.BOTH, StoreMode.TIMES)):
        pcm = hashlib.shake_256(bytes([n])).digest(int((0.05 if n else seconds) * 16000) * 2)
        text = Transcript(f"number {n} \u2013 fünf", (Word("number", 0.1, 0.4, 0.987),))
        with contextlib.closing(Recorder(mode=mode, room="", wall=SystemClock())) as recorder:
            made = recorder.commit(
                pcm=pcm, transcript=text, at_ms=MORNING_MS + n, detection=None, wake_word="", scores={}
            )
        kept = mode == StoreMode.BOTH
        sounds[made.id] = codec.encode_flac(pcm) if kept else b""
        hashes[made.id] = (_hash(text.text.encode()), _hash(sounds[made.id])) if kept else ("-", "-")
    with reader.opened(NOBODY, needs_key=True) as opened:
        assert opened
        opened.feedback(next(iter(hashes)), Feedback.WRONG, "number zero")
    ways = _more_ways()
    with contextlib.closing(db.connect(paths.database())) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = DELETE")
    return Base(Path(paths.database()).read_bytes(), ways, hashes, sounds)


def _more_ways() -> dict[str, str]:
    """Give the store every kind of slot but `device`; the passphrase as cheap as the format allows."""
    line, _ = unlocking.make_recovery(NOBODY)
    kept = bytearray(hashlib.sha256(b"keyring").digest())
    with (
        contextlib.closing(db.connect(paths.database())) as connection,
        unlocking.unlock(connection, NOBODY) as reader,
    ):
        vault = unlocking.read(connection)
        secret = secret_of(vault)
        cheap = keys.Cost(8192, 1, 1)
        typed = keys.passphrase_bytes(PASSPHRASE)
        slots = {
            fmt.DEVICE_SLOT: bytes(fmt.SLOT_BYTES),
            fmt.PASSPHRASE_SLOT: keys.seal_passphrase(vault, reader.seed, secret, typed, cheap),
            fmt.KEYRING_SLOT: keys.seal_keyring(vault, reader.seed, secret, kept),
        }
        unlocking.write_slots(connection, slots)
    return {"device": secret.hex(), "passphrase": PASSPHRASE, "recovery": line, "keyring": kept.hex()}


def _write(
    target: Path, base: Base, given: tuple[str, ...], expect: str, states: States, change: Change | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "x.db")
        file.write_bytes(base.database)
        if change:
            with contextlib.closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA secure_delete = ON")
                change(connection)
                connection.commit()
                connection.execute("VACUUM")
        data = file.read_bytes()
    lines = [f"expect: {expect}", *(f"{way}: {base.ways[way]}" for way in given)]
    if expect not in ("locked", "refused") and not (expect == "damaged" and not states):
        for n, (uid, (text, sound)) in enumerate(base.recordings.items()):
            state = states.get(n, "success")
            if state == "incomplete":
                sound = _hash(base.sounds[uid][: 64 * 1024])
            if state != "-":
                lines.append(f"recording: {uid} {state} " + ("- -" if state == "damaged" else f"{text} {sound}"))
    target.write_bytes("\n".join(lines).encode() + b"\n\n" + zlib.compress(data, 9))


def _slot(place: int, change: Callable[[bytes], bytes]) -> Change:
    def apply(connection: sqlite3.Connection) -> None:
        (blob,) = connection.execute("SELECT slots FROM keyslots").fetchone()
        at = place * 128
        blob = blob[:at] + change(blob[at : at + 128]) + blob[at + 128 :]
        connection.execute("UPDATE keyslots SET slots = ?", (blob,))

    return apply


def _flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def _summed(raw: bytes) -> bytes:
    return raw[:120] + hashlib.sha256(raw[:120]).digest()[:8]


def _other(base: Base, way: str, value: str) -> Base:
    return replace(base, ways={**base.ways, way: value})


def _line(secret: bytes) -> str:
    return age.identity_line(bytearray(secret))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
