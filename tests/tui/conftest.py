import pytest

from echoctl.services.history.recorder import Recorder
from tests.heard import recorder, say, store, vault
from tests.tui.pictures import evening

__all__ = ["evening", "heard", "recorder", "store", "vault"]

NOON_MS = 1_700_000_000_000


@pytest.fixture
def heard(recorder: Recorder) -> list[str]:
    """Three recordings; returns their ids, the newest first."""
    said = ["what time is it", "turn on the kitchen light", "set a timer for ten minutes"]
    return [say(recorder, text, NOON_MS + n * 60_000).id for n, text in enumerate(said)][::-1]
