import json
import shutil
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from tests.cli.inside import Main
from tests.heard import nobody, pcm, say
from tests.services.history.damage import change


def test_a_good_store_is_said_to_be_whole(main: Main, three: list[str]) -> None:
    said = main("vault", "verify")
    assert (said.exit, said.stdout) == (0, "") and said.stderr == "echoctl: 3 recordings, 3 whole\n"
    assert main("vault", "verify", "--json").json == {"recordings": 3, "whole": 3, "not_whole": [], "problems": []}


def test_what_is_damaged_is_named_and_exits_with_7(main: Main, three: list[str]) -> None:
    change("UPDATE chunk SET sealed = zeroblob(90) WHERE recording = 2")
    said = main("vault", "verify")
    assert said.exit == 7 and said.stdout == f"{three[1]}  damaged\n"
    document, _, error = main("vault", "verify", "--json").stdout.rstrip().rpartition("\n")
    assert json.loads(document)["not_whole"] == [{"id": three[1], "state": "damaged"}]
    assert json.loads(error)["code"] == 7


def test_what_is_only_incomplete_is_named_and_no_failure(main: Main, recorder: Recorder, tmp_path: Path) -> None:
    made = say(recorder, "long", sound=pcm(6.0))
    change("DELETE FROM chunk WHERE n = 2")
    said = main("vault", "verify")
    assert (said.exit, said.stdout) == (0, f"{made.id}  incomplete\n")
    said = main("history", "export", made.id, "-o", str(tmp_path / "x.flac"))
    assert said.exit == 0 and "incomplete" in said.stderr


def test_without_a_vault_and_with_a_locked_one(main: Main, store: Path) -> None:
    for verb in (["verify"], ["backup", str(store / "x")], ["restore", str(store / "x")]):
        assert main("vault", *verb).exit == 3
    assert not (store / "data/echoctl.db").exists()


def test_verifying_wants_the_passphrase_and_backing_up_does_not(
    main: Main, locked: list[str], pw: str, tmp_path: Path
) -> None:
    assert main("vault", "verify").exit == 6
    assert main("vault", "verify", "--passphrase-file", pw).exit == 0
    assert main("vault", "backup", str(tmp_path / "backup")).exit == 0


def test_a_backup_says_what_opens_it(main: Main, three: list[str], store: Path, tmp_path: Path) -> None:
    said = main("vault", "backup", str(tmp_path / "one"))
    assert said.exit == 0 and said.stdout == f"{tmp_path / 'one'}\n"
    assert "device key" in said.stderr and "vault recover --make" in said.stderr
    line, _ = unlocking.make_recovery(nobody)
    said = main("vault", "backup", str(tmp_path / "two"), "--json")
    assert said.json["opens_elsewhere"] is True and "hint" not in said.stderr
    assert main("vault", "backup", str(tmp_path / "two")).exit == 2
    shutil.rmtree(store / "data")
    shutil.rmtree(store / "state")
    said = main("vault", "restore", str(tmp_path / "two"))
    assert said.exit == 0 and "restored 3 recordings" in said.stderr and "vault recover" in said.stderr
    assert main("history", "show", three[0]).exit == 6
    file = tmp_path / "line"
    file.write_text(line)
    assert main("vault", "recover", "--from", str(file), "--device-only").exit == 0
    assert main("history", "show", three[0], "--json").json["text"] == "number 0"


def test_without_a_recovery_line_the_old_device_key_is_asked_for(
    main: Main, three: list[str], store: Path, tmp_path: Path
) -> None:
    main("vault", "backup", str(tmp_path / "one"))
    key = Path(paths.device_key()).read_bytes()
    shutil.rmtree(store / "data")
    shutil.rmtree(store / "state")
    said = main("vault", "restore", str(tmp_path / "one"), "--json")
    assert said.json["opens_with"] == [] and paths.device_key() in said.stderr
    Path(paths.keys_dir()).mkdir(parents=True, mode=0o700)
    Path(paths.device_key()).write_bytes(key)
    Path(paths.device_key()).chmod(0o600)
    assert main("history", "show", three[0]).exit == 0


@pytest.mark.parametrize("content", [b"", b"hello", bytes(8192)])
def test_what_is_no_backup_is_one_line_and_exit_8(main: Main, store: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    said = main("vault", "restore", str(file))
    assert said.exit == 8 and len(said.stderr.splitlines()) == 2 and str(file) in said.stderr
