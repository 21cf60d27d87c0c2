from collections.abc import Callable
from pathlib import Path

from tests.conftest import Run


def test_a_threshold_of_its_own_decides_for_a_word(cli: Callable[..., Run], sample: Path) -> None:
    run = cli("listen", "--input", sample, "--json", "--no-store", env={"ECHOCTL_WAKE_THRESHOLDS": "Alexa=1"})
    assert run.exit == 0
    assert "wake" not in [event["type"] for event in run.events]


def test_a_word_that_nobody_knows_is_refused_with_the_nearest_ones(cli: Callable[..., Run], sample: Path) -> None:
    run = cli("listen", "--input", sample, "--wake-word", "computr", "--json")
    assert run.exit == 2
    assert run.events[-1]["hint"].startswith("did you mean computer")
