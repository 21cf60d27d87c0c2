"""What being shut in costs: entering and locking a process, beside a bare interpreter and beside bubblewrap.

    python -m bench.sandbox [--runs 15]

Entering is everything from the trial whether it can be done to the first filter; locking is the second one, on all
threads. Milliseconds in the process itself, medians. A run of an interpreter in bubblewrap (with the same namespaces,
and the root bound read-only) is set beside one without, from outside.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

SHUT_IN = """
import json, time
from echoctl.model.listener import SandboxPolicy
from echoctl.services.sandbox import enter, roles
begin = time.perf_counter()
sandbox = enter.enter(SandboxPolicy.TRY, roles.decoder())
entered = time.perf_counter()
sandbox.lock()
print(json.dumps([entered - begin, time.perf_counter() - entered, sandbox.holds]), flush=True)
"""
BUBBLEWRAP = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev"]


def ours() -> tuple[float, float, str]:
    """Seconds of entering and of locking one process, and what holds."""
    done = subprocess.run([sys.executable, "-c", SHUT_IN], stdout=subprocess.PIPE, check=True)
    entering, locking, holds = json.loads(done.stdout)
    return entering, locking, holds


def whole(command: Sequence[str]) -> float:
    """Seconds of one run."""
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begin


def median_ms(runs: int, one: Callable[[], float]) -> float:
    return statistics.median(one() for _ in range(runs)) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    wish = parser.parse_args()
    found = [ours() for _ in range(wish.runs)]
    bare = [sys.executable, "-c", "pass"]
    print(f"what holds                      {found[0][2]}")
    print(f"entering                        {statistics.median(each[0] for each in found) * 1000:6.1f} ms")
    print(f"locking                         {statistics.median(each[1] for each in found) * 1000:6.1f} ms")
    plain = median_ms(wish.runs, lambda: whole(bare))
    print(f"a bare interpreter              {plain:6.1f} ms")
    if shutil.which(BUBBLEWRAP[0]):
        wrapped = median_ms(wish.runs, lambda: whole([*BUBBLEWRAP, *bare]))
        print(f"the same in bubblewrap          {wrapped:6.1f} ms")
    else:
        print("the same in bubblewrap          absent")


if __name__ == "__main__":
    main()
