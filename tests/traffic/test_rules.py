import pytest

from echoctl.nouns_traffic import Device
from echoctl.traffic import rules


@pytest.mark.parametrize(
    "name",
    [
        "device-metrics-us.amazon.com",
        "softwareupdates.amazon.com",
        "mesu.apple.com",
        "xp.apple.com",
        "ntp-g7g.amazon.com",
        "update.googleapis.com",
        "msmetrics.ws.sonos.com",
        "time.google.com",
        "weave-logsink.nest.com",
    ],
)
def test_updates_metrics_and_time_are_housekeeping(name: str) -> None:
    assert rules.housekeeping(name)


@pytest.mark.parametrize(
    "name",
    [
        "avs-alexa-4-na.amazon.com",
        "",
        "Amazon",
        "bob-dispatch-prod-na.amazon.com",
        "clients3.google.com",
        "login.example",
    ],
)
def test_nothing_else_is(name: str) -> None:
    assert not rules.housekeeping(name)


def test_a_device_is_judged_by_its_model_and_then_by_what_was_learnt() -> None:
    assert rules.of_device(Device("a")) == rules.DEFAULT
    assert rules.of_device(Device("a", model="no such model")) == rules.DEFAULT
    assert rules.of_device(Device("a", model="nest-mini")).bytes == 24_000
    own = Device("a", model="nest-mini", thresholds={"bytes": 9000.0, "of another version": 1.0})
    assert rules.of_device(own).bytes == 9000
    assert rules.of_device(own).windows == rules.DEFAULT.windows


def test_learning_takes_three_requests_and_keeps_within_sense() -> None:
    assert rules.learn([30_000, 40_000]) == {}
    assert rules.learn([30_000, 40_000, 33_000]) == {"bytes": 10_000}
    assert rules.learn([900, 40_000, 33_000]) == {"bytes": 4000}
    assert rules.learn([300_000] * 5) == {"bytes": 24_000}
