"""From the options of `listen` to a running session: the vault, the hooks, and the demonstration."""

from echoctl.cli import diagnostics, output, passphrase, recordings
from echoctl.cli.session import Session
from echoctl.config import Config
from echoctl.errors import ExitCode
from echoctl.hooks.command import Command
from echoctl.hooks.manager import Hooks
from echoctl.model import Selection
from echoctl.services import history, vaults
from echoctl.services.demo import throw_away_store
from echoctl.services.pipe import EarSpec


def listen(spec: EarSpec, settings: Config, command: str | None, json: bool) -> int:
    """Listen into the person's own store, making its vault at the first run; returns the exit code."""
    session = _session(spec, settings, command, json)
    if spec.keep and vaults.ensure():
        diagnostics.note(vaults.FIRST_RUN)
    return session.run()


def demonstrate(spec: EarSpec, settings: Config, command: str | None, json: bool) -> int:
    """Listen to the sample, show the history that it left, and remove both; returns the exit code."""
    session = _session(spec, settings, command, json)
    diagnostics.note("a demonstration: synthetic speech, and a store that is removed at the end")
    with throw_away_store():
        vaults.ensure()
        code = session.run()
        if code == ExitCode.OK and not json:
            output.line("\n$ echoctl history list")
            with history.opened(passphrase.asking(None, prompt=False), needs_key=False) as opened:
                recordings.table(opened.page(Selection(all=True), limit=0) if opened else [])
            output.flush()
    diagnostics.note("the store of the demonstration has been removed")
    return code


def _session(spec: EarSpec, settings: Config, command: str | None, json: bool) -> Session:
    hooks = Hooks(transcripts=settings.hooks.transcripts, complain=diagnostics.note)
    if command := settings.listen.exec if command is None else command:
        hooks.add("--exec", Command(command))
    return Session(spec, hooks, json=json, light=settings.led.sysfs)
