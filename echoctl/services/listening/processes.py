"""An ear and a microphone, with the pipes between them and to their front."""

import contextlib
import fcntl
import json
import os
import sys
import termios
from collections.abc import Iterator, Mapping
from typing import Any

from echoctl.audio import codec
from echoctl.services.protocol import checks
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import Event, LineReader, Pipe
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.sandbox.child import Child

PIPE_BYTES = 512 << 10
"""Of the pipe of sound: 10 s that an ear may lag, and some more."""

READ_BYTES = 65_536


class Processes:
    """Both processes. An ear has one pipe of sound for its life: what died may have read half a frame of it.

    The front holds both ends of that pipe, so that a microphone may end and another take its place.
    """

    def __init__(self, spec: EarSpec, to: Mapping[str, Any]) -> None:
        """Start the ear. `to`: to whom it seals, as an order carries it."""
        self._spec = spec
        self._lines = LineReader()
        self._condemned = False
        self._sound = _pipe(PIPE_BYTES)
        orders, self._orders = _pipe()
        self.events, events = _pipe()
        os.set_blocking(self.events, False)
        self.microphone: Child | None = None
        try:
            arguments, passing = [str(self._sound[0])], [self._sound[0]]
            self.ear = Child("echoctl.services.ear.process", arguments, passing=passing, stdin=orders, stdout=events)
        finally:
            os.close(orders)
            os.close(events)
        self.order("begin", spec=json.loads(spec.to_json()), to=to)

    def start_microphone(self, mute: int, device: str, *, first: bool) -> None:
        """Start a microphone that obeys the file `mute`, whose descriptor this takes over.

        Raises NotFound or UsageError for a file that cannot be listened to.
        """
        spec, source = self._spec, None
        try:
            if spec.input is not None and spec.input != "-":
                source = codec.open_checked(spec.input)
            passing = [self._sound[1], mute, *([] if source is None else [source])]
            told = MicrophoneSpec(
                sound=self._sound[1], mute=mute, input=spec.input, source=0 if spec.input == "-" else source,
                device=device, realtime=spec.realtime, first=first, sandbox=spec.sandbox,
            )  # fmt: skip
            stdin = {"stdin": 0} if spec.input == "-" else {}
            self.microphone = Child("echoctl.services.microphone.process", [told.to_json()], passing=passing, **stdin)
        finally:
            for descriptor in (mute, source):
                if descriptor is not None:
                    os.close(descriptor)

    def order(self, kind: str, **fields: object) -> None:
        """Tell the ear; that it is dead is noticed where it is read."""
        with contextlib.suppress(BrokenPipeError):
            Pipe(self._orders).send(kind, **fields)

    def read(self) -> Iterator[Event]:
        """What the ear has said meanwhile. Raises ValueError for what no ear of ours says."""
        with contextlib.suppress(BlockingIOError):
            if self._condemned:
                os.read(self.events, READ_BYTES)
                return
            for line in self._lines.feed(os.read(self.events, READ_BYTES)):
                yield checks.checked(line)

    def condemn(self) -> None:
        """Kill an ear that said what it never would; nothing else is taken of what it said."""
        self._condemned = True
        self.ear.kill()

    @property
    def holds_events(self) -> bool:
        """Whether there is more to read; what a dead ear said last is still there."""
        return int.from_bytes(fcntl.ioctl(self.events, termios.FIONREAD, bytes(4)), sys.byteorder) > 0

    def microphone_ended(self) -> None:
        """Let go of a microphone process that has ended."""
        if self.microphone is not None:
            self.microphone.close()
            self.microphone = None

    def close(self) -> None:
        """End both, and close what they were reached by."""
        self.microphone_ended()
        self.ear.close()
        for descriptor in (*self._sound, self._orders, self.events):
            os.close(descriptor)


def _pipe(size: int = 0) -> tuple[int, int]:
    read, write = os.pipe2(os.O_CLOEXEC)
    if size and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # a person's limit is reached: then an ear may lag 2 s
            fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, size)
    return read, write
