from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.microphone.rig import PlayedMicrophone, Rig


@pytest.fixture
def rigs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rig]]:
    """Makes a rig, once; its microphone opens unless the test says otherwise."""
    made: list[Rig] = []

    def make(**spec: Any) -> Rig:
        made.append(Rig(tmp_path, monkeypatch, **spec))
        made[-1].openers = [PlayedMicrophone]
        return made[-1]

    yield make
    for rig in made:
        rig.end()
