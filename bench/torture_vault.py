"""Damaged vaults and damaged exports, in numbers: the tests of tests/torture with a count that shows something.

    make torture ARGS="--inputs 20000"

Each input follows from its number; a failure names it, and --seed goes on from there.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

INPUTS = 20_000
"""Of each kind."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run them; the exit code is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=INPUTS, help="damaged vaults, and as many damaged exports")
    parser.add_argument("--seed", type=int, default=0, help="number of the first")
    options, _ = parser.parse_known_args(argv)
    count = min(options.inputs, INPUTS)  # a million, as others take, would be days here
    environment = {**os.environ, "ECHOCTL_TORTURE": str(count), "ECHOCTL_TORTURE_SEED": str(options.seed)}
    print(f"vaults and exports: {count} of each, from number {options.seed}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "0", "tests/torture"]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
