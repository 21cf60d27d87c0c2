"""How much a test does: what CI has time for, or what bench/torture/vault.py asks of it."""

import os

SEED = int(os.environ.get("TORTURE_SEED", "0"))
"""The number of the first input, or of the schedule: everything that chance decides follows from it."""


def asked(usual: int) -> int:
    """How many of its own kind; `usual` where nobody asked."""
    return int(os.environ.get("TORTURE_COUNT", usual))
