import pytest

from echoctl.model.traffic import Device
from echoctl.traffic import thresholds


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
    assert thresholds.housekeeping(name)


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
    assert not thresholds.housekeeping(name)


def test_a_device_is_judged_by_its_model_and_then_by_what_was_learnt() -> None:
    assert thresholds.of_device(Device("a")) == thresholds.DEFAULT
    assert thresholds.of_device(Device("a", model="no such model")) == thresholds.DEFAULT
    assert thresholds.of_device(Device("a", model="nest-mini")).bytes == 24_000
    own = Device("a", model="nest-mini", thresholds={"bytes": 9000.0, "of another version": 1.0})
    assert thresholds.of_device(own).bytes == 9000
    assert thresholds.of_device(own).windows == thresholds.DEFAULT.windows


def test_learning_takes_three_requests_and_keeps_within_sense() -> None:
    assert thresholds.learn([30_000, 40_000]) == {}
    assert thresholds.learn([30_000, 40_000, 33_000]) == {"bytes": 10_000}
    assert thresholds.learn([900, 40_000, 33_000]) == {"bytes": 4000}
    assert thresholds.learn([300_000] * 5) == {"bytes": 24_000}
