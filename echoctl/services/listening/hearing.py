"""Sound of a microphone without an ear: what somebody says for a test of a wake word. It stays in RAM.

The device is held by a microphone process here as well, the very one that a listener has.
"""

import contextlib
import os
import select
import tempfile
import time
from collections.abc import Iterator

from echoctl.errors import DeviceError
from echoctl.model.speech import BYTES_PER_SECOND
from echoctl.services import mute_file
from echoctl.services.protocol.events import told
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.protocol.sound import FrameReader
from echoctl.services.sandbox.child import Child

ANSWER_S = 12.0
"""How long a microphone process may say nothing at all."""


class Hearing:
    """An open microphone. Raises the error with which it gave up, at its opening or later."""

    def __init__(self, sound: int) -> None:
        self._sound = sound
        self._reader = FrameReader()

    def seconds(self, count: float) -> bytes:
        """The next seconds of sound, as 16 kHz mono s16le; what came before this call is dropped."""
        while select.select([self._sound], [], [], 0)[0]:
            self._read(0.0)
        pcm = bytearray()
        while len(pcm) < count * BYTES_PER_SECOND:
            pcm += self._read(ANSWER_S)
        return bytes(pcm)

    def _read(self, timeout_s: float) -> bytes:
        if not select.select([self._sound], [], [], timeout_s)[0]:
            raise DeviceError("the microphone does not answer", "echoctl doctor looks into it")
        data = os.read(self._sound, 65536)
        if not data:
            raise DeviceError("the microphone's process has ended", "echoctl doctor looks into it")
        pcm = b""
        for frame in self._reader.feed(data):
            if isinstance(frame, bytes):
                pcm += frame
            elif frame["type"] == "error":
                raise told(frame)
            elif frame["type"] == "lost":
                raise DeviceError(f"the microphone is gone: {frame['device']}", "plug it in, and begin anew")
        return pcm


@contextlib.contextmanager
def hearing(device: str) -> Iterator[Hearing]:
    """Open a microphone, whether the store says muted or not: who calls has asked for it."""
    sound, end = os.pipe2(os.O_CLOEXEC)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, sound)
        mute = stack.enter_context(tempfile.TemporaryFile())
        mute_file.answer(mute.fileno(), mute_file.WAITING)
        mute_file.hurry(mute.fileno(), True)  # quiet that is held back would be taken for what follows the question
        spec = MicrophoneSpec(sound=end, mute=mute.fileno(), device=device)
        try:
            child = Child("echoctl.services.microphone.process", [spec.to_json()], passing=[end, mute.fileno()])
        finally:
            os.close(end)
        stack.callback(child.close)
        opened = Hearing(sound)
        deadline = time.monotonic() + ANSWER_S
        while mute_file.done(mute.fileno())[0] != mute_file.OPEN:
            opened._read(max(0.0, deadline - time.monotonic()))
        yield opened
