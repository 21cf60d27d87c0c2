"""The hooks that a plugin may implement; this screen is all of it. docs/plugins.md has an example.

A plugin is a distribution with an entry point in the group `echoctl` that names a module, which implements hooks with
the marker `hook`. It runs in a process of its own: not in the one that listens, and not in the one that shows.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pluggy

GROUP = "echoctl"

spec = pluggy.HookspecMarker(GROUP)
hook = pluggy.HookimplMarker(GROUP)

Event = Mapping[str, Any]
"""One line of `listen --json`, as an object: docs/scripting.md lists the types and their keys."""

Handler = Callable[[Event], object]
"""Called with one event at a time. May raise: an EchoctlError is shown by its message, others by where they arose."""


class Register(Protocol):
    """What `register_handlers` is given."""

    def __call__(self, handler: Handler, *types: str) -> None:
        """Have `handler` called with every event of these types; of all types when none is named."""


@spec
def register_handlers(register: Register) -> None:
    """Called once, when the listener starts: register(on_recording, "recording").

    What was said (`text` and `words`) is in no event, unless the configuration says `hooks.transcripts = true`. A
    handler has ten seconds; while it works, up to 256 events wait for it, and those beyond are dropped and counted.
    """
