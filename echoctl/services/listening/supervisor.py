"""The front: starts an ear, reads its events, starts it again when it dies, and ends it in good order."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from echoctl import logs, paths
from echoctl.errors import EchoctlError, ExitCode
from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.protocol import EventReader

BACKOFF_S = (0.5, 1.0, 2.0, 5.0)
"""Waits before an ear that died is started again; one more death in a row ends the listener."""

STEADY_S = 60.0
"""An ear that lived this long was a good one: the count of deaths starts anew."""

STOP_S = 10.0
"""How long an ear may take to finish and seal before it is killed."""

Event = dict[str, Any]


class Supervisor:
    """A running listener, as its front sees it. Use as a context manager; poll until `ended`."""

    def __init__(self, spec: EarSpec) -> None:
        self._spec = spec
        self._ear: subprocess.Popen[bytes]
        self._ready = self._pushed = False
        self._light: Event = {"type": "state", "muted": False, "by": ""}
        self._deaths = 0
        self._started = 0.0
        self._again_at: float | None = None
        self._stopping = False
        self._fatal: EchoctlError | None = None
        self.ended = False

    def __enter__(self) -> "Supervisor":
        self._start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._ear.poll() is None:
            self._ear.terminate()
            try:
                self._ear.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._ear.kill()
                self._ear.wait()
        self._out.close()

    def poll(self, timeout_s: float | None, also: Sequence[int] = ()) -> tuple[list[Event], list[int]]:
        """Wait for events of the ear, or for one of the descriptors `also`; returns what came of both.

        With a `timeout_s` of None as long as it takes.
        Raises the EchoctlError with which the ear gave up.
        """
        if self._again_at is not None:
            return self._wait_to_restart(timeout_s, also)
        with selectors.DefaultSelector() as selector:
            for descriptor in (self._out.fileno(), *also):
                selector.register(descriptor, selectors.EVENT_READ)
            ready = [key.fd for key, _ in selector.select(timeout_s)]
        events: list[Event] = []
        if self._out.fileno() in ready:
            ready.remove(self._out.fileno())
            events = self._read()
        return events, ready

    def push(self) -> None:
        """Begin a request without a wake word; an ear that still loads its models is told when it is ready."""
        if not self._ready:
            self._pushed = True  # until the ear has its handler the signal would kill it
        elif self._ear.poll() is None:
            self._ear.send_signal(signal.SIGUSR2)

    def stop(self) -> None:
        """Let the ear finish and seal what it records, and end; a second call kills it."""
        if self._again_at is not None:
            self.ended = True
        elif self._stopping:
            self._ear.kill()
        elif self._ear.poll() is None:
            self._ear.terminate()
        self._stopping = True

    def _start(self) -> None:
        self._reader = EventReader()
        self._started = time.monotonic()
        self._again_at = None
        self._ready = self._pushed = False
        log = logs.open_log()
        try:
            self._ear = subprocess.Popen(
                [sys.executable, "-P", "-m", "echoctl.services.listening.process", self._spec.to_json()],
                stdin=None if self._spec.input == "-" else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=paths.child_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is for the front, which ends the ear in good order
            )
        finally:
            os.close(log)
        assert self._ear.stdout is not None
        self._out = self._ear.stdout

    def _read(self) -> list[Event]:
        data = os.read(self._out.fileno(), 65536)
        if not data:
            return self._bury()
        events = self._reader.feed(data)
        for event in events:
            self._note(event)
        return [event for event in events if not event.get("fatal")]

    def _note(self, event: Event) -> None:
        """What the front itself must know of its ear."""
        if event["type"] == "ready":
            self._ready = True
            if self._pushed:
                self.push()
        elif event["type"] == "state":
            self._light = event
        elif event["type"] == "error" and event.get("fatal"):
            self._fatal = EchoctlError(event["message"], event["hint"])
            self._fatal.exit_code = event["code"]

    def _bury(self) -> list[Event]:
        """The ear has gone: was it done, did it give up, or did it die?"""
        code = self._ear.wait()
        self._out.close()
        if self._fatal is not None and not self._stopping:
            raise self._fatal
        if code == ExitCode.OK or self._stopping:
            self.ended = True
            return []
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._deaths = 1 if time.monotonic() - self._started > STEADY_S else self._deaths + 1
        if self._spec.input is not None or self._deaths > len(BACKOFF_S):
            raise EchoctlError(f"the listening process died ({how})", f"what it said last is in {paths.log_file()}")
        self._again_at = time.monotonic() + BACKOFF_S[self._deaths - 1]
        error = {
            "type": "error",
            "code": ExitCode.BUG,
            "message": f"the listening process died ({how}); starting it again",
            "hint": f"what it said last is in {paths.log_file()}",
        }
        # No light may say that somebody listens; muted it stays, since the microphone is closed as it should be.
        return [error] if self._light["muted"] else [error, {**self._light, "state": "error"}]

    def _wait_to_restart(self, timeout_s: float | None, also: Sequence[int]) -> tuple[list[Event], list[int]]:
        assert self._again_at is not None
        left = max(0.0, self._again_at - time.monotonic())
        with selectors.DefaultSelector() as selector:
            for descriptor in also:
                selector.register(descriptor, selectors.EVENT_READ)
            ready = [key.fd for key, _ in selector.select(left if timeout_s is None else min(left, timeout_s))]
        if time.monotonic() >= self._again_at and not self.ended:
            self._start()
        return [], ready
