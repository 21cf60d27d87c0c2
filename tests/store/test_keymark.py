import fcntl
import os
from pathlib import Path

from echoctl.store import keymark


def test_a_mark_is_put_seen_and_removed(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    assert not keymark.is_set(database)
    for _ in range(2):
        with keymark.writing(database):
            assert keymark.is_set(database)
    assert Path(database + "-keys").stat().st_mode & 0o777 == 0o600
    keymark.remove(database)
    assert not keymark.is_set(database)


def test_a_listener_is_seen_by_its_lock(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    assert not keymark.listening(database)
    lock = os.open(tmp_path / "listener.lock", os.O_CREAT | os.O_RDWR)
    assert not keymark.listening(database)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert keymark.listening(database)
    os.close(lock)
    assert not keymark.listening(database)


def test_nobody_is_alone_while_somebody_writes_keys(tmp_path: Path) -> None:
    database = str(tmp_path / "echoctl.db")
    with keymark.alone(database) as alone:
        assert alone
    with keymark.writing(database), keymark.writing(database), keymark.alone(database) as alone:
        assert not alone
    with keymark.alone(database) as alone:
        assert alone
