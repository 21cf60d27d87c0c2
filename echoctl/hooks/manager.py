"""Handing events to hooks, so that none of them can hurt the loop.

Each hook has a bounded queue and a worker thread of its own, and plugins a process besides (plugins.py). A hook that
raises is counted and reported; one that hangs fills its queue, and then events for it are dropped and counted, while
listening and the other hooks go on.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from echoctl.hooks import plugins
from echoctl.text.format import counted
from echoctl.text.timestamps import moment

QUEUE = 256
"""Events that may wait for a slow hook before new ones are dropped."""

COMPLAINTS = 3
"""How many different faults of one hook are reported; all are counted."""

TEXT_KEYS = ("text", "words")
"""What `partial` and `transcript` events carry of what was said."""

Event = Mapping[str, Any]
Sink = Callable[[Event], object]
Complain = Callable[[str], None]


def dated(event: Event) -> dict[str, Any]:
    """An event of the ear as everybody else gets it: `at` is when a recording began, else now."""
    at_ms = event.get("at_ms", time.time_ns() // 1_000_000)
    return {**{key: value for key, value in event.items() if key != "at_ms"}, "at": moment(at_ms)}


class Worker:
    """One hook, its queue and its thread."""

    def __init__(self, name: str, sink: Sink, complain: Complain) -> None:
        self.name = name
        self.faults = 0
        self.dropped = 0
        self._sink = sink
        self._complain = complain
        self._said: list[str] = []
        self._queue: queue.Queue[Event] = queue.Queue(QUEUE)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"hook {name}", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Queue one event; returns at once."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def end(self) -> None:
        """Let the hook finish what is queued; returns at once."""
        self._ending.set()
        with contextlib.suppress(queue.Full):  # a worker whose queue is full is not waiting for an event
            self._queue.put_nowait({})

    def join(self, timeout_s: float) -> bool:
        """Wait for that; False when it takes longer. A daemon thread that hangs dies with us."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not (self._ending.is_set() and self._queue.empty()):
            event = self._queue.get()
            if event:
                self._deliver(event)

    def _deliver(self, event: Event) -> None:
        try:
            self._sink(event)
        except Exception as error:  # noqa: BLE001 - whatever a hook does wrong is counted, never passed on
            self.faults += 1
            text = f"{self.name} failed ({error or type(error).__name__}); listening goes on"
            if text not in self._said and len(self._said) < COMPLAINTS:
                self._said.append(text)
                self._complain(text)


class Hooks:
    """Everybody who wants to hear of events: plugins, and what the front adds (--exec, chimes). Close it at the end."""

    def __init__(self, *, transcripts: bool, complain: Complain) -> None:
        self._complain = complain
        self._transcripts = transcripts
        self._workers: list[Worker] = []
        self._plugins: list[plugins.PluginProcess] = []

    @property
    def faults(self) -> int:
        """How often a hook raised."""
        return sum(worker.faults for worker in self._workers)

    @property
    def dropped(self) -> int:
        """How many events were not delivered because a hook was too slow."""
        return sum(worker.dropped for worker in self._workers)

    def summary(self) -> list[str]:
        """A line for each hook that failed or dropped events: what is shown at the end."""
        return [
            f"{worker.name}: {counted(worker.faults, 'fault')}, {counted(worker.dropped, 'event')} dropped"
            for worker in self._workers
            if worker.faults or worker.dropped
        ]

    def load_plugins(self) -> None:
        """Add every installed plugin that ECHOCTL_PLUGINS lets run. Its process starts with the first event."""
        found = plugins.installed()
        for name in plugins.missing(found):
            self._complain(
                f"there is no plugin {name}, which {plugins.VARIABLE} names; echoctl plugins list shows them"
            )
        for plugin in found:
            if plugin.enabled:
                self._plugins.append(plugins.PluginProcess(plugin.name))
                self.add(f"plugin {plugin.name}", self._plugins[-1])

    def add(self, name: str, sink: Sink) -> None:
        """Let `sink` hear of every event, on a thread of its own."""
        self._workers.append(Worker(name, sink, self._complain))

    def tell(self, event: Event) -> None:
        """Hand one event of the ear to everybody; returns at once. Without `transcripts` nobody gets what was said."""
        public = {"v": 1, **dated(event)}
        if not self._transcripts:
            public = {key: value for key, value in public.items() if key not in TEXT_KEYS}
        for worker in self._workers:
            worker.tell(public)

    def close(self, timeout_s: float = 3.0) -> None:
        """Let the hooks finish what is queued, for at most `timeout_s` all together, and end the plugins."""
        end = time.monotonic() + timeout_s
        for worker in self._workers:
            worker.end()
        slow = [worker.name for worker in self._workers if not worker.join(max(0.0, end - time.monotonic()))]
        for name in slow:
            self._complain(f"{name} has not finished and is ended")
        for plugin in self._plugins:
            plugin.close(0.0 if slow else 1.0)
