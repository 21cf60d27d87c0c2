"""Where the dashboard's news come from: our own ear over its pipe, and the store for everything else.

Each feed is a thread that waits and hands on; `tell` must be safe to call from there (Textual's post_message is).
"""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from textual.message import Message

from echoctl.config.schema import Config
from echoctl.errors import DeviceError, EchoctlError
from echoctl.led.lights import SysfsLight
from echoctl.model.speech import LedState
from echoctl.services import state, watch_state
from echoctl.services.listening.protocol import EarSpec

WAIT_S = 5.0
"""How long a feed waits for its ear before it looks whether it should end."""


class EarEvent(Message):
    """Something came over the pipe of our own ear."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__()
        self.event = event


class EarEnded(Message):
    """Our own ear has gone: because it was told to, or with an error."""

    def __init__(self, error: EchoctlError | None) -> None:
        super().__init__()
        self.error = error


class StoreChanged(Message):
    """Somebody has changed the store, or the listener came or went."""

    def __init__(self, snapshot: state.Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


class StoreFailed(Message):
    """The store cannot be read."""

    def __init__(self, error: EchoctlError) -> None:
        super().__init__()
        self.error = error


class Complaint(Message):
    """A hook failed, or there is something that a person should know once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class FeedBroke(Message):
    """A bug in a feed, which has ended with it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


Tell = Callable[[Message], object]


class EarFeed:
    """Our own listener, driven by a thread. Ending it lets it seal what it records."""

    def __init__(self, spec: EarSpec, settings: Config, tell: Tell) -> None:
        self._spec = spec
        self._settings = settings
        self._tell = tell
        self._orders: list[str] = []
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def push(self) -> None:
        """Begin a request without a wake word."""
        self._order("push")

    def stop(self) -> None:
        """Let it finish and end; called again it is killed."""
        self._order("stop")

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; returns whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Let go of what orders come through; once it has ended, and by whoever gave them."""
        os.close(self._read)
        os.close(self._write)

    def _order(self, what: str) -> None:
        self._orders.append(what)
        with contextlib.suppress(BlockingIOError):  # then there is a byte waiting already
            os.write(self._write, b".")

    def _run(self) -> None:
        # The vault's cryptography and the plugins: after the first picture has been painted.
        from echoctl.hooks.manager import Hooks  # noqa: PLC0415 - see above
        from echoctl.services.listening.supervisor import Supervisor  # noqa: PLC0415 - see above
        from echoctl.services.vault import unlocking  # noqa: PLC0415 - see above

        error: EchoctlError | None = None
        try:
            if self._spec.keep and unlocking.ensure():
                self._complain(unlocking.FIRST_RUN)
            with contextlib.ExitStack() as stack:
                hooks = Hooks(transcripts=self._settings.hooks.transcripts, complain=self._complain)
                stack.callback(hooks.close)
                self._add_hooks(hooks, stack)
                light = self._light(stack)
                self._follow(stack.enter_context(Supervisor(self._spec)), hooks, light)
        except EchoctlError as problem:
            error = problem
        except Exception as bug:  # noqa: BLE001 - it is raised where it ends the dashboard and goes to the log
            self._tell(FeedBroke(bug))
        self._tell(EarEnded(error))

    def _light(self, stack: contextlib.ExitStack) -> SysfsLight | None:
        """The kernel's light that the configuration names. Raises DeviceError when it is not there."""
        if not self._settings.led.sysfs:
            return None
        return stack.enter_context(contextlib.closing(SysfsLight(self._settings.led.sysfs)))

    def _follow(self, ear: Any, hooks: Any, light: SysfsLight | None) -> None:
        while not ear.ended:
            events, ready = ear.poll(WAIT_S, [self._read])
            self._obey(ear, bool(ready))
            for event in events:
                if event["type"] != "level":
                    hooks.tell(event)
                if event["type"] == "state" and light is not None:
                    light = self._shine(light, event["state"])
                self._tell(EarEvent(event))

    def _shine(self, light: SysfsLight, state: str) -> SysfsLight | None:
        """Set the kernel's light; one that went away is not worth the session."""
        try:
            light.show(LedState(state))
        except DeviceError as error:
            self._complain(f"{error.message}; listening goes on without it")
            return None
        return light

    def _add_hooks(self, hooks: Any, stack: contextlib.ExitStack) -> None:
        """What `listen` gives its front: the command of the configuration, chimes, plugins."""
        if command := self._settings.listen.exec:
            from echoctl.hooks.command import Command  # noqa: PLC0415 - subprocess and shlex, where they are needed

            hooks.add("--exec", Command(command))
        if self._settings.listen.chime:
            from echoctl.services.listening.chimes import Chimes  # noqa: PLC0415 - a process of its own, where one wants it

            hooks.add("the chimes", stack.enter_context(contextlib.closing(Chimes())))
        hooks.load_plugins()

    def _obey(self, ear: Any, woken: bool) -> None:
        if woken:
            os.read(self._read, 512)
        while self._orders:
            getattr(ear, self._orders.pop(0))()

    def _complain(self, text: str) -> None:
        self._tell(Complaint(text))


class StoreFeed:
    """Follows the store in a thread, as long as the dashboard is up."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and let go of the store."""
        self._over.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        watcher = watch_state.StateWatcher()
        try:
            self._follow(watcher)
        except Exception as bug:  # noqa: BLE001 - it is raised where it ends the dashboard and goes to the log
            self._tell(FeedBroke(bug))
        finally:
            watcher.close()

    def _follow(self, watcher: watch_state.StateWatcher) -> None:
        failed = ""
        while not self._over.is_set():
            wait = watch_state.POLL_S
            try:
                snapshot = watcher.poll()
            except EchoctlError as error:
                wait = 1.0
                if error.message != failed:
                    failed = error.message
                    self._tell(StoreFailed(error))
            else:
                if snapshot is not None:
                    failed = ""
                    self._tell(StoreChanged(snapshot))
            self._over.wait(wait)
