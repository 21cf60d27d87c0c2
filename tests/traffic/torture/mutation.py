"""Damage on purpose: inputs are mutated, and those that reach new branches of the code become parents of the next.

Which branches an input reaches is looked at for a share of the inputs, since watching costs twenty times the reading.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

Target = Callable[[bytes], None]

_ODD = [*(bytes((one,)) for one in (0, 1, 0x7F, 0x80, 0xFF)), bytes(2), b"\xff\xff", bytes(4), b"\xff" * 4, b"\x7f\xff"]


@dataclass
class Outcome:
    """What a run came to."""

    inputs: int = 0
    slowest_s: float = 0.0
    corpus: int = 0
    branches: int = 0
    failures: list[tuple[bytes, BaseException]] = field(default_factory=list)


def torture(
    target: Target, seeds: Sequence[bytes], inputs: int, seed: int, *, watched: float = 0.02, most: int = 4096
) -> Outcome:
    """Feed `inputs` mutations of `seeds` (at most `most` bytes each) to `target`; any exception is a failure."""
    chance = random.Random(seed)
    corpus, seen = list(seeds), set[tuple[str, int, int]]()
    outcome = Outcome()
    for one in seeds:
        seen |= _branches(target, one)
    for _ in range(inputs):
        data = _mutated(chance, corpus)[:most]
        begun = time.perf_counter()
        try:
            if chance.random() < watched:
                new = _branches(target, data) - seen
                if new:
                    seen |= new
                    corpus.append(data)
            else:
                target(data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            outcome.failures.append((data, error))
            if len(outcome.failures) >= 10:
                break
        outcome.inputs += 1
        outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - begun)
    outcome.corpus, outcome.branches = len(corpus), len(seen)
    return outcome


def _mutated(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    # The newest parents reach farthest, the oldest are soundest.
    data = bytearray(
        corpus[int(len(corpus) * chance.random() ** 0.5)] if chance.random() < 0.7 else chance.choice(corpus)
    )
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        _MUTATIONS[int(chance.random() * len(_MUTATIONS))](chance, data, corpus)
    return bytes(data)


def _place(chance: random.Random, data: bytearray) -> int:
    return int(chance.random() * len(data))


def _flip(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    if data:
        data[_place(chance, data)] ^= 1 << int(chance.random() * 8)


def _set(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    if data:
        data[_place(chance, data)] = int(chance.random() * 256)


def _odd(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    value = chance.choice(_ODD)
    at = _place(chance, data)
    data[at : at + len(value)] = value


def _near(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    """A byte a little up or down: lengths that are off by one."""
    if data:
        at = _place(chance, data)
        data[at] = data[at] + chance.choice((-2, -1, 1, 2)) & 255


def _cut(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del data[_place(chance, data) :]


def _drop(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    at = _place(chance, data)
    del data[at : at + 1 + int(chance.random() * 16)]


def _double(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    at = _place(chance, data)
    part = data[at : at + 1 + int(chance.random() * 64)]
    data[at:at] = part


def _splice(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    other = chance.choice(corpus)
    at, start = _place(chance, data), int(chance.random() * (len(other) or 1))
    data[at : at + 32] = other[start : start + 32]


_MUTATIONS = (_flip, _flip, _set, _odd, _odd, _near, _near, _cut, _drop, _double, _splice)


def _branches(target: Target, data: bytes) -> set[tuple[str, int, int]]:
    """Run `target` and return the steps from line to line that it took inside echoctl/traffic."""
    steps: set[tuple[str, int, int]] = set()
    last = [0]

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            steps.add((frame.f_code.co_filename, last[0], frame.f_lineno))
            last[0] = frame.f_lineno
        return local

    def every(frame: FrameType, event: str, argument: Any) -> Any:
        return local if "echoctl/traffic/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(every)
    try:
        target(data)
    finally:
        sys.settrace(before)
    return steps
