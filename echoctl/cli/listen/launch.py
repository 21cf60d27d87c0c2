"""From the options of `listen` to a running session, or the demonstration. Loaded when it listens, not for --help."""

from pathlib import Path

from echoctl.cli.history import view
from echoctl.cli.listen.session import Screen
from echoctl.cli.terminal import diagnostics, output, passphrase
from echoctl.config import loader
from echoctl.errors import ExitCode
from echoctl.model.listener import SandboxLevel, SandboxPolicy
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.listening.demo import SAMPLE, throw_away_store
from echoctl.services.listening.session import Followers
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.vault import unlocking

NO_SANDBOX = (
    "not sandboxed, as you wish: nothing but its own code keeps the listener off the network, and it can read the "
    "vault's device key"
)
"""What --no-sandbox gives up."""


def configured() -> tuple[EarSpec, Followers]:
    """What the configuration says, before any flag. Raises UsageError."""
    settings = loader.load()
    return EarSpec.configured(settings), Followers.configured(settings)


def sandbox(flag: bool | None, level: str | None, configured: str) -> str:
    """How much of a sandbox is wanted; giving it up is said out loud."""
    if flag is False:
        diagnostics.note(NO_SANDBOX)
        return SandboxPolicy.OFF
    if level == SandboxLevel.FULL:
        return SandboxPolicy.REQUIRE_FULL
    return SandboxPolicy.REQUIRE if flag else configured


def source(wish: str | None, *, demo: bool) -> str | None:
    """What --input names, or the sample; None for the microphone."""
    if demo:
        return str(SAMPLE)
    if wish is None or wish == "mic":
        return None
    return wish if wish == "-" else str(Path(wish).absolute())


def listen(spec: EarSpec, followers: Followers, *, json: bool) -> int:
    """Listen into the person's own store; returns the exit code."""
    return Screen(spec, followers, json=json).run()


def demonstrate(spec: EarSpec, followers: Followers, *, json: bool) -> int:
    """Listen to the sample, show the history that it left, and remove both; returns the exit code."""
    diagnostics.note("a demonstration: synthetic speech, and a store that is removed at the end")
    with throw_away_store():
        unlocking.ensure()
        code = Screen(spec, followers, json=json).run()
        if code == ExitCode.OK and not json:
            output.line("\n$ echoctl history list")
            with reader.opened(passphrase.owner(None, prompt=False), needs_key=False) as opened:
                view.table(opened.page(Selection(all=True), limit=0) if opened else [])
            output.flush()
    diagnostics.note("the store of the demonstration has been removed")
    return code
