"""The front's end of a listener: starts ear and microphone, reads them, starts them again, and ends them in order."""

import contextlib
import select
import signal
import time
from collections.abc import Iterator, Sequence
from threading import Event as Flag
from threading import Thread

from echoctl import paths
from echoctl.errors import EchoctlError, ExitCode
from echoctl.services import mute_file
from echoctl.services.listening.keeper import LOOK_S, Keeper
from echoctl.services.listening.presence import Presence
from echoctl.services.listening.processes import Processes
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import Event, told
from echoctl.services.protocol.microphone_spec import SILENT
from echoctl.services.purging import retention
from echoctl.services.sandbox import roles

BACKOFF_S = (0.5, 1.0, 2.0, 5.0)
"""Waits before a process that died is started again; one more death in a row ends the listener."""

STEADY_S = 60.0
"""A process that lived this long was a good one: the count of deaths starts anew."""

STOP_S = 10.0
"""How long an ear may take to finish and seal before it is killed."""

MUTE_S = 0.4
"""How long a microphone process may take to close its device and end before it is killed, which closes it as well."""

LOAD_S = 3.0
"""The same for one that has never opened it: it may still be loading."""


class Supervisor:
    """A running listener, as its front sees it. Use as a context manager; poll until `ended`.

    Entering raises StoreError when another listener has that microphone, NotFound or UsageError for a file that
    cannot be listened to.
    """

    def __init__(self, spec: EarSpec) -> None:
        self._spec = spec
        self._both: Processes | None = None
        self._ready = self._pushed = False
        self._heard = False
        """Whether a microphone was open, or closed by a mute: from then on its loss is a state."""
        self._device = spec.device
        self._deaths = {"ear": 0, "microphone": 0}
        self._started = {"ear": 0.0, "microphone": 0.0}
        self._again_at: dict[str, float] = {}
        self._look_at = self._unanswered_at = 0.0
        self._stopping = self._replaced = False
        self._fatal: EchoctlError | None = None
        self.ended = False

    def __enter__(self) -> "Supervisor":
        with contextlib.ExitStack() as stack:
            self._presence = stack.enter_context(Presence(self._spec))
            self._keeper = stack.enter_context(Keeper(self._spec, self._presence, self._order))
            stack.callback(self._let_go)
            if self._spec.keep:
                stack.enter_context(_retention())
            self._start()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._open:
            self._finish()

    def poll(self, timeout_s: float | None, also: Sequence[int] = ()) -> tuple[list[Event], list[int]]:
        """Wait for events of the listener, or for one of the descriptors `also`; returns what came of both.

        With a `timeout_s` of None as long as it takes.
        Raises the EchoctlError with which the listener gave up.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.ended:
            ready = self._wait(end, also)
            events = self._turn(ready)
            chosen = [descriptor for descriptor in also if descriptor in ready]
            if events or chosen or (end is not None and time.monotonic() >= end):
                return events, chosen
        return [], []

    def push(self) -> None:
        """Begin a request without a wake word; a listener that still starts is told when it is ready."""
        self._pushed = not self._ready
        if self._ready:
            self._keeper.pushed()
            self._order("push")

    def stop(self) -> None:
        """Let the ear finish and seal what it records, and end; a second call kills it."""
        if self._both is None:
            self.ended = True
        elif self._stopping or not self._ready:  # that loads its models has nothing to finish
            self._both.ear.kill()
        else:
            self._order("stop")
        self._stopping = True

    def _finish(self) -> None:
        """End in good order, whatever ended the front: what was being said is sealed and stored."""
        end = time.monotonic() + STOP_S
        with contextlib.suppress(EchoctlError):
            if not self._stopping:
                self.stop()
            while not self.ended and time.monotonic() < end:
                self.poll(0.2)

    def _wait(self, end: float | None, also: Sequence[int]) -> set[int]:
        """Descriptors with something to read, before `end`, and before it is time to look after something."""
        poll = select.poll()
        own = []
        if self._both:
            own = [self._both.events, self._both.ear.fileno()]
            own += [self._both.microphone.fileno()] if self._both.microphone else []
        if self._presence.watch.works:
            own.append(self._presence.watch.descriptor)
        for descriptor in {*own, *also}:
            poll.register(descriptor, select.POLLIN)
        moments = [self._look_at, *self._again_at.values(), *([] if end is None else [end])]
        if self._unanswered_at:
            moments.append(max(self._unanswered_at + MUTE_S, time.monotonic() + 0.05))
        left = max(0.0, min(moments) - time.monotonic())
        return {descriptor for descriptor, _ in poll.poll(left * 1000 + 1)}

    def _turn(self, ready: set[int]) -> list[Event]:
        """Act on what is ready or due."""
        events: list[Event] = []
        both = self._both
        if both and both.events in ready:
            events += self._read(both)
        if both and both.microphone and both.microphone.fileno() in ready:
            code = both.microphone.listen()
            events += [] if code is None else self._microphone_ended(both, code)
        if both and both.ear.fileno() in ready and (code := both.ear.listen()) is not None:
            while both.holds_events:
                events += self._read(both)
            events += self._ear_ended(code)
        now = time.monotonic()
        if self._presence.watch.descriptor in ready or now >= self._look_at:
            self._presence.watch.drain()
            self._look_at = now + (LOOK_S if self._presence.watch.works else mute_file.POLL_MS / 1000)
            events += self._keeper.look()
            self._see_to_mute(now)
            self._see_to_sound()
        elif self._unanswered_at:
            self._see_to_mute(now)
        for which, start in (("ear", self._start), ("microphone", self._start_microphone)):
            if now >= self._again_at.get(which, now + 1) and not self.ended:
                start()
        return events

    def _order(self, kind: str, **fields: object) -> None:
        if self._both is not None:
            self._both.order(kind, **fields)

    def _start(self) -> None:
        self._again_at.clear()
        self._started["ear"] = time.monotonic()
        self._ready = self._pushed = False
        self._both = Processes(self._spec, self._keeper.address())
        self._start_microphone()

    def _start_microphone(self) -> None:
        assert self._both is not None
        self._again_at.pop("microphone", None)
        self._started["microphone"] = time.monotonic()
        self._view = roles.sound_view()
        self._both.start_microphone(self._presence.mute_descriptor(), self._device, first=not self._heard)

    def _see_to_mute(self, now: float) -> None:
        """A microphone process that does not obey a mute is killed: its device is closed then, too.

        One that had its device open must have ended by then, whatever it answers.
        """
        what, answered = mute_file.done(self._presence.lock)
        microphone = self._both and self._both.microphone
        if microphone and what == mute_file.OPEN:
            microphone.trusted = False
        if what in (mute_file.OPEN, mute_file.CLOSED):
            self._heard = True
        owes = not answered or (microphone and not microphone.trusted)
        if not microphone or self._spec.input is not None or not owes or not mute_file.wanted(self._presence.lock):
            self._unanswered_at = 0.0
        elif not self._unanswered_at:
            self._unanswered_at = now
        elif now >= self._unanswered_at + (LOAD_S if microphone.trusted else MUTE_S):
            self._replaced = True
            microphone.kill()

    def _see_to_sound(self) -> None:
        """A microphone process that waits for its device sees the sockets of its start: another sees the new ones."""
        waits = self._presence.doing == mute_file.WAITING and self._heard and self._spec.input is None
        if waits and self._both and self._both.microphone and roles.sound_view() != self._view:
            self._replaced = True
            self._both.microphone.kill()

    def _read(self, both: Processes) -> list[Event]:
        """What the ear says: checked, stored, and made what everybody hears."""
        events: list[Event] = []
        try:
            for event in both.read():
                self._note(both, event)
                if not event.get("fatal"):
                    events += self._keeper.take(event)
        except ValueError as violation:
            both.condemn()
            message = f"the listening process said what it never would ({violation}); it is ended"
            hint = "please report it: SECURITY.md"
            events.append({"type": "error", "code": int(ExitCode.BUG), "message": message, "hint": hint})
        if any(event["type"] == "ready" for event in events):
            self._ready = True
            if self._pushed:
                self.push()
        return events

    def _note(self, both: Processes, event: Event) -> None:
        """What the front itself must know of its children."""
        match event["type"], event.get("said", {}).get("type"):
            case "ready", _:
                both.ear.trusted = False
                self._keeper.ear_pid = both.ear.pid
            case "microphone", "opened":
                self._heard = True
                self._device = self._spec.device and event["said"]["device"]
                if both.microphone:
                    both.microphone.trusted = False
            case "microphone", "sandbox" if both.microphone:
                self._keeper.mic_pid = both.microphone.pid
            case "error", _ if event["fatal"]:
                self._fatal = told(event)

    def _microphone_ended(self, both: Processes, code: int) -> list[Event]:
        """It was muted, or lost its device, or gave up at once, or died."""
        both.microphone_ended()
        if self._spec.input is not None:
            if (code < 0 or code == ExitCode.BUG) and not self._stopping:
                raise EchoctlError(f"the process that reads the sound died ({_how(code)})", _log_hint())
            return []
        self._presence.gone()
        if code > ExitCode.BUG and code != SILENT and not self._heard:
            return []  # the error travels through the ear
        if code == ExitCode.BUG and not self._heard:
            raise EchoctlError(f"the microphone's process died ({_how(code)})", _log_hint())
        if code == SILENT or self._replaced:
            self._order("forget")
        elif code != ExitCode.OK:  # else it has said so itself, after the last of its sound
            self._order("forget" if mute_file.wanted(self._presence.lock) else "lost")
        if code in (ExitCode.OK, SILENT) or self._replaced:
            self._replaced = False
            self._start_microphone()
            return []
        self._again_at["microphone"] = self._count_death("microphone", code)
        return self._keeper.microphone_died()

    def _ear_ended(self, code: int) -> list[Event]:
        """The ear has gone: was it done, did it give up, or did it die?"""
        self._let_go()
        if self._fatal is not None and not self._stopping:
            raise self._fatal
        if code == ExitCode.OK or self._stopping:
            self.ended = True
            return []
        if self._spec.input is not None:
            raise EchoctlError(f"the listening process died ({_how(code)})", _log_hint())
        self._again_at["ear"] = self._count_death("ear", code)
        error = {
            "type": "error",
            "code": int(ExitCode.BUG),
            "message": f"the listening process died ({_how(code)}); starting it again",
            "hint": _log_hint(),
        }
        return [error, *self._keeper.ear_died()]

    def _count_death(self, which: str, code: int) -> float:
        """When to start it again. Raises EchoctlError when that has been tried often enough."""
        steady = time.monotonic() - self._started[which] > STEADY_S
        self._deaths[which] = 1 if steady else self._deaths[which] + 1
        if self._deaths[which] > len(BACKOFF_S):
            what = "listening" if which == "ear" else "microphone's"
            raise EchoctlError(f"the {what} process died ({_how(code)})", _log_hint())
        return time.monotonic() + BACKOFF_S[self._deaths[which] - 1]

    def _let_go(self) -> None:
        """End both processes."""
        self._again_at.pop("microphone", None)
        if self._both is not None:
            self._both.close()
            self._both = None
            if self._spec.input is None:
                self._presence.gone()


@contextlib.contextmanager
def _retention() -> Iterator[None]:
    """Enforce the rules of retention beside the listener."""
    done = Flag()
    Thread(target=retention.enforce, args=[done], daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _log_hint() -> str:
    return f"what it said last is in {paths.log_file()}"
