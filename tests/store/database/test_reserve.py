import os
from pathlib import Path

import pytest

from echoctl.store.database import reserve


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
    database = tmp_path / "echoctl.db"
    database.write_bytes(bytes(10_000_000))
    monkeypatch.setattr(reserve, "_free", lambda _: reserve.BYTES - 1)
    assert reserve.needed(str(database))
    monkeypatch.setattr(reserve, "_free", lambda _: 10_000_000)
    assert not reserve.needed(str(database), 1000) and reserve.needed(str(database), 2000)
    monkeypatch.setattr(reserve, "_free", lambda _: 20_000_000)
    assert not reserve.needed(str(database), 10**6)  # it cannot write more pages than there are


def test_it_lends_a_little(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    assert not reserve.lend(database)
    reserve.keep(database)
    assert reserve.lend(database)
    assert Path(database + "-reserve").stat().st_size == reserve.BYTES - reserve.LENT_BYTES
    os.truncate(database + "-reserve", 1)
    assert reserve.lend(database) and not reserve.lend(database)


def test_half_of_one_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(reserve, "_fill", full)
    reserve.keep(str(tmp_path / "echoctl.db"))
    assert list(tmp_path.iterdir()) == []
