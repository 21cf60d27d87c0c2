"""Unpacking what is damaged: whatever a bit does, it ends as one line, and what is checked is never taken for whole."""

import errno
import io
import os
import random
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from echoctl.errors import ModelError
from echoctl.services.models import unpack, unpacker

FILES = {"am/final.mdl": random.Random(1).randbytes(3000) + bytes(9000), "conf/model.conf": b"--x\n" * 500}


def tarred(mode: Literal["w:", "w:gz", "w:bz2", "w:xz"]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as file:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return data.getvalue()


def zipped(compression: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as file:
        for name, content in FILES.items():
            file.writestr(name, content)
    return data.getvalue()


CHECKED = {
    "tar.gz": tarred("w:gz"),
    "tar.bz2": tarred("w:bz2"),
    "tar.xz": tarred("w:xz"),
    **{
        f"zip {kind}": zipped(kind)
        for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    },
}
"""Archives that carry checksums of their content; a bare tar has one of its headers alone."""


def damaged(data: bytes, times: int) -> Iterator[bytes]:
    """Cut off, a few bits turned, or eight bytes overwritten."""
    dice = random.Random(len(data))
    for n in range(times):
        at = dice.randrange(len(data))
        bad = bytearray(data)
        if n % 3 == 0:
            del bad[at:]
        elif n % 3 == 1:
            for _ in range(dice.randint(1, 4)):
                bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        else:
            bad[at : at + 8] = dice.randbytes(8)
        yield bytes(bad)


def unpacked(data: bytes, folder: Path) -> dict[str, bytes] | None:
    """The files that came out, or None where the archive was refused in one line."""
    target = folder / os.urandom(8).hex()
    target.mkdir()
    said = io.BytesIO()
    unpacker.serve(io.BytesIO(data), said)
    said.seek(0)
    try:
        unpack.take(said, "archive", str(target))
    except ModelError:
        return None
    return {str(file.relative_to(target)): file.read_bytes() for file in target.rglob("*") if file.is_file()}


@pytest.mark.parametrize("kind", CHECKED)
def test_damage_is_refused_or_does_no_harm(kind: str, tmp_path: Path) -> None:
    assert unpacked(CHECKED[kind], tmp_path) == FILES
    outcomes = [unpacked(bad, tmp_path) for bad in damaged(CHECKED[kind], 300)]
    assert outcomes.count(None) > 200
    assert all(FILES[name] == content for files in outcomes if files for name, content in files.items())


def test_damage_to_a_bare_tar_ends_as_one_line(tmp_path: Path) -> None:
    outcomes = [unpacked(bad, tmp_path) for bad in damaged(tarred("w:"), 300)]
    assert 0 < outcomes.count(None) < len(outcomes)


def test_headers_with_words_for_numbers_end_as_one_line(tmp_path: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as file:
        info = tarfile.TarInfo("am/final.mdl")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.size": "many"}
        file.addfile(info)
    assert unpacked(data.getvalue(), tmp_path) is None


def test_a_name_that_is_no_text_ends_as_one_line(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("am/final.mdlé", b"")
    assert unpacked(data.getvalue().replace("é".encode(), b"\xff\xff"), tmp_path) is None


def test_what_goes_on_behind_its_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacker, "MAX_PADDING", 2 * 1024 * 1024)
    assert unpacked(tarred("w:") + bytes(512 * 1024), tmp_path) == FILES
    assert unpacked(tarred("w:") + bytes(3 * 1024 * 1024), tmp_path) is None


def test_a_full_disk_is_not_the_archives_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "makedirs", full)
    with pytest.raises(OSError, match="No space left"):
        unpacked(zipped(zipfile.ZIP_STORED), tmp_path)


@pytest.mark.parametrize("kind", CHECKED)
def test_the_process_that_is_shut_in_takes_every_kind_apart(kind: str, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(CHECKED[kind])
    unpack.unpack_model(str(tmp_path / "archive"), str(tmp_path / "model"))
    assert {name: (tmp_path / "model" / name).read_bytes() for name in FILES} == FILES


def test_names_are_not_believed_whoever_says_them(tmp_path: Path) -> None:
    said = io.BytesIO()
    unpacker._head(said, {"name": "../evil", "size": 1})
    said.seek(0)
    with pytest.raises(ModelError, match="leads elsewhere"):
        unpack.take(said, "archive", str(tmp_path / "model"))
    assert not (tmp_path / "evil").exists()


def test_a_process_that_dies_is_a_damaged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "archive").write_bytes(CHECKED["tar.gz"])
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match="died"):
        unpack.unpack_model(str(tmp_path / "archive"), str(tmp_path / "model"))
