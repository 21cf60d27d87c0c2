"""The process that reads a capture, as the one with the store sees it: orders out, answers in, none of them believed.

It may die of what it reads, hang, or be taken over (capture_process.py): then it is Broken, and what it said before
counts, as with a capture that is damaged.
"""

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType

from echoctl.errors import DeviceError
from echoctl.model.traffic import Endpoint
from echoctl.services.sandbox.child import Child, exactly
from echoctl.services.traffic import capture_protocol as protocol
from echoctl.services.traffic.capture_protocol import Answer, Figures
from echoctl.traffic.thresholds import Rules

LIMIT_S = 20.0
"""How long an answer may take, and an order to be taken. The child answers five times a second."""

_END_S = 1.0
"""How long it may take to end once nobody orders any more."""

_HINT = "what came before counts; see what it was with other tools, and report it: no capture should do that"


class Broken(DeviceError):
    """The process that reads the capture died, hangs, or says what it never would."""


class CaptureReader:
    """The child, for one capture: a file, or live streams that follow each other. Use as a context manager.

    Whatever is asked of one that is broken raises Broken.
    """

    def __init__(self, names: Mapping[str, str], rules: Mapping[str, Rules], capture: int | None = None) -> None:
        """`names`: address -> name, and `rules` per device: what is known. `capture`: the descriptor of a file."""
        orders, self._orders = os.pipe2(os.O_CLOEXEC)
        self._answers, answers = os.pipe2(os.O_CLOEXEC)
        passing = [] if capture is None else [capture]
        try:
            self._child = Child(
                "echoctl.services.traffic.capture_process", list(map(str, passing)),
                passing=passing, stdin=orders, stdout=answers,
            )  # fmt: skip
        except BaseException:
            os.close(self._orders)
            os.close(self._answers)
            raise
        finally:
            os.close(orders)
            os.close(answers)
        os.set_blocking(self._orders, False)
        self._child.trusted = False
        self._broken: Broken | None = None
        self._begin = json.dumps({"names": dict(names), "rules": {mac: asdict(each) for mac, each in rules.items()}})
        self.pairs: list[tuple[str, str]] = []
        """Device and address, by number."""
        self.endpoints: list[Endpoint] = []
        """What they are called by now."""
        self.figures = Figures()
        self.gaps: list[tuple[int, int]] = []
        self.damage = ""

    def __enter__(self) -> "CaptureReader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Of the process that does the work."""
        return self._child.pid

    def close(self) -> None:
        """End the child, whatever it is doing."""
        os.close(self._orders)
        os.close(self._answers)
        if self._broken is None and select.select([self._child], [], [], _END_S)[0]:
            self._child.listen()
        self._child.close()

    def read(self) -> Answer:
        """Read on in the file. Raises DeviceError when it is no capture."""
        return self._ask(protocol.READ)

    def feed(self, data: bytes) -> Answer:
        """Take the next bytes of a stream, the first ones after one has ended. Raises DeviceError like `read`."""
        return self._ask(protocol.FEED, data)

    def end(self) -> Answer:
        """The stream is over. Raises DeviceError when it had nothing."""
        return self._ask(protocol.END)

    def tick(self, at_ms: int) -> Answer:
        """The capture's clock has come so far."""
        return self._ask(protocol.TICK, protocol.TIME.pack(max(at_ms, 0)))

    def ask_names(self) -> None:
        """Learn what all those are called by now that were told of since the last time."""
        self._ask(protocol.NAMES)

    def finish(self) -> Answer:
        """The capture is over: what was still open."""
        return self._ask(protocol.FINISH)

    def _ask(self, kind: bytes, data: bytes = b"") -> Answer:
        if self._broken:
            raise self._broken
        try:
            if self._begin:
                begin, self._begin = self._begin.encode(), ""
                self._order(protocol.BEGIN, begin)
                self._answer()
            self._order(kind, data)
            return self._answer()
        except (EOFError, BrokenPipeError):
            why = self._death()
        except TimeoutError:
            why = f"does not answer for {LIMIT_S:.0f} s"
        except ValueError as error:
            why = f"says what it never would ({error})"
        self._child.kill()
        self._broken = Broken(f"the process that reads the capture {why}", _HINT)
        raise self._broken

    def _order(self, kind: bytes, data: bytes) -> None:
        """Write an order. Raises BrokenPipeError, TimeoutError."""
        left = memoryview(protocol.ORDER.pack(kind, len(data)) + data)
        end = time.monotonic() + LIMIT_S
        while left:
            if not select.select([], [self._orders], [], max(0.0, end - time.monotonic()))[1]:
                raise TimeoutError
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self._orders, left) :]

    def _answer(self) -> Answer:
        """Read an answer and take what is new. Raises EOFError, TimeoutError, ValueError, DeviceError."""
        end = time.monotonic() + LIMIT_S
        text, seconds, *figures = protocol.HEAD.unpack(exactly(self._answers, protocol.HEAD.size, end))
        if text > protocol.MOST_JSON_BYTES or seconds > protocol.MOST_SECONDS_BYTES:
            raise ValueError("more than fits")
        said = exactly(self._answers, text + seconds, end)
        answer = protocol.taken(figures, said[:text], said[text:], len(self.pairs))
        self.figures = answer.figures
        self.pairs += answer.pairs
        self.endpoints += [Endpoint(remote) for _, remote in answer.pairs]
        for row in answer.names:
            self.endpoints[row.pair] = Endpoint(self.pairs[row.pair][1], row.name, row.how, row.older)
        self.gaps = [*self.gaps, *answer.gaps][: protocol.MOST_GAPS]
        self.damage = self.damage or answer.damage
        if answer.error:
            raise DeviceError(*answer.error)
        return answer

    def _death(self) -> str:
        """How it ended. What it was shut in by ends a moment later than its pipes."""
        code = None
        while code is None and select.select([self._child], [], [], _END_S)[0]:
            code = self._child.listen()
        if code is None:
            return "speaks no more"
        return f"died (signal {signal.Signals(-code).name})" if code < 0 else f"died (exit code {code})"
