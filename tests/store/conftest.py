from pathlib import Path

import pytest

from echoctl.store.database import db


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "data" / "echoctl.db")


@pytest.fixture
def made(path: str) -> str:
    db.connect(path, create=True).close()
    return path
