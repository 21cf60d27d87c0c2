import os
import sys
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import StoreError

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="macOS has places of its own")


def test_the_usual_places_are_those_of_the_xdg_specification(home: Path) -> None:
    assert paths.database() == str(home / ".local/share/echoctl/echoctl.db")
    assert paths.device_key() == str(home / ".local/state/echoctl/keys/device.key")
    assert paths.config_file() == str(home / ".config/echoctl/config.toml")
    assert paths.cache_dir() == str(home / ".cache/echoctl")


def test_xdg_variables_move_them_and_relative_ones_are_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    assert paths.data_dir() == "/elsewhere/echoctl"
    assert paths.state_dir() == str(home / ".local/state/echoctl")


def test_two_stores_never_share_a_device_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = paths.device_key()
    monkeypatch.setenv("ECHOCTL_DATA_DIR", "/srv/a")
    first = paths.device_key()
    monkeypatch.setenv("ECHOCTL_DATA_DIR", "/srv/b")
    assert len({usual, first, paths.device_key()}) == 3


def test_a_link_to_a_store_is_that_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setenv("ECHOCTL_DATA_DIR", str(tmp_path / "real"))
    state = paths.state_dir()
    monkeypatch.setenv("ECHOCTL_DATA_DIR", str(tmp_path / "link"))
    assert paths.state_dir() == state


def test_the_key_is_never_beside_the_database(home: Path) -> None:
    assert not paths.device_key().startswith(paths.data_dir())


def test_models_are_found_in_the_usual_place_from_any_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = paths.models_dir()
    assert paths.model_dirs() == [usual]
    monkeypatch.setenv("ECHOCTL_DATA_DIR", "/srv/a")
    assert paths.model_dirs() == ["/srv/a/models", usual]


def test_a_private_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = paths.private_dir(str(tmp_path / "a" / "b"))
    assert os.stat(made).st_mode & 0o777 == 0o700
    assert os.stat(os.path.dirname(made)).st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_change_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(StoreError, match="can be changed by others") as caught:
        paths.private_dir(str(tmp_path))
    assert f"chmod 700 {tmp_path}" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot make the folder"):
        paths.private_dir(str(tmp_path / "file" / "x"))
