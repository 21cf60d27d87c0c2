import threading
from pathlib import Path

import pytest

from echoctl.clock import SystemClock
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import guests, purge, retention
from echoctl.services.purging.retention import EVERYWHERE, Rule
from tests.heard import say
from tests.services.purging.stored import listed

DAY_MS = 86_400_000


def days_ago(days: float) -> int:
    return SystemClock().now_ms() - int(days * DAY_MS)


def test_a_new_vault_keeps_ninety_days(vault: Path) -> None:
    assert retention.outlook().rules == (Rule("*", 90 * DAY_MS, None, None),)


def test_without_a_store_there_is_what_one_begins_with_and_nothing_is_made(store: Path) -> None:
    assert retention.outlook().rules == (Rule(EVERYWHERE, 90 * DAY_MS, None, None),)
    assert retention.run() == []
    assert list(store.iterdir()) == []


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (Rule(EVERYWHERE, 5 * DAY_MS, None, None), ["3", "1"]),
        (Rule(EVERYWHERE, None, 1, None), ["1"]),
        (Rule(EVERYWHERE, None, None, 200), ["3", "1"]),
        (Rule("kitchen", 2 * DAY_MS, None, None), ["1"]),
        (Rule("cellar", 2 * DAY_MS, 0, 0), ["100", "10", "3", "1"]),
        (Rule(EVERYWHERE, 5 * DAY_MS, 1, None), ["1"]),
        (Rule(EVERYWHERE, None, 0, None), []),
    ],
)
def test_a_rule_takes_what_it_says(vault: Path, rule: Rule, left: list[str]) -> None:
    from echoctl.model.speech import StoreMode

    recorder = Recorder(mode=StoreMode.TRANSCRIPT, room="kitchen", wall=SystemClock())
    for days in (100, 10, 3, 1):
        say(recorder, str(days), days_ago(days))  # 92 bytes each
    retention.put(Rule(EVERYWHERE, None, None, None))
    assert retention.outlook().due.count == 0
    assert retention.would_take(rule).count == 4 - len(left)
    retention.put(rule)
    assert retention.outlook().due.count == 4 - len(left)
    assert sum(report.count for report in retention.run()) == 4 - len(left)
    assert list(listed().values()) == left[::-1]
    assert [receipt.why for receipt in purge.receipts()] == ["retention"] * (len(left) < 4)
    assert retention.run() == []


def test_the_next_one_is_named(recorder: Recorder) -> None:
    assert retention.outlook().next_ms is None
    at_ms = days_ago(89)
    say(recorder, "old", days_ago(100))
    say(recorder, "next", at_ms)
    say(recorder, "new", days_ago(1))
    assert retention.outlook().next_ms == at_ms + 90 * DAY_MS
    assert retention.outlook().due.count == 1


def test_a_listener_enforces_it_in_portions(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for n in range(5):
        say(recorder, str(n), days_ago(100) + n)
    say(recorder, "new", days_ago(1))
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return len(waits) > 3

    retention.enforce(Stop())
    assert waits == [0.0, 1.0, 1.0, retention.EVERY_S]
    assert list(listed().values()) == ["new"]


def test_it_checks_overdue_guests_out(recorder: Recorder) -> None:
    guests.check_in(guests.CheckIn("Ann", until_ms=1))
    say(recorder, "theirs", days_ago(1))
    assert [report.count for report in retention.run()] == [1]
