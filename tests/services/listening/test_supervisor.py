import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.supervisor import Event, Supervisor

EAR = """
import signal, sys, time
time.sleep(0.3)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGUSR2, lambda *_: print('{"v":1,"type":"pushed"}', flush=True))
print('{"v":1,"type":"ready"}\\n{"v":1,"type":"state","state":"listening","muted":false,"by":""}\\n',
      end="", flush=True)
while True:
    time.sleep(1)
"""
"""An ear that takes a while until it has its handlers, as the real one does while it loads its models."""


@pytest.fixture
def ear(home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    real = subprocess.Popen

    def start(command: list[str], **more: object) -> object:
        return real([sys.executable, "-c", EAR], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)
    with Supervisor(EarSpec()) as listening:
        yield listening


def until(ear: Supervisor, true: Callable[[Event], bool]) -> list[Event]:
    """Everything that the ear says up to the event that is waited for."""
    events: list[Event] = []
    end = time.monotonic() + 20
    while not any(map(true, events)):
        assert time.monotonic() < end, events
        events += ear.poll(0.2)[0]
    return events


def test_push_to_talk_reaches_an_ear_that_is_still_starting_and_does_not_kill_it(ear: Supervisor) -> None:
    ear.push()
    assert [event["type"] for event in until(ear, _is("pushed"))] == ["ready", "state", "pushed"]


def test_push_to_talk_reaches_an_ear_that_is_ready_once(ear: Supervisor) -> None:
    until(ear, _is("state"))
    ear.push()
    assert until(ear, _is("pushed")) == [{"v": 1, "type": "pushed"}]
    assert ear.poll(0.3)[0] == []


def test_the_light_does_not_listen_on_when_the_ear_is_dead(ear: Supervisor) -> None:
    until(ear, _is("state"))
    ear._ear.kill()
    error, light = until(ear, _is("error"))
    assert "SIGKILL" in error["message"]
    assert (light["type"], light["state"], light["muted"]) == ("state", "error", False)


def _is(kind: str) -> Callable[[Event], bool]:
    return lambda event: event["type"] == kind
