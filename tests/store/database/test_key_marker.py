import errno
import os
from pathlib import Path

import pytest

from echoctl.errors import StoreError
from echoctl.store.database import key_marker


def test_a_mark_is_put_seen_and_removed(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    assert not key_marker.is_set(database)
    for _ in range(2):
        with key_marker.writing(database):
            assert key_marker.is_set(database)
    assert Path(database + "-keys").stat().st_mode & 0o777 == 0o600
    key_marker.remove(database)
    assert not key_marker.is_set(database)


def test_nobody_is_alone_while_somebody_writes_keys(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    with key_marker.alone(database) as alone:
        assert alone
    with key_marker.writing(database), key_marker.alone(database) as alone:
        assert not alone
        with pytest.raises(StoreError, match="busy"), key_marker.writing(database, 0.0):
            pass
    with key_marker.alone(database) as alone:
        assert alone


def test_a_new_mark_lasts_and_one_that_cannot_be_put_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database, synced = str(tmp_path / "echoctl.db"), []
    monkeypatch.setattr(os, "fsync", synced.append)
    for _ in range(2):
        with key_marker.writing(database):
            pass
    assert len(synced) == 1
    os.unlink(database + "-keys")

    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StoreError, match="Input/output error"), key_marker.writing(database):
        pass
    with key_marker.alone(database) as alone:  # the lock is not kept
        assert alone
