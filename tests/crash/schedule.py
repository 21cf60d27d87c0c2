"""Recording and purging at random, and looking for what was purged: `python -m tests.crash.schedule SEED KEYS FOLDER`
does it in a process of its own and prints what SQLite that was.
"""

import json
import os
import random
import sqlite3
import sys
from pathlib import Path

from echoctl import paths
from echoctl.model.speech import Selection
from echoctl.services.purging import purge
from echoctl.services.system import database
from echoctl.services.vault import unlocking
from tests.crash.remnants import MORNING_MS, files, fill, left, recorder, wraps


def schedule(seed: int, keys: int, temporary: Path) -> tuple[int, int]:
    """Record and purge in random portions until so many keys are purged; returns (purged, found in a file)."""
    chance, purged, found = random.Random(seed), 0, 0
    unlocking.ensure()
    while purged < keys:
        with recorder() as made:
            fill(made, chance.choice((5, 60, 400, 700)), chance)
            if chance.random() < 0.5:  # else the listener has ended before the purge
                purged, found = _purge(chance, purged, found, temporary)
        if chance.random() < 0.7:
            purged, found = _purge(chance, purged, found, temporary)
    return purged, found


def _purge(chance: random.Random, purged: int, found: int, temporary: Path) -> tuple[int, int]:
    before = wraps()
    how = chance.random()
    if how < 0.15:
        selection = Selection(all=True)
    elif how < 0.5:
        selection = Selection(before_ms=MORNING_MS + chance.randrange(10**9))
    else:
        selection = Selection(ids=tuple(chance.sample(sorted(before), chance.randrange(len(before) + 1))))
    plan = purge.plan(selection)
    report = purge.run(plan)
    assert report.done
    raw = files(Path(paths.data_dir()), temporary)
    assert left([before[uid] for uid in before.keys() - set(plan.ids)], raw) == len(before) - plan.count
    return purged + plan.count, found + left([before[uid] for uid in plan.ids], raw)


def main(seed: int, keys: int, temporary: Path) -> None:
    with sqlite3.connect(":memory:") as connection:
        options = [name for (name,) in connection.execute("PRAGMA compile_options")]
    purged, found = schedule(seed, keys, temporary)
    health = database.check()
    said = {
        "sqlite": sqlite3.sqlite_version,
        "secure_delete": "SECURE_DELETE" in options,
        "purged": purged,
        "found": found,
        "problems": health.problems if health else None,
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    os.umask(0o077)
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
