"""Every vector is answered alike by echoctl and by the reader made from the specification, and as its file says."""

import contextlib
import hashlib
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.audio import codec
from echoctl.errors import EchoctlError, StoreError, VaultDamaged, VaultLocked
from echoctl.model.speech import StoreMode
from echoctl.services.history import reader, verifying
from echoctl.services.vault import os_keyring, unlocking
from echoctl.services.vault.credential import OwnerCredential
from echoctl.store import recordings
from echoctl.vault import age
from tests.conftest import REPOSITORY
from tests.heard import knows, nobody
from tests.vault.independent import Fault, Vault

FILES = sorted((REPOSITORY / "tests/vectors").glob("vault-*/*"))
NAMES = [f"{file.parent.name}/{file.name}" for file in FILES]


@dataclass
class Vector:
    """One file: what is given, what is to be answered."""

    expect: str
    ways: dict[str, str]
    recordings: dict[str, list[str]]
    database: bytes = field(repr=False)


def load(file: Path) -> Vector:
    head, _, body = file.read_bytes().partition(b"\n\n")
    fields = [line.split(": ", 1) for line in head.decode().splitlines()]
    rows = [value.split() for key, value in fields if key == "recording"]
    rest = {key: value for key, value in fields if key != "recording"}
    return Vector(rest.pop("expect"), rest, {uid: row for uid, *row in rows}, zlib.decompress(body))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_the_reader_made_from_the_specification_answers(file: Path) -> None:
    vector = load(file)
    given = {
        "device": bytes.fromhex(vector.ways.get("device", "")),
        "keyring": bytes.fromhex(vector.ways.get("keyring", "")),
        "passphrase": vector.ways.get("passphrase", "").encode(),
        "recovery": bytes(age.decode(vector.ways["recovery"])[1]) if "recovery" in vector.ways else b"",
    }
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(vector.database)
        try:
            found = Vault(connection, **given).examine()
        except Fault as fault:
            assert (str(fault), {}) == (vector.expect, vector.recordings)
            return
    answers = {
        uid: [o.state, *(["-", "-"] if o.state == "damaged" or not o.text else [_text(o.text), sha(o.audio)])]
        for uid, o in found.items()
    }
    assert answers == vector.recordings


def _text(text: dict[str, object]) -> str:
    return sha(str(text["text"]).encode())


CLASSES: dict[str, type[EchoctlError]] = {"locked": VaultLocked, "damaged": VaultDamaged, "refused": StoreError}


@pytest.fixture
def put(store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Vector], OwnerCredential]:
    """Make a vector this machine's store; returns what knows its passphrase."""

    def place(vector: Vector) -> OwnerCredential:
        Path(paths.data_dir()).mkdir(mode=0o700)
        Path(paths.keys_dir()).mkdir(mode=0o700, parents=True)
        Path(paths.database()).write_bytes(vector.database)
        Path(paths.database()).chmod(0o600)
        if "device" in vector.ways:
            Path(paths.device_key()).write_bytes(bytes.fromhex(vector.ways["device"]))
            Path(paths.device_key()).chmod(0o600)
        kept = bytearray.fromhex(vector.ways.get("keyring", ""))
        monkeypatch.setattr(os_keyring, "fetch", lambda _: bytearray(kept) or None)
        return knows(vector.ways["passphrase"]) if "passphrase" in vector.ways else nobody

    return place


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_echoctl_answers(file: Path, put: Callable[[Vector], OwnerCredential]) -> None:
    vector = load(file)
    owner = put(vector)
    with contextlib.ExitStack() as stack:
        if not vector.recordings:
            stack.enter_context(pytest.raises(CLASSES[vector.expect]))
        if "recovery" in vector.ways:
            unlocking.recover(vector.ways["recovery"], None)
        opened = stack.enter_context(reader.opened(owner, needs_key=True))
        assert opened
        states = {finding.name: str(finding.state) for finding in verifying.recordings_of(opened)}
        assert {uid: "success" if state == "whole" else state for uid, state in states.items()} == {
            uid: row[0] for uid, row in vector.recordings.items()
        }
        for uid, (state, text, sound) in vector.recordings.items():
            _check(opened, uid, state, text, sound)


def _check(opened: reader.History, uid: str, state: str, text: str, sound: str) -> None:
    """What is released is what the vector says, or nothing."""
    row = recordings.get(opened.connection, uid)
    assert row
    if state == "damaged":
        with pytest.raises(VaultDamaged):
            opened.examine(row)
        return
    shown = opened.show(uid)
    assert (sha(shown.transcript.text.encode()) if shown.transcript else "-") == text
    if shown.mode == StoreMode.BOTH and state == "success":
        assert sha(opened.flac(uid)[1]) == sound
    if state == "incomplete":
        recording, flac = opened.flac(uid)
        assert recording.incomplete and len(codec.decode_flac(flac)) > 32_000  # a second and more


def test_there_are_vectors_of_each_class() -> None:
    assert {load(file).expect for file in FILES} == {"success", "locked", "damaged", "incomplete", "refused"}
    assert len(FILES) >= 31


def test_the_independent_reader_is_short_and_shares_no_code() -> None:
    source = (REPOSITORY / "tests/vault/independent.py").read_text()
    assert len(source.splitlines()) <= 200
    assert "import" in source and "from echoctl" not in source and "import echoctl" not in source
