"""The process of one plugin: loads it, gives it events, and says after each what went wrong, if anything did.

Events come as lines on stdin. Answers go as lines to stdout: first `{"types": […] or null}`, then `{}` per event, or
`{"fault": "…"}`. When stdin ends so does this process, whatever the plugin is doing.
"""

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, BinaryIO

import pluggy

from echoctl.errors import EchoctlError, NotFound
from echoctl.hooks import specs

GRACE_S = 2.0
"""How long a handler may go on when there is nobody left to tell."""


class Handlers:
    """What the plugin has registered."""

    def __init__(self) -> None:
        self._handlers: list[tuple[specs.Handler, tuple[str, ...]]] = []

    def __call__(self, handler: specs.Handler, *types: str) -> None:
        """Register a handler for these types of events, for all when none is named (specs.Register)."""
        self._handlers.append((handler, types))

    @property
    def types(self) -> list[str] | None:
        """The types that some handler wants; None: every type."""
        if any(not types for _, types in self._handlers):
            return None
        return sorted({kind for _, types in self._handlers for kind in types})

    def tell(self, event: specs.Event) -> None:
        """Call the handlers that want the event."""
        for handler, types in self._handlers:
            if not types or event["type"] in types:
                handler(event)


def main() -> None:
    """Serve one plugin until stdin ends."""
    events, answers = _own_pipes()
    handlers = Handlers()
    answer(answers, lambda: _load(sys.argv[1], handlers), lambda: {"types": handlers.types}, heard=False)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(events, lines), daemon=True).start()
    while line := lines.get():
        event = json.loads(line)
        answer(answers, lambda event=event: handlers.tell(event), dict)  # type: ignore[misc]


def answer(
    answers: BinaryIO, work: Callable[[], object], done: Callable[[], dict[str, Any]], *, heard: bool = True
) -> None:
    """Do some of the plugin's work and answer `done`, or what went wrong, on one line (`heard`: see `fault`)."""
    try:
        work()
        said = done()
    except BaseException as error:  # noqa: BLE001 - also SystemExit: a plugin's end is not ours
        if os.environ.get("ECHOCTL_DEBUG"):
            traceback.print_exc()
        said = {"fault": fault(error, heard=heard)}
    answers.write(json.dumps(said).encode() + b"\n")
    answers.flush()


def fault(error: BaseException, *, heard: bool) -> str:
    """What a person may read of an error.

    Once the plugin has `heard` events, a message not written for people may quote what was said: it is left out.
    """
    if isinstance(error, EchoctlError):
        return " ".join(error.message.split())
    if not heard and str(error):
        return " ".join(f"{type(error).__name__}: {error}".split())
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _load(name: str, handlers: Handlers) -> None:
    """Import the plugin and let it register its handlers."""
    for entry in entry_points(group=specs.GROUP, name=name):
        manager = pluggy.PluginManager(specs.GROUP)
        manager.add_hookspecs(specs)
        manager.register(entry.load(), name=name)
        manager.check_pending()  # a hook that echoctl does not have is a mistake of the plugin
        manager.hook.register_handlers(register=handlers)
        return
    raise NotFound(f"{name} is not installed")


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for ourselves: what a plugin prints goes to stderr, and it reads nothing."""
    events, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return events, answers


def _read(events: BinaryIO, lines: "queue.SimpleQueue[bytes]") -> None:
    """Pass lines on; when there are no more, end this process, also when a handler hangs."""
    for line in events:
        lines.put(line)
    lines.put(b"")
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
