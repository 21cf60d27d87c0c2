import fcntl
import os
from pathlib import Path

import pytest

from echoctl.store.database import listener_locks


def running(folder: Path) -> list[str]:
    return [name for name, _ in listener_locks.running(str(folder))]


def test_a_listener_is_seen_by_its_lock(tmp_path: Path) -> None:
    assert running(tmp_path / "nowhere") == []
    for name in ("listener-b", "listener"):
        lock = os.open(tmp_path / f"{name}.lock", os.O_CREAT | os.O_RDWR)
        assert running(tmp_path) == []
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert running(tmp_path) == [name]
        os.close(lock)
        assert running(tmp_path) == []


def test_the_lock_is_for_one(tmp_path: Path) -> None:
    lock = listener_locks.hold(str(tmp_path), "listener", patience_s=0.0)
    assert lock is not None
    assert listener_locks.hold(str(tmp_path), "listener", patience_s=0.0) is None
    other = listener_locks.hold(str(tmp_path), "listener-b", patience_s=0.0)
    assert other is not None and running(tmp_path) == ["listener", "listener-b"]
    os.close(lock)
    assert running(tmp_path) == ["listener-b"]
    os.close(other)


def test_files_of_others_are_no_locks(tmp_path: Path) -> None:
    (tmp_path / "echoctl.db").touch()
    (tmp_path / "listener.txt").touch()
    (tmp_path / "listener-link.lock").symlink_to(tmp_path / "echoctl.db")
    assert listener_locks.names(str(tmp_path)) == ["listener-link"]
    with pytest.raises(OSError, match="symbolic links"):
        running(tmp_path)
