import resource
import sys

import pytest

from tests.traffic.torture.mutation import torture
from tests.traffic.torture.targets import all_targets

INPUTS = 4000
"""Per target; make torture runs a million in all."""

TARGETS = all_targets()


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_parser_or_blows_it_up(name: str) -> None:
    target, seeds = TARGETS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = torture(target, seeds, INPUTS, seed=20_261_123)
    assert outcome.failures == []
    assert outcome.inputs == INPUTS
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 64 << 20


def test_torture_finds_what_is_there_to_be_found() -> None:
    def fragile(data: bytes) -> None:
        if data[:2] == b"\xff\xff" and len(data) < 5:
            raise ValueError("broken")

    assert torture(fragile, [b"abcdef"], 20_000, seed=1).failures


def test_torture_learns_from_new_branches() -> None:
    target, seeds = TARGETS["dns"]
    outcome = torture(target, seeds, 2000, seed=1, watched=1.0)
    assert outcome.corpus > len(seeds)
