"""Processes that record or purge until they are killed, forked from a server that has loaded what they need: so a
hundred of them cost little more than what they do.
"""

import hashlib
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from echoctl.audio import codec
from echoctl.clock import SystemClock
from echoctl.model.speech import Detection, Selection, StoreMode, Transcript
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.services.vault import unlocking

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])

codec.encode_flac(bytes(640))  # loads what it needs before anything forks

Life = Callable[..., None]


class Mortal:
    """One such process; it is ready once this is made."""

    def __init__(self, life: Life, *arguments: object) -> None:
        self._said, says = _SERVER.Pipe(duplex=False)
        # The server's environment is that of the test which started it.
        environment = {name: value for name, value in os.environ.items() if name.startswith(("ECHOCTL_", "HOME"))}
        self._process: ForkServerProcess = _SERVER.Process(target=_live, args=(environment, life, says, *arguments))
        self._process.start()
        says.close()
        assert self._said.recv() == "ready"

    def kill(self) -> list[tuple[str, str]]:
        """SIGKILL; returns what it had said."""
        self._process.kill()
        said = list(self._rest())
        self._process.join()
        return said

    def _rest(self) -> Iterator[tuple[str, str]]:
        while True:
            try:
                yield self._said.recv()
            except (EOFError, OSError):  # at the end, or in the middle of what it was saying
                return


def _live(environment: dict[str, str], life: Life, says: "Connection[object, object]", *arguments: object) -> None:
    os.environ.update(environment)
    life(says, *arguments)


def record(says: "Connection[object, object]", seed: int) -> None:
    """Record without end; says the id of each recording and the hash of all that is in it, once it is stored."""
    unlocking.ensure()
    chance = random.Random(seed)
    recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
    says.send("ready")
    while True:
        pcm = chance.randbytes(chance.choice((640, 32_000, 160_000)))
        text = f"number {chance.randrange(10**9)}"
        at_ms = SystemClock().now_ms()
        made = recorder.commit(
            pcm=pcm,
            transcript=Transcript(text),
            at_ms=at_ms,
            detection=recorder.detected(Detection("alexa", 0.0, 0.0, 0.0), at_ms),
            wake_word="alexa",
            scores={},
        )
        says.send((made.id, hashlib.sha256(pcm + text.encode()).hexdigest()))


def delete(says: "Connection[object, object]", *ids: str) -> None:
    """Purge these."""
    plan = purge.plan(Selection(ids=ids))
    says.send("ready")
    purge.run(plan)
