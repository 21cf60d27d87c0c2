"""What a run of the dashboard comes to, without a screen."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from echoctl.config.schema import Config
from echoctl.errors import ExitCode
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui import run


@pytest.mark.parametrize(
    ("bug", "textual", "left_with", "code"),
    [
        (None, 0, None, ExitCode.OK),
        (None, 0, ExitCode.SIGTERM, ExitCode.SIGTERM),
        (ZeroDivisionError(), 1, None, ExitCode.BUG),
        (None, 1, None, ExitCode.BUG),  # Textual has ended it, and has kept why to itself
    ],
)
def test_the_exit_code(
    bug: Exception | None, textual: int, left_with: int | None, code: int, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = SimpleNamespace(join=lambda limit_s: True, listened=False)
    app = SimpleNamespace(bug=bug, return_code=textual, ear=ear, run=lambda: left_with)
    monkeypatch.setattr(run, "check_terminal", lambda: None)
    monkeypatch.setattr(run, "Dashboard", lambda options, settings: app)
    assert run.run(run.Options(EarSpec()), Config(), print) == (code, bug)
