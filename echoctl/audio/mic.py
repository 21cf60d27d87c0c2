"""The microphone: a PortAudio stream in callback mode, at the device's own rate, resampled to chunks.

The callback runs in PortAudio's thread and only copies into memory that was allocated before. The reader is woken once
as much has come as it asked for: while nobody speaks the ear has the `patience` to be woken twice a second instead of
twelve times, which is most of what listening costs.

What sounddevice does when a device fails, as seen with PulseAudio and PipeWire:
unplugged or server gone: the stream ends without an exception. Suspended or frozen: blocks stop, the stream still says
that it is active. Muted, or moved by the server to another source: blocks of exact zeros. Hence three detectors.
`stop` hangs on a suspended source and `close` under a blocking read is a segmentation fault: so there is no blocking
read here, and `abort` comes before `close`.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from echoctl.audio.devices import NO_MICROPHONE_HINT, AudioDevice, find_input, portaudio
from echoctl.audio.resample import Chunker, Resampler, mono
from echoctl.audio.source import SourceHealth
from echoctl.audio.stream_checks import RateWatch, SilenceWatch
from echoctl.audio.wakeup import Bell
from echoctl.errors import DeviceError
from echoctl.model.speech import SAMPLE_RATE, SAMPLE_WIDTH

if TYPE_CHECKING:
    import numpy as np
    import sounddevice
    from numpy.typing import NDArray

BLOCK_S = 0.08
"""What one callback brings: one chunk."""

RING_S = 10.0
"""How far the reader may fall behind before audio is dropped."""

HEAD_START_S = 0.04
"""Silence before the first block: what the resampler holds back at most at 44.1 and 48 kHz."""

STALL_S = 1.4
"""After this long without a block the device is asleep or its server hangs."""

FIRST_BLOCK_S = 3.0
"""The same for a stream that was just opened; some servers take two seconds."""

INVALID_CHANNELS = -9998
"""PortAudio's paInvalidChannelCount."""

OnEvent = Callable[[str, dict[str, Any]], None]


class DeviceLost(DeviceError):
    """The microphone was there and is gone; `reason` is "ended" or "stalled"."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the microphone is gone: {name}", "it is opened again as soon as it is back")
        self.reason = reason


def open_microphone(device: str = "", on_event: OnEvent = lambda what, fields: None) -> "Microphone":
    """Open a microphone by name, part of a name or number; "" is the system's default.

    `on_event` is told, from within read(), of what is odd but loses no sound: "rate" (the device does not run at the
    rate that it states), "silent" (nothing but zeros) and "sound" (that is over).
    Raises NotFound for a name that fits none or several, DeviceError when it cannot be opened.
    """
    return Microphone(find_input(device), on_event)


class Microphone:
    """An open microphone. One thread reads and closes it."""

    live = True

    def __init__(self, device: AudioDevice, on_event: OnEvent) -> None:
        self.name = device.name
        self.patience = 1
        """How many blocks gather before read() gives the first of them."""
        self._on_event = on_event
        self._rate = device.rate
        self._block_frames = round(device.rate * BLOCK_S)
        self._frame_bytes = 2
        self._written = 0
        self._taken = 0
        self._wanted = 0
        self._arrived = Bell()
        self._interrupted = False
        self._ended = False
        self._overflows = 0
        self._dropped = 0
        self._block_at = time.monotonic()
        self._stream = self._open(device)
        self._resampler = Resampler(device.rate)
        self._chunker = Chunker()
        # Else the resampler's hold-back makes each chunk wait for one more block, 80 ms, to be whole.
        self._chunker.add(bytes(round(HEAD_START_S * SAMPLE_RATE) * SAMPLE_WIDTH))
        self._rate_watch = RateWatch(device.rate)
        self._silence_watch = SilenceWatch()

    def read(self, timeout_s: float) -> bytes | None:
        """Give the next chunk, or None when none came in time, or `interrupt` was called. Raises DeviceLost."""
        deadline = time.monotonic() + timeout_s
        while not (chunk := self._chunker.next()):
            if self._interrupted:
                self._interrupted = False
                return None
            if self._enough():
                self._drain()
            elif not self._ended and (left := deadline - time.monotonic()) > 0:
                self._arrived.wait(left)
            else:
                self._check_alive()
                return None
        return chunk

    def interrupt(self) -> None:
        """Have the read() that waits, or the next that would, return None; may be called in a signal handler."""
        self._interrupted = True
        self._arrived.ring()

    def health(self) -> SourceHealth:
        """The counters since it was opened."""
        second = self._rate * self._frame_bytes
        return SourceHealth(
            overflows=self._overflows,
            dropped_ms=self._dropped * 1000 // second,
            lag_ms=(self._written - self._taken) * 1000 // second + self._chunker.held_ms,
        )

    def close(self) -> None:
        """Close the stream: when this returns no callback fires any more. Wipes what was not read."""
        self._stream.abort()
        self._stream.close()
        self._buffer[:] = bytes(len(self._buffer))
        self._chunker.clear()

    def _open(self, device: AudioDevice) -> "sounddevice.RawInputStream":
        sounddevice = portaudio()
        # Many sound cards have no mono mode: take as few channels as the device allows and mix.
        for channels in sorted({1, min(2, device.channels), device.channels}):
            self._frame_bytes = 2 * channels
            self._buffer = memoryview(bytearray(round(RING_S * device.rate) * self._frame_bytes))
            try:
                return self._started(device, channels)
            except sounddevice.PortAudioError as exc:
                failure = exc
                if INVALID_CHANNELS not in exc.args:
                    break
        reason = str(failure.args[0]).removeprefix("Error opening RawInputStream: ")
        raise DeviceError(f"cannot open {device.name}: {reason}", NO_MICROPHONE_HINT) from failure

    def _started(self, device: AudioDevice, channels: int) -> "sounddevice.RawInputStream":
        import sounddevice  # noqa: PLC0415 - loaded already; here for its types

        stream = sounddevice.RawInputStream(
            samplerate=device.rate,
            blocksize=self._block_frames,
            device=device.index,
            channels=channels,
            dtype="int16",
            callback=self._callback,
            finished_callback=self._finished,
        )
        try:
            stream.start()
        except sounddevice.PortAudioError:
            stream.close()
            raise
        return stream

    def _callback(self, data: Any, frames: int, when: Any, status: Any) -> None:
        """PortAudio's thread: copy, count, wake. Nothing here waits."""
        self._block_at = time.monotonic()
        if status and status.input_overflow:
            self._overflows += 1
        size = frames * self._frame_bytes
        buffer = self._buffer
        if self._written - self._taken + size > len(buffer):
            self._dropped += size
            self._overflows += 1
            return
        at = self._written % len(buffer)
        first = min(size, len(buffer) - at)
        if first == size:
            buffer[at : at + size] = data
        else:
            buffer[at:] = data[:first]
            buffer[: size - first] = data[first:]
        self._written += size
        if self._written - self._taken >= self._wanted:
            self._arrived.ring()

    def _finished(self) -> None:
        """PortAudio's thread: the stream has ended, wanted or not."""
        self._ended = True
        self._arrived.ring()

    def _enough(self) -> bool:
        self._wanted = self.patience * self._block_frames * self._frame_bytes
        return self._written - self._taken >= self._wanted

    def _drain(self) -> None:
        """Take everything that has arrived through the resampler."""
        import numpy as np  # noqa: PLC0415 - 130 ms that only commands with audio should pay

        size = self._written - self._taken
        at = self._taken % len(self._buffer)
        block = self._buffer[at : at + size]
        if len(block) < size:
            block = memoryview(bytes(block) + self._buffer[: size - len(block)])
        frames = np.frombuffer(block, "<i2").astype(np.float32)
        self._taken += size  # only now: what was taken is overwritten
        samples = mono(frames.reshape(-1, self._frame_bytes // 2))
        self._chunker.add(self._resampler.feed(samples))
        self._watch(samples)

    def _watch(self, samples: "NDArray[np.float32]") -> None:
        measured = self._rate_watch.feed(self._written // self._frame_bytes, self._block_at, self._overflows)
        if measured is not None:
            self._on_event("rate", {"device": self.name, "stated": self._rate, "measured": round(measured)})
        if (quiet_s := self._silence_watch.feed(not samples.any(), len(samples) / self._rate)) is not None:
            self._on_event("silent" if quiet_s else "sound", {"device": self.name, "seconds": quiet_s})

    def _check_alive(self) -> None:
        if self._ended or not self._stream.active:
            raise DeviceLost(self.name, "ended")
        limit = STALL_S if self._written else FIRST_BLOCK_S
        if time.monotonic() - self._block_at > limit:
            raise DeviceLost(self.name, "stalled")
