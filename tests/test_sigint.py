import signal
from collections.abc import Iterator

import pytest

from echoctl import sigint


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_it_is_deadly_and_then_an_exception_again() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sigint.deadly()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    sigint.raised()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_ignores_it_or_has_a_handler_keeps_that() -> None:
    for mine in (signal.SIG_IGN, lambda number, frame: None):
        signal.signal(signal.SIGINT, mine)
        sigint.deadly()
        sigint.raised()
        assert signal.getsignal(signal.SIGINT) is mine
