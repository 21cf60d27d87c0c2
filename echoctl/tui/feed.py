"""Where the dashboard's news come from: our own ear over its pipe, and the store for everything else.

Each feed is a thread that waits and hands on; `tell` must be safe to call from there (Textual's post_message is).
"""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from textual.message import Message

from echoctl.config.schema import Config
from echoctl.errors import EchoctlError
from echoctl.model.listener import Snapshot
from echoctl.services import watch_state
from echoctl.services.protocol.ear_spec import EarSpec

if TYPE_CHECKING:
    from echoctl.services.listening.session import Session

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

    def __init__(self, snapshot: Snapshot) -> None:
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
        self._orders: list[Callable[[Session], None]] = []
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def push(self) -> None:
        """Begin a request without a wake word."""
        self._order(lambda session: session.push())

    def stop(self) -> None:
        """Let it finish and end; called again it is killed."""
        self._order(lambda session: session.stop())

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; returns whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Let go of what orders come through; once it has ended, and by whoever gave them."""
        os.close(self._read)
        os.close(self._write)

    def _order(self, what: "Callable[[Session], None]") -> None:
        self._orders.append(what)
        with contextlib.suppress(BlockingIOError):  # then there is a byte waiting already
            os.write(self._write, b".")

    def _run(self) -> None:
        # The vault's cryptography and the plugins: after the first picture has been painted.
        from echoctl.services.listening.session import Followers, Session  # noqa: PLC0415 - see above

        error: EchoctlError | None = None
        try:
            with (
                Session(self._spec, Followers.configured(self._settings), self._complain) as session,
                session.listening(),
            ):
                self._follow(session)
        except EchoctlError as problem:
            error = problem
        except Exception as bug:  # noqa: BLE001 - it is raised where it ends the dashboard and goes to the log
            self._tell(FeedBroke(bug))
        self._tell(EarEnded(error))

    def _follow(self, session: "Session") -> None:
        while not session.ended:
            events, ready = session.poll(WAIT_S, [self._read])
            if ready:
                os.read(self._read, 512)
            while self._orders:
                self._orders.pop(0)(session)
            for event in events:
                self._tell(EarEvent(event))

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
