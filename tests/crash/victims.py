"""What is done while the system calls of the process fail: `python -m tests.crash.victims SCENARIO=FOLDER …`.

Each scenario runs in a fork of this process, which has loaded everything and writes nothing itself: strace counts the
calls of each process by themselves. What happened is told by folders, because making one is no write: acked-ID and
ended-CODE.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import sqlite_utils  # noqa: F401 - loaded here, so that no fork does it

from echoctl import paths
from echoctl.audio import codec
from echoctl.clock import SystemClock
from echoctl.errors import EchoctlError
from echoctl.model.speech import Selection, StoreMode, Transcript
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import guests, purge, rotation
from echoctl.store.database import db, migrations
from tests.heard import nobody

MORNING_MS = 1_800_000_000_000

TURN = int(os.environ.get("TURN", "0"))
"""How much longer than at first."""


def ack(uid: str) -> None:
    os.mkdir(f"{paths.data_dir()}/../acked-{uid}")


def record(recorder: Recorder, text: str, at_ms: int) -> str:
    made = recorder.commit(
        pcm=os.urandom(3200 * (1 + TURN)),
        transcript=Transcript(text),
        at_ms=at_ms,
        detection=None,
        wake_word="alexa",
        scores={},
    )
    assert made
    return made.id


def recorder() -> "contextlib.closing[Recorder]":
    return contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock()))


def append() -> None:
    with recorder() as made:
        for n in range(3 + TURN):
            ack(record(made, f"appended {n}", MORNING_MS + 100 + n))


def delete() -> None:
    purge.run(purge.plan(Selection(before_ms=MORNING_MS + 3)))


def rotate() -> None:
    rotation.rotate(nobody)


def guest() -> None:
    guests.check_in(guests.CheckIn("Ann", private=True))
    with recorder() as made:
        record(made, "a guest's", MORNING_MS + 200)
    guests.check_out("Ann")


def migrate() -> None:
    with db.session(paths.database()):
        pass


SCENARIOS: dict[str, Callable[[], None]] = {f.__name__: f for f in (append, delete, rotate, guest, migrate)}

CLEAN, SAID, TRACEBACK = 0, 3, 4


def run(name: str, folder: str) -> int:
    for kind in ("data", "state"):
        os.environ[f"ECHOCTL_{kind.upper()}_DIR"] = str(Path(folder, kind))
    os.umask(0o077)
    try:
        SCENARIOS[name]()
    except EchoctlError:
        return SAID
    except BaseException:  # noqa: BLE001 - told to the test, which fails with it
        with open(Path(folder, "traceback"), "w") as file:
            traceback.print_exc(file=file)
        return TRACEBACK
    return CLEAN


def main(jobs: list[str]) -> None:
    codec.encode_flac(bytes(640))
    assert migrations.steps
    for job in jobs:
        name, _, folder = job.partition("=")
        if not (child := os.fork()):
            os._exit(run(name, folder))
        _, status = os.waitpid(child, 0)
        os.mkdir(f"{folder}/ended-{os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main(sys.argv[1:])
