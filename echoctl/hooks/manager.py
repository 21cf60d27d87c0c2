"""Loading plugins and handing them events, so that none of them can hurt the loop.

Each hook has a bounded queue and a worker thread of its own. One that raises is counted and reported once; one that
hangs fills its queue, and then events for it are dropped and counted, while listening and the other hooks go on.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

import pluggy

from echoctl.hooks import specs

QUEUE = 256
"""Events that may wait for a slow hook before new ones are dropped."""

TEXT_KEYS = ("text", "words")
"""What `partial` and `transcript` events carry of what was said."""

Event = Mapping[str, Any]
Sink = Callable[[Event], object]
Complain = Callable[[str], None]


class Worker:
    """One hook, its queue and its thread."""

    def __init__(self, name: str, sink: Sink, complain: Complain) -> None:
        self.faults = 0
        self.dropped = 0
        self._name = name
        self._sink = sink
        self._complain = complain
        self._queue: queue.Queue[Event | None] = queue.Queue(QUEUE)
        self._thread = threading.Thread(target=self._work, name=f"hook {name}", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Queue one event; returns at once."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def close(self, timeout_s: float) -> None:
        """Let the hook finish what is queued, for at most `timeout_s`; a daemon thread that hangs dies with us."""
        try:
            self._queue.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._sink(event)
            except Exception as error:  # noqa: BLE001 - whatever a hook does wrong is counted, never passed on
                self.faults += 1
                if self.faults == 1:
                    self._complain(f"{self._name} failed ({error or type(error).__name__}); listening goes on")


class Hooks:
    """Everybody who wants to hear of events: plugins, and what the front adds (--exec, chimes)."""

    def __init__(self, *, transcripts: bool, complain: Complain) -> None:
        self._complain = complain
        self._transcripts = transcripts
        self._workers: list[Worker] = []

    @property
    def faults(self) -> int:
        """How often a hook raised."""
        return sum(worker.faults for worker in self._workers)

    @property
    def dropped(self) -> int:
        """How many events were not delivered because a hook was too slow."""
        return sum(worker.dropped for worker in self._workers)

    def load_plugins(self) -> None:
        """Import every installed plugin; one that does not load is reported and left out."""
        manager = pluggy.PluginManager(specs.GROUP)
        manager.add_hookspecs(specs)
        for entry in entry_points(group=specs.GROUP):
            try:
                manager.register(entry.load(), name=entry.name)
            except Exception as error:  # noqa: BLE001 - a plugin's import may fail in any way, and must not stop us
                self._complain(f"plugin {entry.name} does not load ({error or type(error).__name__}); left out")
        for hook in manager.hook.on_event.get_hookimpls():
            self.add(hook.plugin_name, self._redacting(hook.function))

    def add(self, name: str, sink: Sink) -> None:
        """Let `sink` hear of every event, on a thread of its own."""
        self._workers.append(Worker(name, sink, self._complain))

    def tell(self, event: Event) -> None:
        """Hand one event to everybody; returns at once."""
        for worker in self._workers:
            worker.tell(event)

    def close(self, timeout_s: float = 3.0) -> None:
        """Let the hooks finish what is queued, each for at most `timeout_s`."""
        for worker in self._workers:
            worker.close(timeout_s)

    def _redacting(self, call: Callable[..., object]) -> Sink:
        if self._transcripts:
            return lambda event: call(event=event)
        return lambda event: call(event={key: value for key, value in event.items() if key not in TEXT_KEYS})
