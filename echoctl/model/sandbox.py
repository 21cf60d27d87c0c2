"""How far the sandbox of what listens goes, and how much of one is wanted. On the fast path: no enum, no dataclass."""


class SandboxLevel:
    """What holds."""

    NAMESPACE = "namespace"
    """A network namespace without interfaces, nothing but unix sockets, keys/ out of sight."""
    SECCOMP = "seccomp"
    """Nothing but unix sockets."""
    NONE = "none"
    """No sandbox."""


class SandboxPolicy:
    """What a person wants."""

    TRY = "try"
    """As much as there can be."""
    REQUIRE = "require"
    """At least the filter, or it does not listen."""
    OFF = "off"
    """None."""
