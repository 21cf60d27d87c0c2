import os
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoctl.services import mute_file

needs_inotify = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "mute", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def watch(file: int) -> Iterator[mute_file.Watch]:
    made = mute_file.Watch(file)
    yield made
    made.close()


def told(watch: mute_file.Watch, within_s: float = 1.0) -> bool:
    return bool(select.select([watch.descriptor], [], [], within_s)[0])


def test_an_empty_file_is_unmuted_and_unanswered(file: int) -> None:
    assert not mute_file.wanted(file)
    assert mute_file.done(file) == (b"", False)


def test_an_order_is_answered_by_whoever_knows_its_number(file: int) -> None:
    mute_file.order(file, True)
    assert mute_file.wanted(file) and mute_file.done(file) == (b"", False)
    mute_file.answer(file, mute_file.CLOSED)
    assert mute_file.done(file) == (mute_file.CLOSED, True)
    mute_file.order(file, False)
    assert not mute_file.wanted(file) and mute_file.done(file) == (mute_file.CLOSED, False), (
        "that was of the one before"
    )
    mute_file.answer(file, mute_file.OPEN)
    assert mute_file.done(file) == (mute_file.OPEN, True)


def test_mute_and_unmute_and_mute_is_another_mute(file: int) -> None:
    mute_file.order(file, True)
    mute_file.answer(file, mute_file.CLOSED)
    mute_file.order(file, False)
    mute_file.order(file, True)
    assert mute_file.done(file) == (mute_file.CLOSED, False), "it may have opened in between"


def test_orders_are_counted_round_and_round(file: int) -> None:
    for number in range(600):
        mute_file.order(file, number % 2 == 0)
        assert mute_file.wanted(file) is (number % 2 == 0)
        assert not mute_file.done(file)[1]
        what = mute_file.CLOSED if number % 2 == 0 else mute_file.WAITING
        mute_file.answer(file, what)
        assert mute_file.done(file) == (what, True)


@pytest.mark.parametrize("muted", [True, False])
def test_the_same_order_once_more_is_no_other_one(file: int, muted: bool) -> None:
    mute_file.order(file, muted)
    what = mute_file.CLOSED if muted else mute_file.OPEN
    mute_file.answer(file, what)
    mute_file.order(file, muted)
    assert mute_file.done(file) == (what, True)


@needs_inotify
def test_a_watch_hears_of_orders_and_of_the_same_one_once_more(file: int, watch: mute_file.Watch) -> None:
    assert watch.works and not told(watch, 0.0)
    for _ in range(2):
        mute_file.order(file, True)
        assert told(watch)
        watch.drain()
        assert not told(watch, 0.0)


@needs_inotify
def test_an_answer_that_stands_there_already_wakes_nobody(file: int, watch: mute_file.Watch) -> None:
    mute_file.answer(file, mute_file.OPEN)
    assert told(watch)
    watch.drain()
    mute_file.answer(file, mute_file.OPEN)
    assert not told(watch, 0.05)


@needs_inotify
def test_a_watch_hears_of_what_was_written_through_another_descriptor(tmp_path: Path, watch: mute_file.Watch) -> None:
    other = os.open(tmp_path / "mute", os.O_RDWR)
    mute_file.order(other, True)
    assert told(watch)
    os.close(other)


@needs_inotify
def test_a_watch_lives_on_when_the_file_has_no_name_any_more(file: int, tmp_path: Path, watch: mute_file.Watch) -> None:
    (tmp_path / "mute").unlink()
    watch.drain()
    mute_file.order(file, True)
    assert told(watch)


def test_where_the_kernel_does_not_tell_it_says_so(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from echoctl.sandbox import syscalls

    def refuse(name: str, *more: object) -> int:
        if name == "inotify_add_watch":
            raise OSError(28, "no watches left")
        return os.open(os.devnull, os.O_RDONLY)

    monkeypatch.setattr(syscalls, "call", refuse)
    before = len(os.listdir("/dev/fd"))
    watch = mute_file.Watch(file)
    assert not watch.works
    watch.close()
    assert len(os.listdir("/dev/fd")) == before


def test_looking_costs_little(file: int) -> None:
    before = time.monotonic()
    for _ in range(1000):
        mute_file.wanted(file)
    assert time.monotonic() - before < 0.5
