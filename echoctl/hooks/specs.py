"""The hooks that a plugin may implement; this screen is all of it.

A plugin is a distribution with an entry point in the group `echoctl`; its module implements hooks with the marker
`echoctl.hooks.specs.hook`. Hooks run in the front, on a thread of their own, never in the process that listens.
"""

from collections.abc import Mapping
from typing import Any

import pluggy

GROUP = "echoctl"

spec = pluggy.HookspecMarker(GROUP)
hook = pluggy.HookimplMarker(GROUP)


@spec
def on_event(event: Mapping[str, Any]) -> None:
    """Something happened: the same object that `listen --json` prints.

    Text (of `partial` and `transcript` events) is left out unless the configuration says `hooks.transcripts = true`.
    """
