"""Somebody purges, or gives the vault new keys, in the middle of a reading: that is no damage, nor called so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.errors import NotFound, VaultLocked
from echoctl.model.speech import Selection
from echoctl.services.history import archiving, reader, search, verifying
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import purge, rotation
from tests.heard import MORNING_MS, nobody, say

ALL = Selection(all=True)


@pytest.fixture
def three(recorder: Recorder) -> list[str]:
    ids = [say(recorder, f"number {n}", MORNING_MS + n).id for n in range(3)]
    recorder.close()
    return ids


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen once, after rows were read and before the first key."""

    def arrange(event: Callable[[], object]) -> None:
        epoch, waiting = reader.History.epoch, [event]

        def later(self: reader.History, number: int) -> object:
            if waiting:
                waiting.pop()()
            return epoch(self, number)

        monkeypatch.setattr(reader.History, "epoch", later)

    return arrange


def purged(*ids: str) -> Callable[[], object]:
    return lambda: purge.run(purge.plan(Selection(ids=ids)))


def rotated() -> object:
    return rotation.rotate(nobody)


def test_a_list_leaves_out_what_is_purged(three: list[str], between: Callable[..., None]) -> None:
    between(purged(three[0], three[2]))
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert [(r.id, r.damaged) for r in opened.page(ALL, 0)] == [(three[1], False)]


def test_one_that_is_purged_is_not_found(three: list[str], between: Callable[..., None]) -> None:
    between(purged(three[0]))
    with reader.opened(nobody, needs_key=True) as opened, pytest.raises(NotFound):
        assert opened
        opened.show(three[0])


def test_a_search_counts_no_damage(three: list[str], between: Callable[..., None]) -> None:
    between(purged(three[2]))
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        looking = search.Search(opened, search.containing("number"), ALL)
        assert (list(looking), looking.damaged) == ([three[1], three[0]], 0)


def test_verifying_passes_it_over(three: list[str], between: Callable[..., None]) -> None:
    between(purged(three[1]))
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        found = {finding.name: finding.state for finding in verifying.recordings_of(opened)}
    assert found == {three[0]: verifying.State.WHOLE, three[2]: verifying.State.WHOLE}


def test_an_export_goes_on_without_it(three: list[str], between: Callable[..., None], tmp_path: Path) -> None:
    between(purged(three[0]))
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        done = list(archiving.to_archive(opened, three, str(tmp_path / "out")))
    assert [bool(one.problem) for one in done] == [True, False, False]
    assert isinstance(done[0].problem, NotFound)


@pytest.mark.parametrize("what", ["show", "search", "verify"])
def test_new_keys_are_not_damage(what: str, three: list[str], between: Callable[..., None]) -> None:
    between(rotated)
    with reader.opened(nobody, needs_key=True) as opened, pytest.raises(VaultLocked, match="new keys"):
        assert opened
        if what == "show":
            opened.show(three[0])
        elif what == "search":
            list(search.Search(opened, search.containing("number"), ALL))
        else:
            list(verifying.recordings_of(opened))
