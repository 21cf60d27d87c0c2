"""A pytest plugin: which tests need what, told from their fixtures, so that nobody has to remember a mark.

    make test-fast   neither `lab` nor `model` nor `slow`: Python packages alone, no root; while one writes code
    make test        all of them; before a commit is shared, and in CI
    make torture     the tests that count (tests/harness/counts.py), by the thousand; before a release

A fast run says how many tests it left out.
"""

from collections.abc import Generator, Sequence
from typing import Any

import pytest

NEEDS = {"speech_model": "model", "sound_lab": "lab", "net_lab": "lab", "terminal": "lab"}
"""Fixture -> the mark of what uses it."""

SLOW = ("tests/tui/", "tests/torture/", "tests/harness/")
"""Where every test takes its time: a dashboard that draws, damage by the dozen, pytest within pytest."""

_LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark before `-m` selects; the dearest come first, so that none is left for the end of a parallel run."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for fixture in NEEDS.keys() & used:
            item.add_marker(NEEDS[fixture])
        if "sound_lab" in used:
            item.add_marker(pytest.mark.xdist_group("sound"))  # one at a time: sound that is starved is lost
        if item.nodeid.startswith(SLOW):
            item.add_marker("slow")
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count what was not selected; each worker of a parallel run counts the same."""
    if items:
        stash = items[0].config.stash
        stash[_LEFT_OUT] = stash.get(_LEFT_OUT, 0) + len(items)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """A worker tells the run that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(_LEFT_OUT, 0)
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a worker counted; one that crashed tells nothing."""
    if told := getattr(node, "workeroutput", {}).get("left_out", 0):
        node.config.stash[_LEFT_OUT] = told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it; pytest itself does only where nothing runs in parallel."""
    if left_out := terminalreporter.config.stash.get(_LEFT_OUT, 0):
        terminalreporter.line(f"left out: {left_out} tests")
