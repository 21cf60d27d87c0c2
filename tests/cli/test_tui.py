"""`echoctl tui` where there is no terminal, and where it is called wrongly."""

from collections.abc import Callable

import pytest

from tests.conftest import Run
from tests.terminal import converse

Cli = Callable[..., Run]


def test_without_a_terminal_it_names_its_twins(cli: Cli) -> None:
    run = cli("tui")
    assert run.exit == 2
    assert run.stdout == ""
    assert "needs a terminal" in run.stderr
    assert "echoctl status --follow" in run.stderr


def test_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    code, shown = converse(["tui"], [])
    assert code == 2
    assert "needs a terminal" in shown


@pytest.mark.parametrize(
    ("keys", "hint"),
    [('{ mutte = "x" }', "did you mean mute?"), ('{ mute = "q" }', "give one of them another key")],
)
def test_keys_that_cannot_be_are_mistakes(monkeypatch: pytest.MonkeyPatch, keys: str, hint: str) -> None:
    name, _, key = keys.strip("{ }").replace('"', "").partition(" = ")
    monkeypatch.setenv("ECHOCTL_TUI_KEYS", f"{name}={key}")
    monkeypatch.setenv("TERM", "xterm-256color")
    code, shown = converse(["tui", "--no-listen"], [])
    assert code == 2
    assert hint in shown
    assert "Traceback" not in shown


def test_an_unknown_theme_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    code, shown = converse(["tui", "--no-listen", "--theme", "echoctl-drak"], [])
    assert code == 2
    assert "did you mean echoctl-dark?" in shown
