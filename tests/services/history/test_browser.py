from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import id_text
from echoctl.errors import StoreError, VaultLocked
from echoctl.services.history import browser as module
from echoctl.services.history.browser import Browser
from echoctl.services.history.page_index import Overview
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.store.database import db
from tests.heard import MORNING_MS, chooses, knows, nobody, say


def texts(browser: Browser, before: str | None = None) -> list[str | None]:
    return [r.transcript and r.transcript.text for r in browser.page(before)]


def test_nothing_was_ever_stored(store: Path) -> None:
    assert Browser().overview() == Overview()


def test_pages_are_reached_by_key(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    for number in range(5):
        say(recorder, f"number {number}", MORNING_MS + number)
    browser = Browser()
    seen = browser.overview()
    assert (seen.total, len(seen.ladder), seen.locked) == (5, 2, False)
    pages = [texts(browser, seen.before(n)) for n in range(3)]
    assert pages == [["number 4", "number 3"], ["number 2", "number 1"], ["number 0"]]


def test_locked_means_times_and_lengths_only_until_it_is_unlocked(recorder: Recorder) -> None:
    say(recorder, "what time is it")
    browser = Browser()
    assert texts(browser) == ["what time is it"]
    browser.lock()
    assert browser.overview().locked
    assert texts(browser) == [None]
    browser.unlock(nobody)
    assert texts(browser) == ["what time is it"]


def test_a_passphrase_is_asked_for_and_a_wrong_one_opens_nothing(recorder: Recorder) -> None:
    say(recorder, "what time is it")
    unlocking.set_passphrase(nobody, chooses("four unrelated words"))
    browser = Browser()
    seen = browser.overview()
    assert seen.locked and seen.asks
    with pytest.raises(VaultLocked):
        browser.unlock(knows("three unrelated words"))
    assert texts(browser) == [None]
    browser.unlock(knows("four unrelated words"))
    assert texts(browser) == ["what time is it"]
    assert not browser.overview().locked


def test_a_store_that_vanishes_is_an_error_of_one_call(recorder: Recorder, tmp_path: Path) -> None:
    say(recorder, "what time is it")
    browser = Browser()
    assert browser.overview().total == 1
    Path(paths.database()).rename(tmp_path / "elsewhere")
    assert browser.overview().total == 0
    with pytest.raises(StoreError):
        browser.page(None)
    (tmp_path / "elsewhere").rename(paths.database())
    assert texts(browser) == ["what time is it"]


def test_a_hundred_thousand_recordings_have_a_ladder(vault: Path) -> None:
    with db.session(paths.database()) as connection, db.immediate(connection):
        connection.executemany(
            "INSERT INTO recording(uid, at_ms, duration_ms, wake_word, room, mode, scores, size)"
            " VALUES(?, ?, 900, 'alexa', '', 'times', '{}', 0)",
            ((id_text((MORNING_MS + n).to_bytes(6, "big") + bytes(10)), MORNING_MS + n) for n in range(100_000)),
        )
    browser = Browser()
    seen = browser.overview()
    assert (seen.total, len(seen.ladder)) == (100_000, 1000)
    assert [r.at_ms for r in browser.page(seen.before(999))] == list(range(MORNING_MS + 99, MORNING_MS - 1, -1))
