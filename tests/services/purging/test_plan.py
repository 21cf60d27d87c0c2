from pathlib import Path

from echoctl.model.speech import Selection
from echoctl.services.purging import purge
from tests.heard import MORNING_MS
from tests.services.purging.stored import ALL, files, fill, listed, rows


def test_a_plan_says_what_would_go_and_touches_nothing(vault: Path) -> None:
    ids = fill(3)
    before = files()
    plan = purge.plan(Selection(since_ms=MORNING_MS + 1))
    assert (plan.ids, plan.oldest_ms, plan.newest_ms) == (tuple(ids[1:]), MORNING_MS + 1, MORNING_MS + 2)
    assert plan.size == rows("SELECT sum(size) FROM recording WHERE id > 1")[0][0]
    assert files() == before


def test_an_empty_selection_selects_nothing(vault: Path) -> None:
    fill(2)
    assert purge.plan(Selection()).count == 0
    assert purge.run(purge.plan(Selection())).count == 0
    assert len(listed()) == 2


def test_without_a_store_there_is_nothing_and_nothing_is_made(store: Path) -> None:
    assert purge.plan(ALL).count == 0
    assert purge.run(purge.plan(ALL)).keys_dead
    assert purge.settle()
    assert list(store.iterdir()) == []


def test_all_that_is_narrowed_is_not_everything(vault: Path) -> None:
    ids = fill(3)
    for narrowed in (Selection(all=True, room="cellar"), Selection(all=True, before_ms=MORNING_MS)):
        plan = purge.plan(narrowed)
        assert (plan.count, plan.everything) == (0, False)
        assert "all" not in plan.asked
        assert purge.run(plan).count == 0
    assert list(listed()) == ids[::-1]
