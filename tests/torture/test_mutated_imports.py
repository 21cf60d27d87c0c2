"""Exports that went bad: what is good in them is kept, what is bad is named, and nothing else happens."""

import contextlib
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoctl.errors import EchoctlError, ExitCode
from echoctl.model.speech import Selection
from echoctl.services.history import archiving, exporting, importing, reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge
from echoctl.services.sandbox import decoder as decoding
from tests.harness.counts import SEED, asked
from tests.heard import MORNING_MS, nobody, pcm, say
from tests.torture.mutations import mutated
from tests.vault.identities import pair

COUNT = asked(150)
LIMIT_S = 2.0
"""Of our own time; decoding has a limit of its own, and a process of its own."""

ALL = Selection(all=True)
ENDS = {ExitCode.USAGE, ExitCode.NOT_FOUND, ExitCode.LOCKED, ExitCode.DAMAGED, ExitCode.STORE}


class Exports:
    """An export in the clear and a sealed one, and what is in both."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self.folder = folder
        self.texts = {say(recorder, f"number {n}", MORNING_MS + n, sound=pcm(0.1)).id: f"number {n}" for n in range(3)}
        recorder.close()
        self.identity, recipient = pair(False)
        self._make("open", [])
        self._make("sealed", [recipient])
        purge.run(purge.plan(ALL))

    def spoilt(self, chance: random.Random) -> tuple[Path, bool]:
        """A copy of one of the two with one file mutated, and whether it is the sealed one."""
        kind = chance.choice(("open", "sealed"))
        bad = self.folder / "bad"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(self.folder / kind, bad)
        files = sorted(file for file in bad.iterdir() if file.suffix != ".csv")
        file = chance.choice([files[-1], *files])  # the index sorts last
        file.write_bytes(mutated(file.read_bytes(), chance))
        return bad, kind == "sealed"

    def _make(self, name: str, to: exporting.Recipients) -> None:
        with reader.opened(nobody, needs_key=True) as opened:
            assert opened
            list(archiving.to_archive(opened, opened.ids(ALL), str(self.folder / name), to))


@pytest.fixture
def exports(recorder: Recorder, tmp_path: Path) -> Exports:
    return Exports(tmp_path, recorder)


@pytest.fixture
def decoder() -> Iterator[decoding.Decoder]:
    with decoding.Decoder() as made:
        yield made


def bring(exports: Exports, bad: Path, decoder: decoding.Decoder, *, dry_run: bool) -> list[importing.Step]:
    found = importing.Import(str(bad), [exports.identity], decoder)
    with contextlib.closing(found):
        return list(found.run(dry_run=dry_run))


@pytest.mark.timeout(0)
def test_mutated_imports_end_in_order_and_keep_what_is_good(
    exports: Exports, decoder: decoding.Decoder, record_property: Callable[[str, int], None]
) -> None:
    ends: Counter[str] = Counter()
    for seed in range(SEED, SEED + COUNT):
        bad, sealed = exports.spoilt(random.Random(seed))
        began = time.process_time()
        keep = seed % 5 == 0  # writing costs more than reading, and there is little in it that could go wrong
        try:
            steps = bring(exports, bad, decoder, dry_run=not keep)
        except EchoctlError as error:
            assert error.exit_code in ENDS and error.hint, f"seed {seed}: {error}"
            ends["refused"] += 1
            continue
        assert time.process_time() - began < LIMIT_S, f"seed {seed}"
        ends["partial" if any(step.problem for step in steps) else "whole"] += 1
        good = [step.name for step in steps if not step.problem]
        assert not sealed or len(good) in (2, 3), f"seed {seed}"
        if keep:
            check(exports, good, sealed, seed)
    record_property("done", COUNT)
    assert COUNT < 60 or len(ends) == 3, ends


def check(exports: Exports, good: list[str], sealed: bool, seed: int) -> None:
    """What was kept opens; what came sealed is what was sealed, while in the clear a changed word is a changed word."""
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        there = [opened.show(uid) for uid in good]
    assert not sealed or all(r.transcript and r.transcript.text == exports.texts[r.id] for r in there), f"seed {seed}"
    purge.run(purge.plan(ALL))


def test_the_watch_sees_a_wrong_word(exports: Exports, decoder: decoding.Decoder) -> None:
    bring(exports, exports.folder / "sealed", decoder, dry_run=False)
    exports.texts = dict.fromkeys(exports.texts, "something else")
    with pytest.raises(AssertionError, match="seed 7"):
        check(exports, list(exports.texts), True, 7)
