"""One of a crowd at the same store: `python -m tests.crash.crowd writer|purger|reader SECONDS`."""

import random
import sys
import time

from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.purging import purge
from tests.crash.remnants import fill, recorder
from tests.heard import nobody


def tell(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def write(end: float) -> None:
    with recorder() as made:
        while time.monotonic() < end:
            tell(*fill(made, 5, random.Random(time.monotonic())))


def erase(end: float) -> None:
    chance = random.Random(1)
    while time.monotonic() < end:
        ids = purge.plan(Selection(all=True)).ids
        plan = purge.plan(Selection(ids=tuple(chance.sample(ids, len(ids) // 3))))
        purge.run(plan)
        tell(*plan.ids)


def read(end: float) -> None:
    count = 0
    while time.monotonic() < end:
        with reader.opened(nobody, needs_key=True) as opened:
            assert opened
            page = opened.page(Selection(all=True), 20)
            assert not [recording.id for recording in page if recording.damaged]
        count += 1
    tell(str(count))


if __name__ == "__main__":
    {"writer": write, "purger": erase, "reader": read}[sys.argv[1]](time.monotonic() + float(sys.argv[2]))
