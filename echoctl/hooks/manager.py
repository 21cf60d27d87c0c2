"""Loading plugins and handing them events, so that none of them can hurt the loop.

Events go through a bounded queue to one worker thread. A plugin that raises is counted and reported once; one that
hangs fills the queue, and then events for hooks are dropped and counted, while listening goes on.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

import pluggy

from echoctl.hooks import specs

QUEUE = 256
"""Events that may wait for slow hooks before new ones are dropped."""

SILENT = ("level",)
TEXT_KEYS = ("text", "words")

Sink = Callable[[Mapping[str, Any]], object]


class Hooks:
    """Everybody who wants to hear of events: plugins, and the sinks that the front adds (--exec, lights, chimes)."""

    def __init__(self, *, transcripts: bool, complain: Callable[[str], None]) -> None:
        self.faults = 0
        self.dropped = 0
        self._complain = complain
        self._transcripts = transcripts
        self._sinks: list[tuple[str, Sink]] = []
        self._broken: set[str] = set()
        self._queue: queue.Queue[Mapping[str, Any] | None] = queue.Queue(QUEUE)
        self._worker: threading.Thread | None = None

    def load_plugins(self) -> None:
        """Import every installed plugin; one that does not load is reported and left out."""
        manager = pluggy.PluginManager(specs.GROUP)
        manager.add_hookspecs(specs)
        for entry in entry_points(group=specs.GROUP):
            try:
                manager.register(entry.load(), name=entry.name)
            except Exception as error:  # noqa: BLE001 - a plugin's import may fail in any way, and must not stop us
                self._fault(entry.name, error)
                continue
            for caller in manager.hook.on_event.get_hookimpls():
                if caller.plugin_name == entry.name:
                    self.add(entry.name, self._sink_of(caller.function))

    def add(self, name: str, sink: Sink) -> None:
        """Let `sink` hear of every event, on the worker thread."""
        self._sinks.append((name, sink))

    def tell(self, event: Mapping[str, Any]) -> None:
        """Queue one event; returns at once."""
        if not self._sinks or event["type"] in SILENT:
            return
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="hooks", daemon=True)
            self._worker.start()
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def close(self, timeout_s: float = 3.0) -> None:
        """Let the hooks finish what is queued, for at most `timeout_s`."""
        if self._worker is not None:
            try:
                self._queue.put(None, timeout=timeout_s)
            except queue.Full:
                return
            self._worker.join(timeout_s)

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            for name, sink in self._sinks:
                try:
                    sink(event)
                except Exception as error:  # noqa: BLE001 - whatever a hook does wrong is counted, never passed on
                    self._fault(name, error)

    def _fault(self, name: str, error: Exception) -> None:
        self.faults += 1
        if name not in self._broken:
            self._broken.add(name)
            self._complain(f"{name} failed ({type(error).__name__}: {error}); listening goes on")

    def _sink_of(self, call: Callable[..., object]) -> Sink:
        return lambda event: call(event=self._redacted(event))

    def _redacted(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._transcripts:
            return event
        return {key: value for key, value in event.items() if key not in TEXT_KEYS}
