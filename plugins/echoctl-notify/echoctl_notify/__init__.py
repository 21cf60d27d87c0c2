"""An echoctl plugin: desktop notifications and commands for events. README.md has its configuration."""

from echoctl.hooks.specs import Register, hook
from echoctl_notify.rules import load


@hook
def register_handlers(register: Register) -> None:
    """Have each rule called with the events that it is for."""
    for rule in load():
        register(rule, rule.on)
