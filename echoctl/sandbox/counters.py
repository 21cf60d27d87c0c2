"""The kernel's byte counters of a process's network, which anybody may read.

On the fast path (`status` shows them), so this imports nothing.
"""


def interfaces(pid: int) -> dict[str, tuple[int, int]]:
    """The interfaces in the network namespace of a process, with the bytes received and sent on each.

    They speak of the process alone only where that namespace is its own. Raises OSError.
    """
    with open(f"/proc/{pid}/net/dev", encoding="ascii", errors="replace") as table:
        lines = table.read().splitlines()[2:]
    rows = (line.partition(":") for line in lines)
    return {name.strip(): (int(numbers.split()[0]), int(numbers.split()[8])) for name, _, numbers in rows}


def sent_bytes(pid: int) -> int | None:
    """What went out in that namespace, over all interfaces; None when the process has gone."""
    try:
        return sum(sent for _, sent in interfaces(pid).values())
    except OSError:
        return None
