"""Which other processes have the database open, where the system tells (Linux, and of our own processes alone)."""

import glob
import os


def others(database: str) -> list[tuple[int, str]]:
    """Process id and name of every other process that has the write-ahead log open."""
    log = os.path.realpath(database) + "-wal"
    found: dict[int, str] = {}
    for link in glob.iglob("/proc/[0-9]*/fd/*"):
        pid = int(link.split("/")[2])
        if pid == os.getpid() or pid in found:
            continue
        try:
            if os.readlink(link) == log:
                found[pid] = _name(pid)
        except OSError:  # it has ended, or is another user's
            continue
    return sorted(found.items())


def _name(pid: int) -> str:
    """What was started, in short: `python -m echoctl history list` and the like, without the values of options."""
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().strip()
