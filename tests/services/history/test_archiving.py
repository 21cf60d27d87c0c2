import contextlib
import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.audio import codec
from echoctl.errors import UsageError, VaultDamaged
from echoctl.model.speech import Selection
from echoctl.services.history import archiving, exporting, reader
from echoctl.services.history.recorder import Recorder
from echoctl.store.database import db
from echoctl.vault import age, agefile
from tests.heard import MORNING_MS, nobody, say
from tests.vault.identities import pair


def archive(folder: Path, to: exporting.Recipients = ()) -> list[exporting.Exported]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        return list(archiving.to_archive(opened, opened.ids(Selection(all=True)), str(folder), to))


def test_everything_is_in_the_folder_and_the_folder_is_private(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = archive(folder)
    lines = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [one.id for one in done] == list(heard)
    first = lines[0]
    assert (first["text"], first["correction"]) == ("turn on the kitchen light", "turn on the kitchen lights")
    assert first["words"][1] == {"text": "on", "start": 0.5, "end": 0.9, "confidence": 0.9}
    assert (first["feedback"], first["room"], first["at_ms"]) == ("wrong", "kitchen", MORNING_MS)
    assert codec.decode_flac((folder / first["file"]).read_bytes()) == heard[first["id"]]
    assert [line["file"] for line in lines[1:]] == [None, None]
    with open(folder / "index.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["text"] for row in table] == ["turn on the kitchen light", 'only, "text"\n=1+1', ""]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_for_an_age_key_nothing_is_in_the_clear(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    identity, recipient = pair(False)
    archive(folder, [recipient])
    assert all(name.endswith(".age") for name in os.listdir(folder))
    assert not any(b"kitchen" in file.read_bytes() for file in folder.iterdir())
    index = agefile.read((folder / "index.jsonl.age").read_bytes(), [identity])
    first = json.loads(index.splitlines()[0])
    assert codec.decode_flac(agefile.read((folder / first["file"]).read_bytes(), [identity])) == heard[first["id"]]


@pytest.mark.lab
def test_the_stock_age_tool_opens_the_folder(heard: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (_, secret), recipient = pair(False)
    archive(folder, [recipient])
    key = tmp_path / "key"
    key.write_text(age.identity_line(secret))

    def opened(name: str) -> bytes:
        return subprocess.run(["age", "-d", "-i", key, folder / name], capture_output=True, check=True).stdout

    first = json.loads(opened("index.jsonl.age").splitlines()[0])
    assert codec.decode_flac(opened(first["file"])) == heard[first["id"]]


def test_a_damaged_recording_is_named_and_the_rest_is_there(heard: dict[str, bytes], tmp_path: Path) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        connection.execute("UPDATE chunk SET sealed = zeroblob(100)")
    done = archive(tmp_path / "out")
    assert [isinstance(one.problem, VaultDamaged) for one in done] == [True, False, False]
    assert len((tmp_path / "out/index.jsonl").read_text().splitlines()) == 2


def test_an_export_that_ends_in_the_middle_has_an_index_of_what_it_wrote(recorder: Recorder, tmp_path: Path) -> None:
    for n in range(3):
        say(recorder, f"number {n}", MORNING_MS + n)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        steps = archiving.to_archive(opened, opened.ids(Selection(all=True)), str(tmp_path / "out"))
        next(steps), next(steps)
        assert len((tmp_path / "out/index.jsonl").read_text().splitlines()) == 2


def test_only_an_empty_folder_will_do(heard: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError):
            archive(place)
    (tmp_path / "empty").mkdir()
    assert len(archive(tmp_path / "empty")) == 3
