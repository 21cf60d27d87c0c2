import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.services.system.completion import SCRIPTS
from tests.conftest import REPOSITORY, Run

Cli = Callable[..., Run]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_shell_gets_its_script(cli: Cli, shell: str) -> None:
    said = cli("completion", shell)
    assert (said.exit, said.stderr) == (0, "")
    assert said.stdout == (REPOSITORY / "completions" / SCRIPTS[shell]).read_text()


def test_the_help_says_where_to_put_them(cli: Cli) -> None:
    said = cli("completion", "--help").stdout
    assert all(f"echoctl completion {shell}" in said for shell in SCRIPTS)


def test_a_shell_that_it_does_not_know_is_a_usage_error(cli: Cli) -> None:
    said = cli("completion", "csh")
    assert said.exit == 2
    assert "'bash', 'zsh', 'fish', 'powershell'" in said.stderr


def test_values_come_one_a_line_with_what_they_are(cli: Cli) -> None:
    assert cli("_complete", "wake-words", "hey j").stdout == "hey jarvis\thas a neural model\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["rooms", "x", "y"], ["rooms", "--json"], ["rooms", "\udcff"]])
def test_whatever_tab_asks_it_gets_no_complaint(cli: Cli, arguments: list[str]) -> None:
    said = cli("_complete", *arguments)
    assert (said.exit, said.stdout, said.stderr) == (0, "", "")


def test_a_store_that_does_not_open_is_no_complaint_at_tab(cli: Cli, store: Path) -> None:
    Path(paths.private_dir(paths.data_dir()), "echoctl.db").write_bytes(b"no database" * 500)
    said = cli("_complete", "recordings")
    assert (said.exit, said.stdout, said.stderr) == (0, "", "")


def test_a_store_with_a_table_missing_is_none_either(cli: Cli, vault: Path) -> None:
    with sqlite3.connect(paths.database()) as connection:
        connection.execute("ALTER TABLE recording RENAME TO gone")
    said = cli("_complete", "rooms")
    assert (said.exit, said.stdout, said.stderr) == (0, "", "")


def test_it_is_not_a_command_that_anybody_sees(cli: Cli) -> None:
    assert "_complete" not in cli("--help").stdout
