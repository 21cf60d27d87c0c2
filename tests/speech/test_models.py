import json
from pathlib import Path

import pytest

from echoctl.errors import ExitCode, ModelError
from echoctl.speech import models
from echoctl.speech.manifest import Record, folder_hash, read_record, write_record


@pytest.fixture
def shell(tmp_path: Path) -> Path:
    """A folder that looks like a model from the outside."""
    folder = tmp_path / "models" / "en-us"
    for name, head in models._SHAPE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(head + b"content\n")
    return folder


def recorded(folder: Path) -> None:
    files = {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*") if p.is_file()}
    write_record(str(folder), Record("en-us", "here", "", folder_hash(str(folder)), files))


def test_a_whole_model_is_found_by_name_by_path_and_alone(shell: Path) -> None:
    dirs = [str(shell.parent)]
    assert models.locate(None, dirs) == models.locate("en-us", dirs) == models.locate(str(shell), []) == str(shell)
    other = shell.rename(shell.parent / "other")
    assert models.locate(None, dirs) == str(other)


def test_no_model_names_the_command_that_installs_one(tmp_path: Path) -> None:
    for name in (None, "en-us", str(tmp_path / "gone")):
        with pytest.raises(ModelError) as caught:
            models.locate(name, [str(tmp_path / "nowhere")])
        assert caught.value.exit_code == ExitCode.MODEL
        assert "model install" in caught.value.hint


@pytest.mark.parametrize("with_record", [False, True])
@pytest.mark.parametrize("name", list(models._SHAPE))
@pytest.mark.parametrize("harm", ["missing", "empty", "cut"])
def test_damage_is_told_before_the_recogniser_sees_it(shell: Path, name: str, harm: str, with_record: bool) -> None:
    if with_record:
        recorded(shell)
    path = shell / name
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if harm == "empty" else path.read_bytes()[:1])
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        models.locate(str(shell), [])


def test_a_record_catches_a_changed_size_anywhere(shell: Path) -> None:
    (shell / "graph" / "words.txt").write_bytes(b"one 1\n")
    recorded(shell)
    models.check(str(shell))
    (shell / "graph" / "words.txt").write_bytes(b"one 1\ntwo 2\n")
    with pytest.raises(ModelError, match="words"):
        models.check(str(shell))


def test_a_record_that_makes_no_sense_is_an_error(shell: Path) -> None:
    for text in ("{", "[]", '{"name": 1}', json.dumps({"files": 3})):
        (shell.parent / "en-us.json").write_text(text)
        with pytest.raises(ModelError, match="record"):
            read_record(str(shell))


def test_the_hash_is_the_one_that_standard_tools_give(tmp_path: Path) -> None:
    # (cd FOLDER && find . -type f -printf '%P\n' | LC_ALL=C sort | while read -r f; do … done) | sha256sum
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_bytes(b"x")
    (tmp_path / "a").write_bytes(b"a")
    assert folder_hash(str(tmp_path)) == "c8c3d1bceb12f0dfdcd95bd60163188037db233280c23eecef2899aa2ece41e5"


def test_a_link_in_a_model_is_refused(shell: Path) -> None:
    (shell / "extra").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match="link"):
        folder_hash(str(shell))
