"""age files against the public vectors, against the stock tool, and against each other."""

import contextlib
import hashlib
import subprocess
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest

from echoctl.errors import UsageError
from echoctl.vault import age, agefile, stream
from echoctl.vault.agefile import AgeError
from tests.conftest import REPOSITORY
from tests.vault.identities import pair
from tests.vault.independent import hpke_open

VECTORS = REPOSITORY / "tests/vectors/age-cctv-0.2.0.zip"


def vectors() -> dict[str, tuple[list[tuple[str, str]], bytes]]:
    """Name -> header and file, of those that need neither a passphrase nor armor."""
    found = {}
    with zipfile.ZipFile(VECTORS) as archive:
        for name in archive.namelist():
            head, _, body = archive.read(name).partition(b"\n\n")
            fields = [tuple(line.split(": ", 1)) for line in head.decode().split("\n")]
            if not {"passphrase", "armored"} & {key for key, _ in fields}:
                found[name] = fields, body
    return found


ALL = vectors()


@pytest.mark.parametrize("name", ALL)
def test_a_public_vector_ends_as_it_says(name: str) -> None:
    fields, body = ALL[name]
    said = dict(fields)
    if said.get("compressed") == "zlib":
        body = zlib.decompress(body)
    identities = [age.decode(value) for key, value in fields if key == "identity"]
    try:
        released, ended = agefile.read(body, identities), "success"
    except AgeError as error:
        released, ended = error.released, error.kind
    assert ended == said["expect"]
    if "payload" in said:
        assert hashlib.sha256(released).hexdigest() == said["payload"]


def test_all_vectors_that_apply_were_run() -> None:
    with zipfile.ZipFile(VECTORS) as archive:
        assert len(archive.namelist()) == 143
    assert Counter(dict(fields)["expect"] for fields, _ in ALL.values()) == {
        "success": 18, "header failure": 40, "payload failure": 18, "no match": 8, "HMAC failure": 1,
    }  # fmt: skip


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 200_000])
def test_what_is_sealed_for_somebody_opens_for_them_alone(hybrid: bool, size: int) -> None:
    identity, recipient = pair(hybrid)
    other, _ = pair(not hybrid)
    data = hashlib.shake_256(b"x").digest(size)
    sealed = agefile.seal(data, [recipient])
    assert agefile.read(sealed, [other, identity]) == data
    with pytest.raises(AgeError, match="no match"):
        agefile.read(sealed, [other])


def test_several_recipients_open_one_file_each() -> None:
    (one, to_one), (two, to_two) = pair(False), pair(True)
    sealed = agefile.seal(b"hello", [to_one, to_two])
    assert agefile.read(sealed, [one]) == agefile.read(sealed, [two]) == b"hello"


def test_the_post_quantum_stanza_is_hpke_as_specified() -> None:
    """Opened by the reader that spells HPKE out."""
    (_, secret), recipient = pair(True)
    file_key = bytearray(range(16))
    lines = agefile.header(file_key, [recipient]).split(b"\n")
    share = agefile._decode(lines[1].split(b" ")[2])
    body = agefile._decode(lines[2])
    assert hpke_open(bytes(secret), share + body, b"age-encryption.org/mlkem768x25519") == bytes(file_key)


def test_a_header_goes_before_a_payload_that_exists() -> None:
    file_key, (identity, recipient) = bytearray(range(16)), pair(False)
    payload = b"".join(stream.encrypt(file_key, b"sound" * 50_000))
    assert agefile.read(agefile.header(file_key, [recipient]) + payload, [identity]) == b"sound" * 50_000


@pytest.mark.parametrize(
    "line",
    ["", "age1", "hello", "ssh-ed25519 AAAA", "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
     age.encode("age", bytes(31)), age.encode("age1pq", bytes(32)), age.encode("age-secret-key-", bytes(32)).upper()],
)  # fmt: skip
def test_what_is_no_recipient_is_a_usage_error(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        agefile.parse_recipient(line)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_recipient_that_is_no_key_is_a_usage_error() -> None:
    for prefix, key in (("age", bytes(32)), ("age1pq", b"\xff" * 1216)):
        with pytest.raises(UsageError):
            agefile.seal(b"x", [agefile.parse_recipient(age.encode(prefix, key))])


@pytest.mark.lab
def test_the_stock_tool_and_we_open_each_others_files(tmp_path: Path) -> None:
    (prefix, secret), (kind, public) = pair(False)
    identity = tmp_path / "identity"
    identity.write_text(age.identity_line(secret) + "\n")
    line = subprocess.run(["age-keygen", "-y", identity], capture_output=True, text=True, check=True).stdout.strip()
    assert line == age.encode(kind, public)
    data = hashlib.shake_256(b"y").digest(200_001)
    ours = tmp_path / "ours.age"
    ours.write_bytes(agefile.seal(data, [agefile.parse_recipient(line)]))
    assert subprocess.run(["age", "-d", "-i", identity, ours], capture_output=True, check=True).stdout == data
    theirs = subprocess.run(["age", "-r", line], input=data, capture_output=True, check=True).stdout
    assert agefile.read(theirs, [(prefix, secret)]) == data
    with contextlib.suppress(AgeError):
        assert agefile.read(theirs[:-1], [(prefix, secret)]) != data
