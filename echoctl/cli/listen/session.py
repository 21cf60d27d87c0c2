"""`listen` as a person sees it: lines, the light, keys and signals."""

import contextlib
import os
import shutil
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from echoctl.cli.terminal import diagnostics, output
from echoctl.errors import EchoctlError, ExitCode
from echoctl.hooks.manager import dated
from echoctl.led import lights, ring
from echoctl.model.speech import LedState
from echoctl.services import state
from echoctl.services.listening.session import Followers, Session
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.text.status import ready_text

FRAME_S = 1 / 12
"""One step of an animated ring; a still one waits for an event, however long that takes."""


class Screen:
    """Draws one session until it ends or somebody ends it."""

    def __init__(self, spec: EarSpec, followers: Followers, *, json: bool) -> None:
        self._spec = spec
        self._followers = followers
        self._json = json
        self._signals: list[int] = []
        self._led = LedState.OFF
        self._level = 0.0
        self._partial = ""
        self._word = ""
        self._lit = not json and diagnostics.is_terminal()

    def run(self) -> int:
        """Listen; returns the exit code (130 or 143 after a signal)."""
        with Session(self._spec, self._followers, self._say) as session:
            try:
                with self._wakeable() as wake, self._keys() as keys, session.listening():
                    return self._loop(session, wake, keys)
            finally:
                self._erase()  # no light while plugins finish what is queued: nobody listens any more

    def _loop(self, ear: Session, wake: int, keys: int | None) -> int:
        code = ExitCode.OK
        sources = [wake] if keys is None else [wake, keys]
        while not ear.ended:
            events, ready = ear.poll(FRAME_S if self._lit and ring.animated(self._led) else None, sources)
            if wake in ready:
                os.read(wake, 512)
            code = self._on_signals(ear) or code
            if keys is not None and keys in ready and not self._on_keys(ear, keys):
                sources.remove(keys)
            for event in events:
                self._on_event(event)
            self._draw()
        return code

    def _on_event(self, event: Mapping[str, Any]) -> None:
        kind = event["type"]
        if kind == "level":
            self._level = event["level"]
            return
        if self._json:
            output.event(dated(event))
        else:
            self._tell(kind, event)
        if kind == "state":
            self._led = LedState(event["state"])
            self._partial = ""

    def _tell(self, kind: str, event: Mapping[str, Any]) -> None:
        """What a person reads: heard requests on stdout, everything else on stderr."""
        if kind == "ready":
            for text in [*event["notes"], self._greeting(event)]:
                self._say(text)
        elif kind == "wake":
            self._word = event["word"]
        elif kind == "partial":
            self._partial = event["text"]
        elif kind == "transcript":
            self._erase()
            when = output.person_time(time.time_ns() // 1_000_000)
            output.line(f"{when}  {self._word or 'push to talk'}  {event['text'] or '(nothing understood)'}")
            output.flush()
            self._word = ""
        elif kind == "state" and event["state"] == "muted" and self._led is not LedState.MUTED:
            how = "what comes is thrown away" if self._spec.input else "the microphone is closed"
            self._say(f"muted by {event['by']}: {how}; echoctl unmute ends that")
        elif kind == "device":
            self._say(f"microphone: {event['what']} {event.get('reason', '')}".rstrip())
        elif kind == "error":
            self._say(f"error: {event['message']}")
            self._say(f"hint: {event['hint']}")

    def _greeting(self, event: Mapping[str, Any]) -> str:
        words = " or ".join(event["words"])
        keys = "; m mutes, Enter talks, Ctrl-C ends" if self._lit and self._spec.input is None else ""
        sandbox = event["sandbox"]
        holds = ready_text(sandbox)
        return f"listening for {words} on {event['device'] or 'no microphone yet'}; {holds}{_why(sandbox)}{keys}"

    def _say(self, text: str) -> None:
        self._erase()
        diagnostics.note(text)

    def _erase(self) -> None:
        if self._lit:
            diagnostics.status("")

    def _draw(self) -> None:
        if self._lit:
            width = shutil.get_terminal_size().columns
            diagnostics.status(
                lights.terminal_line(
                    self._led,
                    time.monotonic(),
                    level=self._level,
                    text=self._partial,
                    width=width,
                    colour=diagnostics.has_colour(),
                )
            )

    def _on_keys(self, ear: Session, keys: int) -> bool:
        """Returns False when stdin has ended."""
        typed = os.read(keys, 64)
        for key in typed:
            if key in b"mM":
                self._toggle_mute("key m")
            elif key in b"\r\n":
                ear.push()
        return bool(typed)

    def _on_signals(self, ear: Session) -> int:
        code = ExitCode.OK
        while self._signals:
            number = self._signals.pop(0)
            if number == signal.SIGUSR1:
                self._toggle_mute("SIGUSR1")
            elif number == signal.SIGUSR2:
                ear.push()
            elif number != signal.SIGWINCH:  # that one only asks for the line to be drawn anew
                ear.stop()
                code = ExitCode.SIGINT if number == signal.SIGINT else ExitCode.SIGTERM
        return code

    def _toggle_mute(self, by: str) -> None:
        try:
            state.toggle_muted(by)
        except EchoctlError as error:
            diagnostics.report(error)

    @contextlib.contextmanager
    def _wakeable(self) -> Iterator[int]:
        """Signals become a list and a byte on a pipe, so that the loop wakes and nothing runs in a handler."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        before = {number: signal.signal(number, self._note_signal) for number in _SIGNALS}
        old = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(read)
            os.close(write)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)

    @contextlib.contextmanager
    def _keys(self) -> Iterator[int | None]:
        """Single keys from the terminal, where there is one and the sound does not come from it."""
        if self._spec.input == "-" or not (sys.stdin.isatty() and diagnostics.is_terminal()):
            yield None
            return
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)
        try:
            yield terminal
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _why(sandbox: Mapping[str, Any]) -> str:
    """Why it is not all of a sandbox."""
    return f" ({sandbox['why']})" if sandbox["why"] else ""


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
