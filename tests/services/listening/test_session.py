"""What follows a listener; with a real ear it is in tests/e2e/test_hooks.py."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from echoctl.errors import UsageError
from echoctl.services.listening.session import Followers, Session
from echoctl.services.protocol.ear_spec import EarSpec


class Scripted:
    """An ear that says one event per poll, and ends."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.events = list(events)
        self.ended = False
        self.closed = False

    def __call__(self, spec: EarSpec) -> "Scripted":
        return self

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *exc: object) -> None:
        self.closed = True

    def poll(self, timeout_s: float | None, also: Sequence[int] = ()) -> tuple[list[dict[str, Any]], list[int]]:
        self.ended = len(self.events) == 1
        return [self.events.pop(0)], []


def state(led: str) -> dict[str, Any]:
    return {"type": "state", "state": led, "muted": led == "muted", "by": ""}


@pytest.fixture
def light(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "ring"
    folder.mkdir()
    (folder / "max_brightness").write_text("200\n")
    (folder / "brightness").write_text("0\n")
    yield folder


def session(ear: Scripted, followers: Followers, said: list[str]) -> Session:
    return Session(EarSpec(keep=False), followers, said.append, start=ear)  # type: ignore[arg-type]


def test_a_light_that_goes_away_does_not_end_the_session(light: Path) -> None:
    said: list[str] = []
    ear = Scripted(state("muted"), state("idle"), state("muted"))
    with session(ear, Followers(light=str(light)), said) as running, running.listening():
        running.poll(0)
        assert (light / "brightness").read_text() == "200"
        shutil.rmtree(light)
        while not running.ended:
            running.poll(0)
    assert said == ["cannot set the light ring: No such file or directory; listening goes on without it"]
    assert ear.closed


def test_the_command_hears_of_public_events_without_what_was_said(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    said: list[str] = []
    transcript = {"type": "transcript", "id": None, "text": "what time is it", "words": []}
    ear = Scripted({"type": "level", "level": 0.5}, transcript, state("idle"))
    followed: list[dict[str, Any]] = []
    with session(ear, Followers(command=f"tee -a {heard}"), said) as running, running.listening():
        running._hooks.add("as a plugin", followed.append)
        while not running.ended:
            running.poll(0)
    kinds = heard.read_text()
    assert '"transcript"' in kinds and '"state"' in kinds
    assert "what time" not in kinds
    assert [event["type"] for event in followed] == ["transcript", "state"], "how loud it is, is nobody's business"
    assert said == []


def test_a_command_that_is_none_is_refused_before_a_vault_is_made(store: Path) -> None:
    with pytest.raises(UsageError):
        Session(EarSpec(), Followers(command="'"), print)
    assert list(store.iterdir()) == []


def test_a_follower_that_fails_is_counted_at_the_end(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        session(Scripted(state("idle")), Followers(command=str(tmp_path / "missing")), said) as running,
        running.listening(),
    ):
        running.poll(0)
    assert said[-1] == "--exec: 1 fault, 0 events dropped"
    assert len(said) == 2


def test_followers_outlive_the_ear_and_nothing_stays_open_when_it_cannot_start(light: Path) -> None:
    def fail(spec: EarSpec) -> Any:
        raise RuntimeError("no ear")

    (light / "brightness").write_text("7\n")
    subject = Session(EarSpec(keep=False), Followers(light=str(light)), print, start=fail)
    with pytest.raises(RuntimeError), subject as running:
        assert (light / "brightness").read_text() == "0"
        with running.listening():
            pass
    assert (light / "brightness").read_text() == "7\n", "left as it was found"
