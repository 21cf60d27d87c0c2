import json
import os
import time
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.model.speech import Transcript, Word
from echoctl.services.history import transcript_json
from echoctl.services.system import audit_scan
from echoctl.services.system.health import Grade


def test_something_is_found_wherever_it_lies_also_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_scan, "BLOCK", 16)
    for at in range(40):
        (tmp_path / f"{at:02}").write_bytes(bytes(at) + b"canary" + bytes(20))
    (tmp_path / "none").write_bytes(b"canar" * 20)
    found = audit_scan.search([str(path) for path in tmp_path.iterdir()], {"it": b"canary", "other": b"x"})
    assert len(found.hits) == 40
    assert found.files == 41
    assert {what for _, what in found.hits} == {"it"}


def test_what_is_sealed_is_known_by_how_it_begins_and_a_verdict_is_not(tmp_path: Path) -> None:
    heard = transcript_json.of_transcript(Transcript("hello", (Word("hello", 0.1, 0.4, 0.9),)))
    verdict = json.dumps({"sentences": [{"text": "nobody called it", "times": []}]}).encode()
    for name, data in {"heard": heard, "corrected": transcript_json.of_correction("hello"), "verdict": verdict}.items():
        (tmp_path / name).write_bytes(b"..." + data)
    found = audit_scan.search(map(str, tmp_path.iterdir()), audit_scan.SIGNATURES)
    assert {os.path.basename(path) for path, _ in found.hits} == {"heard", "corrected"}


def test_what_vanishes_or_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    found = audit_scan.search([str(tmp_path / name) for name in ("gone", "link")], {"it": b"root"})
    assert (found.files, found.hits) == (0, ())
    assert list(audit_scan.files({"data": str(tmp_path)})) == []


def test_the_models_are_left_out_and_nothing_else_of_that_name(tmp_path: Path) -> None:
    for name in ("models/en/am", "room/models/note"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(audit_scan.files({"data": str(tmp_path)})) == [str(tmp_path / "room/models/note")]


def test_temporary_files_are_the_fresh_ones_and_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_scan.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(audit_scan, "LARGEST", 10)
    for name in ("old", "echoctl-old", "fresh", "large"):
        (tmp_path / name).write_bytes(bytes(11 if name == "large" else 1))
        if "old" in name:
            os.utime(tmp_path / name, (1, 1))
    found = {os.path.basename(path) for path in audit_scan.temporary_files(time.time() - 60)}
    assert found == {"echoctl-old", "fresh"}


def test_rights_are_judged_by_what_lies_there(home: Path) -> None:
    (check,) = audit_scan.rights(audit_scan.folders())
    assert (check.grade, check.text) == (Grade.OK, "nothing is stored yet")
    for folder in (paths.data_dir(), paths.config_dir(), paths.models_dir()):
        paths.private_dir(folder)
    harmless = (Path(paths.config_file()), Path(paths.models_dir(), "x"))
    for file in harmless:
        file.touch(mode=0o644)
    (check,) = audit_scan.rights(audit_scan.folders())
    assert check.grade is Grade.OK
    harmless[0].chmod(0o666)
    Path(paths.data_dir(), "note").touch(mode=0o640)
    (check,) = audit_scan.rights(audit_scan.folders())
    assert check.grade is Grade.FAIL
    assert "note" in check.text and "config.toml" in check.text and "models" not in check.text


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_somebody_else_is_found(home: Path) -> None:
    paths.private_dir(paths.data_dir())
    Path(paths.data_dir(), "note").touch(mode=0o600)
    os.chown(Path(paths.data_dir(), "note"), 4711, 4711)
    (check,) = audit_scan.rights(audit_scan.folders())
    assert (check.name, check.grade) == ("owner", Grade.FAIL)
