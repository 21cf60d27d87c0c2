import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from echoctl.hooks.manager import COMPLAINTS, QUEUE, Hooks, dated
from tests.hooks.made import Shelf


def hear(hooks: Hooks, *events: Mapping[str, Any]) -> None:
    for event in events:
        hooks.tell(event)
    hooks.close(20.0)


def test_an_event_is_dated_by_its_recording() -> None:
    assert dated({"type": "recording", "at_ms": 1_800_000_000_123})["at"].endswith(".123+00:00")
    assert "at_ms" not in dated({"type": "recording", "at_ms": 1})
    assert dated({"type": "wake"})["at"].startswith("20")


@pytest.mark.parametrize(("shared", "text"), [(False, None), (True, "what time is it")])
def test_hooks_get_text_only_when_the_configuration_says_so(shared: bool, text: str | None) -> None:
    heard: list[Mapping[str, Any]] = []
    hooks = Hooks(transcripts=shared, complain=pytest.fail)
    hooks.add("one", heard.append)
    hear(hooks, {"type": "transcript", "id": "X", "text": "what time is it", "words": []})
    assert [event.get("text") for event in heard] == [text]
    assert ("words" in heard[0]) == shared
    assert (heard[0]["v"], heard[0]["id"]) == (1, "X")


def test_a_plugin_gets_no_text_either(shelf: Shelf) -> None:
    heard = shelf.put("one", "note(sorted(event))", types="'transcript'")
    hooks = Hooks(transcripts=False, complain=pytest.fail)
    hooks.load_plugins()
    hear(hooks, {"type": "transcript", "id": "X", "text": "what time is it", "words": []})
    assert heard.read_text() == "['at', 'id', 'type', 'v']\n"


def test_a_failing_hook_is_counted_reported_once_and_hurts_nobody() -> None:
    said: list[str] = []
    heard: list[Mapping[str, Any]] = []
    hooks = Hooks(transcripts=False, complain=said.append)
    hooks.add("bad", lambda event: 1 / 0)
    hooks.add("good", heard.append)
    hear(hooks, {"type": "wake"}, {"type": "recording"})
    assert hooks.faults == 2
    assert said == ["bad failed (division by zero); listening goes on"]
    assert hooks.summary() == ["bad: 2 faults, 0 events dropped"]
    assert len(heard) == 2


def test_a_hook_that_finds_ever_new_words_is_not_quoted_for_ever() -> None:
    said: list[str] = []
    hooks = Hooks(transcripts=False, complain=said.append)

    def fail(event: Mapping[str, Any]) -> None:
        raise ValueError(str(event["n"]))

    hooks.add("bad", fail)
    hear(hooks, *({"type": "wake", "n": n} for n in range(10)))
    assert len(said) == COMPLAINTS
    assert hooks.faults == 10


def test_a_hanging_hook_drops_events_and_does_not_block() -> None:
    free = threading.Event()
    said: list[str] = []
    hooks = Hooks(transcripts=False, complain=said.append)
    hooks.add("slow", lambda event: free.wait(30))
    for _ in range(QUEUE + 10):
        hooks.tell({"type": "wake"})
    assert hooks.dropped >= 9
    started = time.monotonic()
    hooks.close(0.2)
    assert time.monotonic() - started < 20
    assert said == ["slow has not finished and is ended"]
    assert "events dropped" in hooks.summary()[0]
    free.set()


def test_what_is_queued_is_finished_at_the_end() -> None:
    heard: list[Mapping[str, Any]] = []

    def slow(event: Mapping[str, Any]) -> None:
        time.sleep(0.02)
        heard.append(event)

    hooks = Hooks(transcripts=False, complain=pytest.fail)
    hooks.add("slow", slow)
    hear(hooks, *({"type": "wake"} for _ in range(10)))
    assert len(heard) == 10


def test_only_the_plugins_that_are_wanted_run(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = shelf.put("one"), shelf.put("two")
    monkeypatch.setenv("ECHOCTL_PLUGINS", "two, absent")
    said: list[str] = []
    hooks = Hooks(transcripts=False, complain=said.append)
    hooks.load_plugins()
    hear(hooks, {"type": "wake"})
    assert (one.exists(), two.exists()) == (False, True)
    assert said == ["there is no plugin absent, which ECHOCTL_PLUGINS names; echoctl plugins list shows them"]


def test_plugins_can_be_switched_off(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    one = shelf.put("one")
    monkeypatch.setenv("ECHOCTL_PLUGINS", "none")
    hooks = Hooks(transcripts=False, complain=pytest.fail)
    hooks.load_plugins()
    hear(hooks, {"type": "wake"})
    assert not one.exists()
