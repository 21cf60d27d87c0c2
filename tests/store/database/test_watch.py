from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import StoreError
from echoctl.services.vault import unlocking
from echoctl.store.database.watch import DatabaseWatch
from tests.heard import say


def test_it_sees_a_store_come_change_go_and_come_back(store: Path) -> None:
    watch = DatabaseWatch(paths.database())
    assert not watch.changed()
    unlocking.ensure()
    assert watch.changed()
    assert not watch.changed()
    Path(paths.database()).rename(store / "elsewhere")
    assert watch.changed()
    assert not watch.changed()
    (store / "elsewhere").rename(paths.database())
    assert watch.changed()
    watch.close()


def test_it_sees_what_others_commit(recorder: object) -> None:
    watch = DatabaseWatch(paths.database())
    watch.changed()
    assert not watch.changed()
    say(recorder, "what time is it")  # type: ignore[arg-type]
    assert watch.changed()
    assert not watch.changed()


def test_a_database_that_does_not_open_is_tried_again(vault: Path) -> None:
    database = Path(paths.database())
    database.chmod(0o644)
    watch = DatabaseWatch(paths.database())
    for _ in range(2):
        with pytest.raises(StoreError, match="open to other users"):
            watch.changed()
    database.chmod(0o600)
    assert watch.changed()
