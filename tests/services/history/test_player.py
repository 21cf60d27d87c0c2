import threading
import time

import pytest

from echoctl.audio import codec, playback
from echoctl.errors import DeviceError, EchoctlError
from echoctl.services.history.player import Player

FLAC = codec.encode_flac(bytes(32000))


class Listener:
    def __init__(self) -> None:
        self.positions: list[float] = []
        self.ended = threading.Event()
        self.problem: EchoctlError | None = None

    def end(self, problem: EchoctlError | None) -> None:
        self.problem = problem
        self.ended.set()


def test_it_plays_what_was_recorded_and_tells_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    monkeypatch.setattr(playback, "play", lambda pcm, on_position: (heard.append(pcm), on_position(0.5)))
    listener = Listener()
    Player().play(FLAC, listener.positions.append, listener.end)
    assert listener.ended.wait(10)
    assert (heard, listener.positions, listener.problem) == ([bytes(32000)], [0.5], None)


def test_stop_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(pcm: bytes, on_position: object) -> None:
        while True:
            on_position(1.0)  # type: ignore[operator]
            time.sleep(0.01)

    monkeypatch.setattr(playback, "play", endless)
    player, listener = Player(), Listener()
    player.play(FLAC, listener.positions.append, listener.end)
    while not listener.positions:
        time.sleep(0.01)
    assert player.is_playing
    player.stop()
    assert not player.is_playing
    assert listener.problem is None


def test_a_speaker_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pcm: bytes, on_position: object) -> None:
        raise DeviceError("no speaker", "")

    monkeypatch.setattr(playback, "play", broken)
    listener = Listener()
    Player().play(FLAC, listener.positions.append, listener.end)
    assert listener.ended.wait(10)
    assert listener.problem is not None and listener.problem.message == "no speaker"
