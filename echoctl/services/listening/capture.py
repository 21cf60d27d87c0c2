"""What the ear reads: a file, a pipe, or a microphone that is kept open through whatever happens to it.

PortAudio is not made for several threads, and opening or closing a device whose server hangs may never return. So a
worker does that, one job at a time, and nobody waits for it for long: the loop goes on, mute is obeyed, and a job
that was overtaken by a mute closes what it opened.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from echoctl.audio import devices, files, mic
from echoctl.audio.source import AudioSource, SourceHealth
from echoctl.audio.wakeup import Bell
from echoctl.errors import DeviceError, EchoctlError

FIRST_WAIT_S = 0.5
"""Pause before a device that failed is tried again; doubles up to LONGEST_WAIT_S."""

LONGEST_WAIT_S = 5.0

ANSWER_S = 8.0
"""How long the first opening may take before the sound server is called dead."""

UNMUTE_S = 1.5
"""How long an unmute waits for the device; after that it counts as lost."""

CLOSE_S = 1.0
"""How long a mute waits for the device to close. Only a server that hangs needs it, and no sound comes from that."""

OnEvent = Callable[[str, Mapping[str, Any]], None]


def _nobody(what: str, fields: Mapping[str, Any]) -> None:
    """The `on_event` of a capture whose events nobody wants."""


@dataclass(frozen=True, slots=True)
class AudioCaptureSpec:
    """What to listen to."""

    input: str | None = None
    """A sound file's path, "-" for raw pcm on standard input, None for a microphone."""
    device: str = ""
    """The microphone's name, part of its name, or number; "" for the system's default."""
    realtime: bool = False
    """Files and pipes: at the pace of a microphone."""


class AudioCapture:
    """One source of chunks for the whole life of a listener. One thread uses it.

    `on_event(what, fields)` hears what happens to a microphone, from within the methods below: "lost" (reason: ended,
    stalled or failed), "retrying" (why that does not work yet, once per reason), "back", "rate", "silent" and "sound".
    """

    def __init__(self, spec: AudioCaptureSpec, on_event: OnEvent = _nobody) -> None:
        self._spec = spec
        self.on_event = on_event
        self._source: AudioSource | None = None
        self._worker: _Worker | None = None
        self._bell = Bell()
        self._muted = False
        self._past = SourceHealth()
        self._device = spec.device
        self._wait_s = FIRST_WAIT_S
        self._try_at = 0.0
        self._lost_at: float | None = None
        self._told = ""
        self.name = spec.input or spec.device or "default microphone"
        """The device's own name once it is open."""
        self.discontinuous = False
        """What read() gives next has nothing to do with what came before; the reader clears it."""

    @property
    def is_open(self) -> bool:
        """Whether audio can come: false while muted, and while the microphone is lost."""
        return self._source is not None

    def open(self) -> None:
        """Open the source for the first time.

        A microphone stays closed while muted. Raises NotFound, DeviceError or UsageError: at the start a missing
        microphone is an error, not a state.
        """
        if self._spec.input == "-":
            self._take(files.open_stdin(realtime=self._spec.realtime))
        elif self._spec.input is not None:
            self._take(files.open_file(self._spec.input, realtime=self._spec.realtime))
        elif not self._muted:
            self._worker = self._work(self._open_microphone)
            if not self._collect(ANSWER_S):
                raise DeviceError("the sound server does not answer", "restart it; meanwhile: echoctl listen --demo")

    def read(self, timeout_s: float, *, patience: int = 1) -> bytes | None:
        """Give the next chunk, `b""` at the end of a file, None when nothing came in time, or while muted or lost.

        `patience`: how many chunks a microphone may gather before it gives the first (audio/mic.py). None as well when
        `interrupt` is called; only of files and pipes it does not end the wait.
        """
        if self._source is None:
            self._recover(timeout_s)
            return None
        self._source.patience = patience
        try:
            chunk = self._source.read(timeout_s)
            return None if chunk and self._muted else chunk
        except mic.DeviceLost as lost:
            self._lose(lost.reason)
            return None

    def interrupt(self) -> None:
        """End the read() that waits, or the next one that would; may be called in a signal handler."""
        if isinstance(self._source, mic.Microphone):
            self._source.interrupt()
        self._bell.ring()

    def mute(self) -> None:
        """Close the microphone. When this returns no callback fires; only a sound server that hangs can delay that.

        What is at the other end of a pipe cannot be closed from here: what it sends is dropped by read().
        """
        self._muted = True
        if self._spec.input is None:
            self._shut()

    def unmute(self) -> None:
        """Open the microphone again. If that fails it is lost, and read() tries again."""
        self._muted, self.discontinuous = False, True
        if self._spec.input is not None:
            return
        self._lost_at, self._told = None, ""
        self._wait_s, self._try_at = FIRST_WAIT_S, 0.0
        deadline = time.monotonic() + UNMUTE_S
        while self._source is None and self._lost_at is None:
            self._recover(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline and self._source is None:
                self._set_lost("failed")

    def health(self) -> SourceHealth:
        """The counters over all openings."""
        now = self._source.health() if self._source is not None else SourceHealth()
        return SourceHealth(
            overflows=self._past.overflows + now.overflows,
            dropped_ms=self._past.dropped_ms + now.dropped_ms,
            lag_ms=now.lag_ms,
        )

    def close(self) -> None:
        """Close whatever is open; the capture is over."""
        self._muted = True
        self._shut()
        if self._worker is not None:
            devices.abandon()

    def _shut(self) -> None:
        if self._source is not None:
            self._retire()
        elif self._worker is not None:
            self._worker.cancel()
        if self._worker is not None and self._worker.wait(CLOSE_S):
            self._worker = None

    def _recover(self, timeout_s: float) -> None:
        """Try to bring the microphone back within the time that a read may take."""
        if self._worker is None and not self._muted and time.monotonic() >= self._try_at:
            self._worker = self._work(self._reopen_microphone)
        if self._worker is None or not self._worker.wait(0):
            self._bell.wait(timeout_s)
        if self._worker is None:
            return
        try:
            self._collect(0)
        except EchoctlError as error:
            if not self._muted:
                self._failed(error)

    def _collect(self, timeout_s: float) -> bool:
        """Wait for the worker and take what it opened. Returns whether it is done; raises the error that it met."""
        assert self._worker is not None
        if not self._worker.wait(timeout_s):
            return False
        worker, self._worker = self._worker, None
        if (source := worker.result()) is not None:
            self._take(source)
        return True

    def _take(self, source: AudioSource) -> None:
        self._source = source
        self.name = source.name
        self.discontinuous = True
        # From now on by its full name, since numbers change when devices come and go. The default stays the default.
        self._device = self._spec.device and source.name
        if self._lost_at is not None:
            gone_ms = round((time.monotonic() - self._lost_at) * 1000)
            self._lost_at = None
            self.on_event("back", {"device": self.name, "gone_ms": gone_ms})

    def _lose(self, reason: str) -> None:
        self._retire()
        self._wait_s, self._try_at = FIRST_WAIT_S, 0.0
        self._set_lost(reason)

    def _set_lost(self, reason: str) -> None:
        self._lost_at, self._told = time.monotonic(), ""
        self.discontinuous = True
        self.on_event("lost", {"device": self.name, "reason": reason})

    def _failed(self, error: EchoctlError) -> None:
        """An attempt to open failed: say why unless that was said, and wait longer each time."""
        self._try_at = time.monotonic() + self._wait_s
        self._wait_s = min(LONGEST_WAIT_S, 2 * self._wait_s)
        if self._lost_at is None:
            self._set_lost("failed")
        if error.message != self._told:
            self._told = error.message
            self.on_event("retrying", {"device": self.name, "message": error.message})

    def _retire(self) -> None:
        """Hand the open source to the worker, which has nothing to do while there is one, to be closed."""
        assert self._source is not None and self._worker is None
        source, self._source = self._source, None
        seen = source.health()
        self._past = SourceHealth(self._past.overflows + seen.overflows, self._past.dropped_ms + seen.dropped_ms)
        self._worker = self._work(lambda: source.close())

    def _work(self, job: "Callable[[], AudioSource | None]") -> "_Worker":
        return _Worker(job, self._bell)

    def _open_microphone(self) -> AudioSource:
        return mic.open_microphone(self._device, self.on_event)

    def _reopen_microphone(self) -> AudioSource:
        devices.refresh()
        return self._open_microphone()


class _Worker:
    """One job of opening or closing, in a thread that the process does not wait for. Rings when it is done."""

    def __init__(self, job: Callable[[], AudioSource | None], bell: Bell) -> None:
        self._job = job
        self._bell = bell
        self._done = threading.Event()
        self._opened: AudioSource | None = None
        # The error of a job that died of something unforeseen; its traceback goes to the log.
        self._error: EchoctlError | None = DeviceError("the microphone could not be opened", "the log may tell why")
        self._cancelled = False
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="microphone", daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Whether the job is done, waiting for it up to `timeout_s`."""
        return self._done.wait(timeout_s)

    def cancel(self) -> None:
        """See that whatever the job opens, or has opened, is closed."""
        with self._lock:
            self._cancelled = True
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def result(self) -> AudioSource | None:
        """What the finished job opened, if anything. Raises the error that it met."""
        if self._error is not None:
            raise self._error
        return self._opened

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._done.set()
            self._bell.ring()

    def _work(self) -> None:
        try:
            opened = self._job()
            self._error = None
        except EchoctlError as error:
            self._error = error
            return
        with self._lock:
            if not self._cancelled:
                self._opened = opened
                return
        if opened is not None:
            opened.close()
