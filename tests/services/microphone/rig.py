"""One opening of a microphone, with the device, the ear and whoever mutes in the hands of a test."""

import contextlib
import fcntl
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoctl.audio import devices, mic
from echoctl.audio.source import SourceHealth
from echoctl.services import mute_file
from echoctl.services.listening.processes import PIPE_BYTES
from echoctl.services.microphone import opening
from echoctl.services.microphone.opening import Opening
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.protocol.sound import Frame, FrameReader, FrameWriter

QUIET, LOUD = bytes(2560), b"\0\x20\0\xe0" * 640


class PlayedMicrophone(mic.Microphone):
    """A device that gives what it is told to; an exception is raised."""

    def __init__(self, close: Callable[[], None] = lambda: None) -> None:
        self.name = "a mic"
        self.patience = 1
        self.closed = False
        self.given: queue.Queue[bytes | Exception | None] = queue.Queue()
        self.now = SourceHealth()
        self._when_closed = close

    def read(self, timeout_s: float) -> bytes | None:
        try:
            one = self.given.get(timeout=timeout_s) if timeout_s else self.given.get_nowait()
        except queue.Empty:
            return None
        if isinstance(one, Exception):
            raise one
        return one

    def interrupt(self) -> None:
        self.given.put(None)

    def health(self) -> SourceHealth:
        return self.now

    def close(self) -> None:
        self._when_closed()
        self.closed = True


class _TheEnd(BaseException):
    """Of a thread, in place of its process."""


class _Ends(Opening):
    """Its watch ends with the test."""

    over = False

    def _await_news(self) -> None:
        super()._await_news()
        if self.over:
            raise _TheEnd

    def _answer(self, what: bytes) -> None:
        super()._answer(what)
        if self.over and not isinstance(threading.current_thread(), threading.Timer):
            raise _TheEnd


class Rig:
    """`start` it; then order, and look at frames and answers."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, **spec: Any) -> None:
        self.openers: list[Callable[[], mic.Microphone]] = []
        """One for each attempt to open; the last one stays."""
        self.tell: Callable[[str, dict[str, Any]], None]
        self.attempts: list[float] = []
        self.refreshed = self.locked = 0
        self.exits: list[int] = []
        self.error: BaseException | None = None
        self._frames: list[Frame] = []
        self.mute = os.open(folder / "mute", os.O_RDWR | os.O_CREAT)
        self.sound, end = os.pipe()
        os.set_blocking(self.sound, False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._ends = [self.sound, end, self.mute]
        self._reader = FrameReader()
        patch.setattr(mic, "open_microphone", self._open)
        patch.setattr(devices, "refresh", self._refresh)
        patch.setattr(os, "_exit", self._exit)
        patch.setattr(opening, "FIRST_WAIT_S", 0.02)
        self.spec = MicrophoneSpec(sound=end, mute=self.mute, **spec)
        self.watch = mute_file.Watch(self.mute)
        writer = FrameWriter(end, live=self.spec.input is None)
        self.opening = _Ends(self.spec, writer, self.watch, self._lock)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._run, self._watch)]

    def start(self) -> "Rig":
        for thread in self._threads:
            thread.start()
        return self

    def order(self, muted: bool) -> None:
        mute_file.order(self.mute, muted)

    @property
    def done(self) -> tuple[bytes, bool]:
        return mute_file.done(self.mute)

    @property
    def frames(self) -> list[Frame]:
        """What the ear has got."""
        self._take()
        return self._frames

    @property
    def running(self) -> bool:
        return self._threads[0].is_alive()

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames if isinstance(frame, dict)]

    def pcm(self) -> bytes:
        return b"".join(frame for frame in self.frames if isinstance(frame, bytes))

    def until(self, true: Callable[[], bool], limit_s: float = 10) -> None:
        end = time.monotonic() + limit_s
        while not true():
            self._take()
            assert time.monotonic() < end, (self.kinds(), self.done, self.error)
            time.sleep(0.002)

    def end(self) -> None:
        """The thread of the watch, and that of a device that hangs, must not outlive the test."""
        self.opening.over = True
        mute_file.order(self.mute, True)
        self.opening._bell.ring()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(10)
        for timer in filter(lambda thread: isinstance(thread, threading.Timer), threading.enumerate()):
            timer.cancel()  # type: ignore[attr-defined]
        self.watch.close()
        for descriptor in self._ends:
            os.close(descriptor)

    def _take(self) -> None:
        try:
            while data := os.read(self.sound, 65536):
                self._frames += self._reader.feed(data)
        except BlockingIOError:
            return

    def _run(self) -> None:
        try:
            self.opening.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test asks for it
            self.error = error
        except _TheEnd:
            return

    def _watch(self) -> None:
        with contextlib.suppress(_TheEnd):
            self.opening.watch()

    def _open(self, device: str, tell: Callable[[str, dict[str, Any]], None]) -> mic.Microphone:
        self.attempts.append(time.monotonic())
        self.tell = tell
        return (self.openers.pop(0) if len(self.openers) > 1 else self.openers[0])()

    def _refresh(self) -> None:
        self.refreshed += 1

    def _lock(self) -> None:
        self.locked += 1

    def _exit(self, code: int) -> None:
        self.exits.append(code)
        if threading.current_thread() in self._threads:
            raise _TheEnd
