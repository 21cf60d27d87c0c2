import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from echoctl.services import state


@contextmanager
def following(*options: str) -> Iterator[Iterator[str]]:
    """The lines of `status --follow` as they come."""
    command = [sys.executable, "-m", "echoctl", "status", "--follow", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield iter(process.stdout)
        finally:
            process.kill()


def test_following_says_the_state_first_and_then_each_change(store: Path) -> None:
    with following() as lines:
        when, what = next(lines).split("  ", 1)
        assert what == "state  off\n"
        assert when.startswith(time.strftime("%Y-"))  # and not 1970, though nothing has ever happened
        state.set_muted(True, "somebody")
        assert next(line for line in lines if "  state  " in line).endswith("  state  muted\n")


@pytest.mark.timeout(20)
def test_what_happens_during_the_first_look_is_not_lost(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def show(shown: object, json: bool) -> None:
        seen.append(state.snapshot().muted)
        if seen[-1]:
            raise KeyboardInterrupt
        state.set_muted(True, "somebody")

    command = importlib.import_module("echoctl.cli.listen.status")
    monkeypatch.setattr(command, "_show_state", show)
    with pytest.raises(KeyboardInterrupt):
        command.status(follow=True)
    assert seen == [False, True]


def test_following_in_json_has_the_state_as_status_has_it(store: Path) -> None:
    with following("--json") as lines:
        assert json.loads(next(lines))["state"] == "off"
        state.set_muted(True, "somebody")
        changes = (json.loads(line) for line in lines)
        change = next(each for each in changes if each["type"] == "state")
        assert (change["state"], change["muted"], change["muted_by"]) == ("muted", True, "somebody")
