"""From the options of `listen` to a running session: the vault, the hooks, and the demonstration."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from echoctl.cli.history import view
from echoctl.cli.listen.session import Session
from echoctl.cli.terminal import diagnostics, output, passphrase
from echoctl.config.loader import Config
from echoctl.errors import ExitCode
from echoctl.hooks.command import Command
from echoctl.hooks.manager import Hooks
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.listening.chimes import Chimes
from echoctl.services.listening.demo import throw_away_store
from echoctl.services.listening.protocol import EarSpec
from echoctl.services.vault import unlocking


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before the ear."""

    command: str
    """For each event; "" for none."""
    chime: bool
    json: bool


def listen(spec: EarSpec, settings: Config, front: Front) -> int:
    """Listen into the person's own store, making its vault at the first run; returns the exit code."""
    with _session(spec, settings, front) as session:
        if spec.keep and unlocking.ensure():
            diagnostics.note(unlocking.FIRST_RUN)
        return session.run()


def demonstrate(spec: EarSpec, settings: Config, front: Front) -> int:
    """Listen to the sample, show the history that it left, and remove both; returns the exit code."""
    with _session(spec, settings, front) as session:
        diagnostics.note("a demonstration: synthetic speech, and a store that is removed at the end")
        with throw_away_store():
            unlocking.ensure()
            code = session.run()
            if code == ExitCode.OK and not front.json:
                output.line("\n$ echoctl history list")
                with reader.opened(passphrase.asking(None, prompt=False), needs_key=False) as opened:
                    view.table(opened.page(Selection(all=True), limit=0) if opened else [])
                output.flush()
        diagnostics.note("the store of the demonstration has been removed")
        return code


@contextlib.contextmanager
def _session(spec: EarSpec, settings: Config, front: Front) -> Iterator[Session]:
    with contextlib.ExitStack() as stack:
        hooks = Hooks(transcripts=settings.hooks.transcripts, complain=diagnostics.note)
        if front.command:
            hooks.add("--exec", Command(front.command))
        if front.chime:
            chimes = Chimes()
            stack.callback(chimes.close)
            hooks.add("chimes", chimes)
        yield Session(spec, hooks, json=front.json, light=settings.led.sysfs)
