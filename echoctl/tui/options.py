"""How the dashboard is started: what the command line and the configuration say of it."""

from dataclasses import dataclass

from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui import theme


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `echoctl tui`, each with the configuration already in it."""

    spec: EarSpec
    listen: bool = True
    """Start an ear of our own when none runs."""
    theme: str = theme.DEFAULT
    ascii: bool = False
    motion: bool = True
