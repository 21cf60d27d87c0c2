from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths


@pytest.fixture
def file(home: Path) -> Path:
    path = Path(paths.config_file())
    path.parent.mkdir(parents=True)
    return path


def test_show_names_every_value_and_its_origin(cli: Callable, file: Path) -> None:
    file.write_text("[listen]\npause_ms = 700\n")
    run = cli("config", "show", "--json", env={"ECHOCTL_LISTEN_ROOM": "attic"})
    settings = {entry["key"]: entry for entry in run.json}
    assert run.exit == 0
    assert settings["listen.room"]["value"] == "attic"
    assert settings["listen.room"]["origin"] == "ECHOCTL_LISTEN_ROOM"
    assert settings["listen.pause_ms"]["value"] == 700
    assert settings["listen.pause_ms"]["origin"] == str(file)
    assert settings["listen.wake_words"] == {
        "key": "listen.wake_words",
        "value": ["alexa"],
        "origin": "default",
        "help": "words that wake it, several at once",
    }
    assert 'listen.wake_words         ["alexa"]' in cli("config", "show").stdout


def test_show_finds_a_setting_by_its_old_name(cli: Callable, file: Path) -> None:
    file.write_text("[listen]\nrequire_seal = true\n")
    [entry] = cli("config", "show", "listen.require_seal", "--json").json
    assert (entry["key"], entry["value"], entry["origin"]) == ("listen.require_sandbox", True, str(file))


def test_show_refuses_a_wrong_configuration(cli: Callable, file: Path) -> None:
    file.write_text("[listen]\nrom = 1\n")
    run = cli("config", "show")
    assert run.exit == 2
    assert run.stdout == ""
    assert run.stderr == f"echoctl: error: {file}:2: unknown key listen.rom\nechoctl: hint: did you mean room?\n"


def test_validate_lists_all_problems(cli: Callable, file: Path) -> None:
    file.write_text("[listen]\nrom = 1\nchime = 3\n")
    run = cli("config", "validate")
    assert run.exit == 2
    assert len(run.stdout.splitlines()) == 2
    assert run.stderr.count("echoctl: hint: ") == 2
    told = cli("config", "validate", "--json")
    assert told.exit == 2
    assert told.json["ok"] is False
    assert [problem["hint"] for problem in told.json["problems"]] == [
        "did you mean room?",
        "for example: chime = true",
    ]


def test_validate_is_content_with_nothing(cli: Callable, home: Path) -> None:
    run = cli("config", "validate")
    assert (run.exit, run.stdout, run.stderr) == (0, "no problems\n", "")
    assert cli("config", "validate", "--json").json["ok"] is True


def test_path_prints_where_the_file_is_or_would_be(cli: Callable, home: Path) -> None:
    assert cli("config", "path").stdout == f"{paths.config_file()}\n"
    assert cli("config", "path", "--json").json == {"path": paths.config_file()}


def test_show_can_be_asked_for_one(cli: Callable, file: Path) -> None:
    run = cli("config", "show", "listen.room", "--json")
    assert [entry["key"] for entry in run.json] == ["listen.room"]
    assert cli("config", "show", "listen.rom").exit == 3
