from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.listening.keeping import Front
from tests.services.listening.players import Play


@pytest.fixture
def fronts(vault: Path) -> Iterator[Callable[..., Front]]:
    """Makes fronts that write into one vault."""
    made: list[Front] = []

    def make(**spec: Any) -> Front:
        made.append(Front(**spec))
        return made[-1]

    yield make
    for front in made:
        front.close()


@pytest.fixture
def front(fronts: Callable[..., Front]) -> Front:
    """One that keeps text and sound."""
    return fronts()


@pytest.fixture
def play(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """A listener whose processes are played."""
    made = Play(tmp_path, monkeypatch)
    yield made
    made.end()
