import contextlib

import pytest

from echoctl.clock import SystemClock
from echoctl.model.speech import Feedback, StoreMode
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from tests.heard import MORNING_MS, nobody, pcm, say


@pytest.fixture
def heard(recorder: Recorder) -> dict[str, bytes]:
    """Three recordings of different kinds; id -> its sound."""
    sound = pcm()
    both = say(recorder, "turn on the kitchen light", sound=sound).id
    kinds = [(StoreMode.TRANSCRIPT, 'only, "text"\n=1+1'), (StoreMode.TIMES, "")]
    rest = []
    for n, (mode, text) in enumerate(kinds, 1):
        with contextlib.closing(Recorder(mode=mode, room="", wall=SystemClock())) as other:
            rest.append(say(other, text, MORNING_MS + n).id)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        opened.feedback(both, Feedback.WRONG, "turn on the kitchen lights")
    return {both: sound, **dict.fromkeys(rest, b"")}
