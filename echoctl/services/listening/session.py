"""One listener with all that follows it, for whoever draws it: a terminal or the dashboard."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from echoctl.config.schema import Config
from echoctl.errors import DeviceError
from echoctl.hooks.command import Command
from echoctl.hooks.manager import Event, Hooks
from echoctl.led.lights import SysfsLight
from echoctl.model.speech import LedState
from echoctl.services.listening.chimes import Chimes
from echoctl.services.listening.supervisor import Supervisor
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import PUBLIC
from echoctl.services.vault import unlocking


@dataclass(frozen=True, slots=True)
class Followers:
    """Who hears of a listener's events besides the front. Plugins always do."""

    command: str = ""
    """Run for each event; "" for none."""
    chime: bool = False
    light: str = ""
    """One of /sys/class/leds, by its name or its folder; "" for none."""
    transcripts: bool = False
    """Whether plugins and the command get what was said."""

    @classmethod
    def configured(cls, settings: Config) -> "Followers":
        """What the configuration says, before any flag."""
        own = settings.listen
        return cls(own.exec, own.chime, settings.led.sysfs, settings.hooks.transcripts)


class Session:
    """A listener and its followers: a context manager, and in it `listening`; poll until `ended`.

    Raises UsageError for a command that is none. Entering makes the vault where there is none, and raises DeviceError
    for a light that is not there, StoreError.
    `complain` gets a line for a person: may be called from any thread.
    """

    def __init__(
        self,
        spec: EarSpec,
        followers: Followers,
        complain: Callable[[str], None],
        start: Callable[[EarSpec], Supervisor] = Supervisor,
    ) -> None:
        self._spec = spec
        self._followers = followers
        self._command = Command(followers.command) if followers.command else None
        self._complain = complain
        self._start = start
        self._light: SysfsLight | None = None
        self._hooks = Hooks(transcripts=followers.transcripts, complain=complain)
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "Session":
        with contextlib.ExitStack() as stack:
            if self._spec.keep and unlocking.ensure():
                self._complain(unlocking.FIRST_RUN)
            self._add_followers(stack)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Start the ear, and end it in good order; the followers outlive it."""
        with self._start(self._spec) as self._ear:
            yield

    @property
    def ended(self) -> bool:
        """Whether the ear has gone for good."""
        return self._ear.ended

    def poll(self, timeout_s: float | None, also: Sequence[int] = ()) -> tuple[list[Event], list[int]]:
        """As `Supervisor.poll`; the followers have been told of the events that are returned."""
        events, ready = self._ear.poll(timeout_s, also)
        for event in events:
            if event["type"] in PUBLIC:
                self._hooks.tell(event)
            if event["type"] == "state":
                self._shine(LedState(event["state"]))
        return list(events), ready

    def push(self) -> None:
        """Begin a request without a wake word."""
        self._ear.push()

    def stop(self) -> None:
        """Let the ear finish and seal what it records, and end; a second call kills it."""
        self._ear.stop()

    def _add_followers(self, stack: contextlib.ExitStack) -> None:
        """They end after the ear, and the light and the chimes after the hooks that use them."""
        if self._followers.light:
            self._light = stack.enter_context(contextlib.closing(SysfsLight(self._followers.light)))
        if self._followers.chime:
            self._hooks.add("chimes", stack.enter_context(contextlib.closing(Chimes())))
        stack.callback(self._close_hooks)
        if self._command is not None:
            self._hooks.add("--exec", self._command)
        self._hooks.load_plugins()

    def _close_hooks(self) -> None:
        self._hooks.close()
        for line in self._hooks.summary():
            self._complain(line)

    def _shine(self, state: LedState) -> None:
        """Set the kernel's light; one that went away is not worth the session."""
        try:
            if self._light is not None:
                self._light.show(state)
        except DeviceError as error:
            self._light = None
            self._complain(f"{error.message}; listening goes on without it")
