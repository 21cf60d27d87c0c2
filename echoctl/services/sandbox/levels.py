"""What a seal holds, in words. On the fast path: imports nothing but the counters, which import nothing."""

from echoctl.sandbox.counters import sent_bytes as sent_bytes

NAMESPACE = "namespace"
"""A network namespace without interfaces, nothing but unix sockets, keys/ out of sight."""

SECCOMP = "seccomp"
"""Nothing but unix sockets."""

NONE = "none"
"""No seal."""


TRY, REQUIRE, OFF = "try", "require", "off"
"""What a person wants: as much as there can be, at least the filter, or none."""

LOST = (
    "not sealed, as you wish: nothing but its own code keeps the listener off the network, and it can read the vault's "
    "device key"
)
"""What --no-seal gives up."""


def sentence(holds: str, sent: int | None) -> str:
    """For the first line of `listen` and for `status`. `sent` are the kernel's counters, where they are its own."""
    if holds == NAMESPACE:
        return "sealed" if sent is None else f"sealed, {sent} B sent"
    return "no network socket possible (seccomp)" if holds == SECCOMP else "not sealed"
