"""The listener at one moment, as others see it, and how far its sandbox goes. On the fast path: plain classes alone."""


class SandboxLevel:
    """What holds for a process."""

    FULL = "full"
    """An empty root and namespaces of its own; once it is at work it can open nothing, and talk to nobody."""
    FILTER = "filter"
    """No namespaces: the filter, and Landlock where the kernel has it."""
    NONE = "none"
    """No sandbox."""

    @staticmethod
    def weaker(one: str, other: str) -> str:
        """The lesser of two; "" stands for what is not known yet."""
        order = (SandboxLevel.NONE, SandboxLevel.FILTER, SandboxLevel.FULL, "")
        return min(one, other, key=order.index)


class SandboxPolicy:
    """What a person wants."""

    TRY = "try"
    """As much as there can be."""
    REQUIRE = "require"
    """At least the filter, or it does not listen."""
    REQUIRE_FULL = "full"
    """All of it, or it does not listen."""
    OFF = "off"
    """None."""


class Listener:
    """One listener at one moment; services.state reads it.

    `name` is that of its row and its lock. `mic` is open, closed, dropped (it is at the other end of a pipe: what it
    sends is thrown away while muted) or none (a file is listened to, which goes on whether muted or not). `sandbox` is
    the SandboxLevel of the ear and `mic_sandbox` that of the microphone process, "" for one that does not run;
    `sent_bytes` is None where the kernel has no count for the ear alone.
    """

    __slots__ = (
        "counters", "device", "ear_pid", "led", "led_ms", "listening", "mic", "mic_pid", "mic_sandbox", "name", "pid",
        "room", "sandbox", "sent_bytes", "started_ms",
    )  # fmt: skip

    def __init__(
        self,
        *,
        name: str = "",
        listening: bool = False,
        led: str = "off",
        led_ms: int = 0,
        mic: str = "closed",
        device: str = "",
        room: str = "",
        pid: int = 0,
        started_ms: int = 0,
        ear_pid: int = 0,
        mic_pid: int = 0,
        sandbox: str = "",
        mic_sandbox: str = "",
        sent_bytes: int | None = None,
        counters: dict[str, int] | None = None,
    ) -> None:
        self.name = name
        self.listening = listening
        self.led = led
        self.led_ms = led_ms
        self.mic = mic
        self.device = device
        self.room = room
        self.pid = pid
        self.started_ms = started_ms
        self.ear_pid = ear_pid
        self.mic_pid = mic_pid
        self.sandbox = sandbox
        self.mic_sandbox = mic_sandbox
        self.sent_bytes = sent_bytes
        self.counters = counters or {}


_BY_MIC = ("open", "dropped", "closed", "none")
_BY_LED = ("listening", "thinking", "error", "idle")


def telling(listener: Listener) -> tuple[int, int, int]:
    """A key that sorts first whom one would look at first: an open microphone, and whoever is spoken to."""
    led = _BY_LED.index(listener.led) if listener.led in _BY_LED else len(_BY_LED)
    return _BY_MIC.index(listener.mic), led, listener.started_ms


class Snapshot(Listener):
    """Who listens at one moment, and whether microphones are muted.

    Beside all `listeners` that run it is itself the first of them by `telling`: when a mute was carried out for that
    one, it was for all. Where nobody listens it is the one that listened last.
    """

    __slots__ = ("listeners", "muted", "muted_by", "muted_ms")

    def __init__(
        self,
        first: Listener,
        *,
        muted: bool = False,
        muted_by: str = "",
        muted_ms: int = 0,
        listeners: tuple[Listener, ...] = (),
    ) -> None:
        super().__init__(**{name: getattr(first, name) for name in Listener.__slots__})
        self.muted = muted
        self.muted_by = muted_by
        self.muted_ms = muted_ms
        self.listeners = listeners

    def of(self, pid: int) -> Listener:
        """The listener whose front is that process, or the first one."""
        return next((each for each in self.listeners if each.pid == pid), self)
