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


class Snapshot:
    """State at one moment; services.state reads it.

    `mic` is open, closed, dropped (it is at the other end of a pipe: what it sends is thrown away while muted) or none
    (a file is listened to, which goes on whether muted or not). `sandbox` is the SandboxLevel of the ear and
    `mic_sandbox` that of the microphone process, "" when nobody listens; `sent_bytes` is None where the kernel has no
    count for the ear alone.
    """

    __slots__ = (
        "counters", "device", "ear_pid", "led", "led_ms", "listening", "mic", "mic_pid", "mic_sandbox", "muted",
        "muted_by", "muted_ms", "pid", "sandbox", "sent_bytes", "started_ms",
    )  # fmt: skip

    def __init__(
        self,
        *,
        muted: bool,
        muted_by: str,
        muted_ms: int,
        listening: bool,
        led: str,
        led_ms: int,
        mic: str,
        device: str,
        pid: int,
        started_ms: int,
        ear_pid: int,
        mic_pid: int,
        sandbox: str,
        mic_sandbox: str,
        sent_bytes: int | None,
        counters: dict[str, int],
    ) -> None:
        self.muted = muted
        self.muted_by = muted_by
        self.muted_ms = muted_ms
        self.listening = listening
        self.led = led
        self.led_ms = led_ms
        self.mic = mic
        self.device = device
        self.pid = pid
        self.started_ms = started_ms
        self.ear_pid = ear_pid
        self.mic_pid = mic_pid
        self.sandbox = sandbox
        self.mic_sandbox = mic_sandbox
        self.sent_bytes = sent_bytes
        self.counters = counters
