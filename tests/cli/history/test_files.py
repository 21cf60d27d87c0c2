"""Formats, folders and imports; what holds for single files is in test_commands.py."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

from echoctl.model.speech import Selection
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.vault import age
from tests.cli.inside import Main
from tests.heard import MORNING_MS, say
from tests.terminal import converse
from tests.vault.identities import pair


def test_a_folder_goes_out_and_comes_back(main: Main, three: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = main("history", "export", "--all", "--format", "dir", "-o", str(out))
    assert (said.exit, said.stdout) == (0, f"{out}\n") and "exported 3 recordings" in said.stderr
    before = main("history", "list", "--json").json
    assert main("history", "delete", "--all", "--yes").exit == 0
    said = main("history", "import", str(out))
    assert said.exit == 0 and "imported 3 recordings\n" in said.stderr
    after = main("history", "list", "--json").json
    assert [r["text"] for r in after["recordings"]] == [r["text"] for r in before["recordings"]]
    assert main("history", "import", str(out), "--json").json == {
        "dry_run": False, "imported": 0, "present": 3, "bad": [],
    }  # fmt: skip


def test_bad_files_are_listed_and_the_rest_is_kept_with_exit_11(main: Main, three: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    main("history", "export", "--all", "--format", "dir", "-o", str(out))
    purge.run(purge.plan(Selection(all=True)))
    bad = sorted(out.glob("*.flac"))[1]
    bad.write_bytes(b"\x1b[31m")
    said = main("history", "import", str(out), "--dry-run")
    assert said.exit == 11 and main("history", "list", "--json").json["recordings"] == []
    said = main("history", "import", str(out), "--json")
    document, _, error = said.stdout.rstrip().rpartition("\n")
    assert said.exit == json.loads(error)["code"] == 11
    assert json.loads(document)["imported"] == 2
    assert [(row["line"], row["id"]) for row in json.loads(document)["bad"]] == [(2, three[1])]
    assert bad.name in main("history", "import", str(out)).stderr


def test_an_import_makes_a_vault_where_there_is_none(main: Main, three: list[str], store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main("history", "export", "--all", "--format", "dir", "-o", str(out))
    shutil.rmtree(store / "data")
    shutil.rmtree(store / "state")
    assert main("history", "import", str(out), "--dry-run").exit == 0 and not (store / "data").exists()
    said = main("history", "import", str(out))
    assert said.exit == 0 and "sealed with a key on this disk" in said.stderr
    assert len(main("history", "list", "--json").json["recordings"]) == 3


def test_a_selection_narrows_an_export(main: Main, three: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    at = (MORNING_MS + 3_600_000) // 1000
    import datetime

    since = datetime.datetime.fromtimestamp(at).strftime("%Y-%m-%dT%H:%M:%S")
    said = main("history", "export", "--since", since, "--format", "opus", "-o", str(folder))
    assert said.exit == 0 and len(said.stdout.splitlines()) == 2
    assert all(soundfile.info(str(file)).subtype == "OPUS" for file in folder.iterdir())
    assert main("history", "export", "--room", "nowhere", "--format", "dir", "-o", str(tmp_path / "x")).exit == 3


@pytest.mark.parametrize(
    "argv",
    [[], ["--all", "01"], ["--all", "--room", "kitchen"], ["--all", "--format", "dir"],
     ["--all", "--format", "dir", "-o", "-"], ["--all", "--format", "age", "-o", "x"], ["--all", "-o", "x.wav"],
     ["--all", "--format", "age", "-o", "x", "-r", "nobody"], ["--all", "--format", "dir", "-o", "x", "-r", "age1"],
     ["--all", "--format", "age", "-r", "age1", "-o", "x.age"]],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_usage_error(
    main: Main, three: list[str], argv: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = main("history", "export", *argv)
    assert said.exit == 2 and "hint" in said.stderr
    assert not (tmp_path / "x").exists()


def test_for_an_age_key_as_one_file_or_as_a_folder(main: Main, three: list[str], tmp_path: Path) -> None:
    (_, secret), (prefix, key) = pair(False)
    to, file, folder = age.encode(prefix, key), tmp_path / "one.age", tmp_path / "all"
    assert main("history", "export", three[0], "-r", to, "-o", str(file)).exit == 0
    assert file.read_bytes().startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert main("history", "export", "--all", "--format", "age", "-r", to, "-o", str(folder)).exit == 0
    main("history", "delete", "--all", "--yes")
    assert main("history", "import", str(folder)).exit == 6
    identity = tmp_path / "identity"
    identity.write_text(age.identity_line(secret) + "\n")
    assert main("history", "import", str(folder), "--identity", str(identity)).exit == 0
    assert len(main("history", "list", "--json").json["recordings"]) == 3


@pytest.mark.lab
def test_the_stock_age_tool_opens_what_was_exported(main: Main, recorder: Recorder, tmp_path: Path) -> None:
    made = say(recorder, "hello")
    identity = tmp_path / "identity"
    subprocess.run(["age-keygen", "-o", identity], capture_output=True, check=True)
    to = subprocess.run(["age-keygen", "-y", identity], capture_output=True, text=True, check=True).stdout.strip()
    file = tmp_path / "one.age"
    assert main("history", "export", made.id, "-r", to, "-o", str(file)).exit == 0
    opened = subprocess.run(["age", "-d", "-i", identity, file], capture_output=True, check=True).stdout
    main("history", "export", made.id, "--format", "flac", "-o", str(tmp_path / "one.flac"))
    assert opened == (tmp_path / "one.flac").read_bytes()


def test_a_locked_vault_exports_nothing(main: Main, locked: list[str], pw: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main("history", "export", "--all", "--format", "dir", "-o", str(out)).exit == 6
    assert not out.exists()
    assert main("history", "export", "--all", "--format", "dir", "-o", str(out), "--passphrase-file", pw).exit == 0


def test_progress_is_for_a_person_only(main: Main, three: list[str], tmp_path: Path) -> None:
    code, shown = converse(["history", "export", "--all", "--format", "dir", "-o", str(tmp_path / "out")], [])
    assert code == 0 and "exporting" in shown
    said = main("history", "export", "--all", "--format", "dir", "-o", str(tmp_path / "two"))
    assert "\r" not in said.stderr
