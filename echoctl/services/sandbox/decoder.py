"""Decoding sound files of unknown origin, in a process of its own that may die of them.

libsndfile parses files in C. A file that breaks it must not break the process that holds the store, so a child does
the parsing, shut in as the ear is: no file, no network, no other process, no more memory than it needs, a time limit
for each sound. It gets bytes on stdin and answers with pcm, or with a message about what is wrong: one length-prefixed
message each way per sound.
"""

import os
import struct
import subprocess
import sys
import time
from types import TracebackType
from typing import BinaryIO

from echoctl.services.sandbox.child import exactly

MOST_SECONDS = 600.0
"""The longest sound that is taken; echoctl itself records two minutes at most."""

LIMIT_SECONDS = 20.0
"""The longest time that decoding one may take."""

_MEMORY_BYTES = 512 << 20
"""What decoding may use beyond what the libraries have taken when they were loaded."""

_LENGTH = struct.Struct(">Q")
_ANSWER = struct.Struct(">BQ")
_MOST_BYTES = int(MOST_SECONDS * 32_000) + 64_000


class Decoder:
    """The child, started at the first sound and again after a sound that killed it. Use as a context manager."""

    def __init__(self, limit_s: float = LIMIT_SECONDS) -> None:
        self._limit_s = limit_s
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def pcm(self, data: bytes) -> bytes:
        """A sound file's bytes as pcm. Raises ValueError with a message for a person."""
        child = self._child or self._start()
        try:
            child.stdin.write(_LENGTH.pack(len(data)) + data)  # type: ignore[union-attr]
            refused, answer = self._answer(child)
        except (OSError, EOFError):
            self.close()
            raise ValueError("its sound makes the decoder fail") from None
        if refused:
            raise ValueError(answer.decode(errors="replace"))
        return answer

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self._child:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "echoctl.services.sandbox.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        return self._child

    def _answer(self, child: subprocess.Popen[bytes]) -> tuple[int, bytes]:
        end = time.monotonic() + self._limit_s
        pipe = child.stdout.fileno()  # type: ignore[union-attr]
        refused, size = _ANSWER.unpack(exactly(pipe, _ANSWER.size, end))
        if size > _MOST_BYTES or (not refused and size % 2):
            raise EOFError("the child says what it never would")
        return refused, exactly(pipe, size, end)


def _main() -> None:
    """The child: shut in, load the libraries, give up what is not needed, and decode until stdin ends."""
    from echoctl.model.listener import SandboxPolicy  # noqa: PLC0415 - the parent needs none of it
    from echoctl.sandbox import libraries  # noqa: PLC0415 - as above
    from echoctl.services.sandbox import enter, limits, roles  # noqa: PLC0415 - as above

    libraries.remember("sndfile")
    sandbox = enter.enter(SandboxPolicy.TRY, roles.decoder())
    from echoctl.audio import codec  # noqa: PLC0415 - C libraries: the sandbox comes first

    codec.decode_any(_stereo(codec.write_wav(bytes(640))), 1.0)  # loads them, the resampler as well
    limits.confine(_MEMORY_BYTES)
    sandbox.lock()
    while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
        data = sys.stdin.buffer.read(_LENGTH.unpack(head)[0])
        try:
            refused, answer = 0, codec.decode_any(data, MOST_SECONDS)
        except (ValueError, MemoryError) as exc:
            refused, answer = 1, (str(exc) or "its sound does not fit into memory").encode()
        _send(sys.stdout.buffer, refused, answer)


def _stereo(wav: bytes) -> bytes:
    """The same bytes as 8 kHz in two channels."""
    return wav[:22] + struct.pack("<HI", 2, 8000) + wav[28:]


def _send(out: BinaryIO, refused: int, answer: bytes) -> None:
    out.write(_ANSWER.pack(refused, len(answer)) + answer)
    out.flush()


if __name__ == "__main__":
    _main()
