import os
import subprocess
import sys
from pathlib import Path

from echoctl import paths
from echoctl.store.database import blockers, db

HOLD = """
import sys
from echoctl import paths
from echoctl.store.database import db
connection = db.connect(paths.database())
connection.execute("SELECT count(*) FROM event").fetchone()
print("ready", flush=True)
sys.stdin.read()
"""


def test_everybody_else_who_has_the_log_open_is_named(vault: Path) -> None:
    with db.session(paths.database()) as connection:
        connection.execute("SELECT count(*) FROM event").fetchone()
        assert blockers.others(paths.database()) == []
        child = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdout and child.stdin and child.stdout.readline() == "ready\n"
        name = os.path.basename(os.readlink(f"/proc/{child.pid}/exe"))
        [(pid, comm)] = blockers.others(paths.database())
        assert pid == child.pid
        assert name.startswith(comm[:6])
        child.stdin.close()
        child.wait()
        assert blockers.others(paths.database()) == []
