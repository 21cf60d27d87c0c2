"""Erasing and crashing by the thousand: the tests in tests/crash, with counts that a CI run has no time for.

5,000 system calls that fail, 5,000 power losses, 100,000 purged keys looked for in files and 5,000 on a disk image, two
writers, a purger and a reader for a minute. Takes hours; arguments of the other tortures are passed over.

    python -m bench.torture_erasing [--share 0.1]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

COUNTS = {"ECHOCTL_FAULTS": 5000, "ECHOCTL_LOSSES": 5000, "ECHOCTL_KEYS": 100_000, "ECHOCTL_IMAGE_KEYS": 5000}
MINUTES = "1"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the counts")
    share = parser.parse_known_args()[0].share
    counts = {name: str(max(1, round(count * share))) for name, count in COUNTS.items()}
    files = ("test_faults", "test_power_loss", "test_remnants")
    tests = [f"tests/crash/{name}.py" for name in files]
    environment = {**os.environ, **counts, "ECHOCTL_MINUTES": MINUTES}
    command = [sys.executable, "-m", "pytest", "-v", "-o", "timeout=0", "--durations=0", *tests]
    return subprocess.run(command, cwd=Path(__file__).parent.parent, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
