from collections.abc import Sequence

import pytest

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.services.history import lookup
from echoctl.services.history.recorder import Recorder
from echoctl.store.database import db
from tests.heard import MORNING_MS, say


@pytest.fixture
def three(recorder: Recorder) -> list[str]:
    return [say(recorder, f"number {n}", MORNING_MS + n).id for n in range(3)]


def resolve(*prefixes: str) -> Sequence[str]:
    with db.session(paths.database()) as connection:
        return lookup.resolve(connection, prefixes)


def test_without_a_store_nothing_is_found() -> None:
    assert lookup.resolve(None, []) == ()
    with pytest.raises(NotFound):
        lookup.resolve(None, ["01"])


def test_a_prefix_names_a_recording_if_it_is_unique(three: list[str]) -> None:
    assert resolve(three[0], three[1].lower()) == (three[0], three[1])
    with pytest.raises(UsageError, match="several") as caught:
        resolve(three[0][:2])
    assert caught.value.hint.split() == three[::-1], "newest first"


@pytest.mark.parametrize("prefix", ["", "ZZZZ", "%", "_1", "0" * 27, "01';--", "µ"])
def test_what_names_nothing_is_not_found(three: list[str], prefix: str) -> None:
    with pytest.raises(NotFound, match="no recording"):
        resolve(prefix)
