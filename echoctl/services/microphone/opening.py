"""One opening of a microphone, a file or a pipe: the wait for it, its sound, and its end.

A process opens its microphone once. When it was muted or lost it ends, and the front starts another one: what opens a
device may connect to the sound server, and what listens may connect to nothing any more.
"""

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Any

from echoctl.audio import devices, files, mic
from echoctl.audio.source import AudioSource, SourceHealth
from echoctl.audio.wakeup import Bell
from echoctl.errors import DeviceError, EchoctlError, ExitCode
from echoctl.services import mute_file
from echoctl.services.protocol.events import error_fields
from echoctl.services.protocol.microphone_spec import SILENT, MicrophoneSpec
from echoctl.services.protocol.sound import FrameWriter
from echoctl.speech.gate import EnergyGate

FIRST_WAIT_S = 0.5
"""Pause before a device that failed is tried again; doubles up to LONGEST_WAIT_S."""

LONGEST_WAIT_S = 5.0

RENEW_S = 30.0
"""After so long in vain the process ends for another one, which sees the system's sockets as they are by then."""

ANSWER_S = 8.0
"""How long one opening may take before the sound server is called dead."""

CLOSE_S = 0.3
"""How long a mute waits for the device to close; then the process ends, and the kernel closes it."""

READ_S = 0.6
"""How long one read waits: longer than patience gathers."""

QUIET_CHUNKS, TALK_CHUNKS = 6, 2
"""How many chunks gather before they are looked at: while nobody speaks, and while somebody does, but not to us. What
speech/wake.py says of patience: nothing is missed by it, and nothing told too late.
"""

HELD_CHUNKS = 24
"""How many quiet ones are handed on in one go: the ear would only find that they are quiet, and sleeps as long."""


class Opening:
    """What one microphone process does. `run` in the main thread; `watch` in another, which sees to a mute."""

    def __init__(
        self, spec: MicrophoneSpec, pipe: FrameWriter, watch: mute_file.Watch, lock: Callable[[], None]
    ) -> None:
        self._spec = spec
        self._pipe = pipe
        self._watch = watch
        self._lock = lock
        """Gives up everything that only opening needed."""
        self._bell = Bell()
        self._closed = threading.Event()
        self._closed.set()
        self._source: AudioSource | None = None
        self._told = SourceHealth()
        self._parent = os.getppid()

    def run(self) -> None:
        """Wait until it may be heard, hear it, and return when it is over: muted, lost, or at the end of a file.

        Raises DeviceError or NotFound for a first microphone that cannot be opened, UsageError for a file that is none.
        """
        if self._spec.input is not None:
            self._hear_file()
        else:
            self._wait_while_muted()
            self._hear_microphone()

    def watch(self) -> None:
        """Obey the mute file, for as long as the process lives; never returns.

        A close that hangs, in a sound server or in a driver, ends the process.
        """
        while True:
            self._await_news()
            if not self._muted:
                self._bell.ring()
                continue
            if isinstance(self._source, mic.Microphone):
                self._source.interrupt()
            self._bell.ring()
            if self._spec.input is None and not self._closed.wait(CLOSE_S):
                self._end_now()

    @property
    def _muted(self) -> bool:
        return mute_file.wanted(self._spec.mute)

    def _answer(self, what: bytes) -> None:
        mute_file.answer(self._spec.mute, what)

    def _end_now(self) -> None:
        """Leave the closing to the kernel, which nobody can keep waiting."""
        muted = self._muted
        self._answer(mute_file.CLOSED if muted else mute_file.WAITING)
        os._exit(SILENT if muted else ExitCode.OK)

    def _await_news(self) -> None:
        if self._watch.works:
            select.select([self._watch.descriptor], [], [])
            self._watch.drain()
        else:
            time.sleep(mute_file.POLL_MS / 1000)
            if os.getppid() != self._parent:  # where the kernel does not end it with its front
                os._exit(0)

    def _wait_while_muted(self) -> None:
        """The device stays closed until it is to be opened."""
        while self._muted:
            self._answer(mute_file.CLOSED)
            self._bell.wait(60.0)
        self._answer(mute_file.WAITING)

    def _hear_microphone(self) -> None:
        self._closed.clear()
        source = self._opened()
        if source is None:
            self._close(None)
            return
        self._source = source
        self._lock()
        self._pipe.event("opened", device=source.name)
        self._answer(mute_file.OPEN)
        try:
            self._listen(source)
        except mic.DeviceLost as lost:
            self._pipe.event("lost", device=source.name, reason=lost.reason)
        self._close(source)

    def _close(self, source: AudioSource | None) -> None:
        """Close the device and say so, for whoever muted it. A server that hangs ends the process instead."""
        if source is not None:
            self._source = None
            guard = threading.Timer(CLOSE_S, self._end_now)
            guard.daemon = True
            guard.start()
            source.close()
        self._closed.set()
        if self._muted:
            self._answer(mute_file.CLOSED)
            self._pipe.event("muted")
        else:
            self._answer(mute_file.WAITING)

    def _opened(self) -> AudioSource | None:
        """The microphone, tried until it opens; None when it was muted meanwhile, or another process must try."""
        wait_s, told, since = FIRST_WAIT_S, "", time.monotonic()
        while True:
            guard = threading.Timer(ANSWER_S, self._give_up)
            guard.daemon = True
            guard.start()
            try:
                return mic.open_microphone(self._spec.device, self._tell)
            except EchoctlError as error:
                if self._spec.first:
                    raise
                if error.message != told:
                    told = error.message
                    self._pipe.event("retrying", device=self._spec.device or "default microphone", message=told)
            finally:
                guard.cancel()
            self._bell.wait(wait_s)
            if self._muted or time.monotonic() - since > RENEW_S:
                return None
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)
            devices.refresh()

    def _give_up(self) -> None:
        """The sound server hangs while it opens a device, and with it this process's main thread."""
        error = DeviceError("the sound server does not answer", "restart it; meanwhile: echoctl listen --demo")
        if self._spec.first:
            self._pipe.event("error", **error_fields(error))
            os._exit(error.exit_code)
        self._pipe.event("retrying", device=self._spec.device or "default microphone", message=error.message)
        os._exit(ExitCode.OK)

    def _listen(self, source: AudioSource) -> None:
        """Hand on what comes until it is muted. Raises DeviceLost."""
        gate = EnergyGate()
        held: list[bytes] = []
        while not self._muted:
            chunks: list[bytes] = []
            try:
                while chunk := source.read(0 if chunks else READ_S):
                    chunks.append(chunk)
            except mic.DeviceLost:  # what came before is sound all the same
                self._pipe.pcm(*held, *chunks)
                raise
            if not chunks:
                continue
            open_ = [gate.feed(chunk) for chunk in chunks]
            hurry = mute_file.in_hurry(self._spec.mute)
            held += chunks
            if hurry or any(open_) or len(held) >= HELD_CHUNKS:
                self._pipe.pcm(*held)
                held.clear()
            patience = 1 if hurry else TALK_CHUNKS if open_[-1] else QUIET_CHUNKS
            if patience != source.patience:
                source.patience = patience
                self._tell_health(source.health())

    def _tell_health(self, health: SourceHealth) -> None:
        """What was lost, and the most that it ever was behind, when either has grown."""
        dropped_ms = health.dropped_ms + self._pipe.dropped_ms
        now = SourceHealth(health.overflows, dropped_ms, max(health.lag_ms, self._told.lag_ms))
        if now != self._told:
            self._told = now
            self._pipe.event("health", overflows=now.overflows, dropped_ms=now.dropped_ms, lag_ms=now.lag_ms)

    def _tell(self, what: str, fields: dict[str, Any]) -> None:
        self._pipe.event(what, **fields)

    def _hear_file(self) -> None:
        """A file to its end, muted or not; what comes through a pipe is dropped while muted."""
        assert self._spec.input is not None
        assert self._spec.source is not None
        pipe = self._spec.input == "-"
        source = (
            files.open_stdin(realtime=self._spec.realtime, fd=self._spec.source)
            if pipe
            else files.open_file(self._spec.input, self._spec.source, realtime=self._spec.realtime)
        )
        self._lock()
        self._answer(mute_file.OPEN if pipe else mute_file.NONE)
        self._pipe.event("opened", device=source.name)
        muted = False
        while True:
            if pipe and muted != self._muted:
                muted = self._muted
                self._answer(mute_file.DROPPED if muted else mute_file.OPEN)
                self._pipe.event("muted") if muted else self._pipe.event("opened", device=source.name)
            if (chunk := source.read(READ_S)) == b"":
                break
            if chunk and not muted:
                self._pipe.pcm(chunk)
        source.close()
        self._pipe.event("end")
