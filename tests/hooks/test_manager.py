import threading
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from echoctl.hooks import manager
from echoctl.hooks.manager import QUEUE, Hooks
from echoctl.hooks.specs import hook


class Plugin:
    heard: list[Mapping[str, Any]]

    @hook
    def on_event(self, event: Mapping[str, Any]) -> None:
        self.heard.append(event)


class Entry:
    def __init__(self, name: str, plugin: object) -> None:
        self.name = name
        self._plugin = plugin

    def load(self) -> object:
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


def install(monkeypatch: pytest.MonkeyPatch, *entries: Entry | EntryPoint) -> None:
    monkeypatch.setattr(manager, "entry_points", lambda group: entries)


def hear(hooks: Hooks, *events: Mapping[str, Any]) -> None:
    for event in events:
        hooks.tell(event)
    hooks.close()


@pytest.mark.parametrize(("shared", "text"), [(False, None), (True, "what time is it")])
def test_plugins_get_text_only_when_the_configuration_says_so(
    monkeypatch: pytest.MonkeyPatch, shared: bool, text: str | None
) -> None:
    plugin = Plugin()
    plugin.heard = []
    install(monkeypatch, Entry("one", plugin))
    hooks = Hooks(transcripts=shared, complain=pytest.fail)
    hooks.load_plugins()
    hear(hooks, {"type": "transcript", "id": "X", "text": "what time is it", "words": []})
    assert [event.get("text") for event in plugin.heard] == [text]
    assert plugin.heard[0]["id"] == "X"


def test_a_plugin_that_does_not_load_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = Plugin()
    plugin.heard = []
    install(monkeypatch, Entry("broken", RuntimeError("no")), Entry("good", plugin))
    said: list[str] = []
    hooks = Hooks(transcripts=False, complain=said.append)
    hooks.load_plugins()
    hear(hooks, {"type": "wake"})
    assert len(plugin.heard) == 1
    assert said == ["plugin broken does not load (no); left out"]


def test_a_failing_hook_is_counted_reported_once_and_hurts_nobody() -> None:
    said: list[str] = []
    heard: list[Mapping[str, Any]] = []
    hooks = Hooks(transcripts=False, complain=said.append)
    hooks.add("bad", lambda event: 1 / 0)
    hooks.add("good", heard.append)
    hear(hooks, {"type": "wake"}, {"type": "recording"})
    assert hooks.faults == 2
    assert len(said) == 1
    assert "bad failed" in said[0]
    assert len(heard) == 2


def test_a_hanging_hook_drops_events_and_does_not_block() -> None:
    free = threading.Event()
    hooks = Hooks(transcripts=False, complain=pytest.fail)
    hooks.add("slow", lambda event: free.wait(30))
    for _ in range(QUEUE + 10):
        hooks.tell({"type": "wake"})
    assert hooks.dropped >= 9
    free.set()
    hooks.close()
