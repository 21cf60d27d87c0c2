import os
from pathlib import Path

import pytest

from echoctl.store import reserve


def test_it_takes_room_and_gives_it_back(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    assert not reserve.give_back(database)
    reserve.keep(database)
    reserve.keep(database)
    file = Path(database + "-reserve")
    assert file.stat().st_blocks * 512 >= reserve.BYTES
    assert file.stat().st_mode & 0o777 == 0o600
    assert reserve.give_back(database)
    assert list(tmp_path.iterdir()) == []


def test_on_a_disk_that_is_almost_full_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "_free", lambda _: 2 * reserve.BYTES - 1)
    reserve.keep(str(tmp_path / "echoctl.db"))
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(reserve, "_free", lambda _: reserve.BYTES - 1)
    assert reserve.needed(str(tmp_path / "echoctl.db"))


def test_half_of_one_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(reserve, "_fill", full)
    reserve.keep(str(tmp_path / "echoctl.db"))
    assert list(tmp_path.iterdir()) == []
