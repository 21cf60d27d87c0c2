import random

import pytest

from echoctl.traffic.flows import MOD, SYN, Flow, Pair


def flow(start: int) -> Flow:
    return Flow(Pair("d", "r"), True, True, start, None)


def deliver(one: Flow, packets: list[tuple[int, int]]) -> int:
    """As the meter does it."""
    total = 0
    for seq, size in packets:
        if seq == one.next:
            one.next = seq + size & MOD
            total += size
        else:
            total += one.out_of_order(seq, size, 0)
    return total


@pytest.mark.parametrize("start", [1000, MOD - 2500])
@pytest.mark.parametrize("seed", range(20))
def test_bytes_count_once_however_they_arrive(start: int, seed: int) -> None:
    """Reordered, sent again, sent again in other pieces: as many bytes as there are."""
    chance = random.Random(seed)
    whole = [(start + 100 * n & MOD, 100) for n in range(60)]
    arriving = list(whole)
    for _ in range(8):
        n = chance.randrange(58)
        arriving.insert(chance.randrange(1, len(arriving)), (start + 100 * n & MOD, chance.choice([100, 150, 200])))
    for n in range(1, len(arriving) - 3, 4):
        if chance.random() < 0.5:
            arriving[n], arriving[n + 2] = arriving[n + 2], arriving[n]
    assert deliver(flow(start), arriving) == 6000


def test_what_the_capture_lost_is_not_made_up() -> None:
    assert deliver(flow(0), [(0, 100), (300, 100), (400, 100)]) == 300


def test_a_probe_of_one_byte_before_the_next_counts_nothing() -> None:
    assert deliver(flow(0), [(0, 100), (99, 1)]) == 0 + 100


def test_a_port_that_is_used_again_begins_anew() -> None:
    one = flow(5000)
    deliver(one, [(5000, 100)])
    assert one.out_of_order(100, 0, SYN) == 0
    assert deliver(one, [(101, 50), (101, 50)]) == 50


def test_holes_are_bounded() -> None:
    one = flow(0)
    deliver(one, [(1000 * n, 10) for n in range(1, 500)])
    assert len(one.holes) <= 64
