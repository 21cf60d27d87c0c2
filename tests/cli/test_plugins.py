from collections.abc import Callable

import pytest

from tests.conftest import Run
from tests.hooks.made import Shelf

Cli = Callable[..., Run]


def test_the_list_names_them_and_imports_none(cli: Cli, shelf: Shelf) -> None:
    trap = shelf.put("one", top="note = None\nopen(HEARD, 'w')")
    env = {"PYTHONPATH": f"{shelf.folder}:{_repository()}"}
    said = cli("plugins", "list", env=env)
    assert (said.exit, said.stdout.splitlines()[0].split()) == (0, ["PLUGIN", "STATE", "FROM", "WHAT", "IT", "DOES"])
    assert "one     on     one-plugin 1.2  Does one things" in said.stdout
    assert "hooks.transcripts is false: they do not see what was said" in said.stderr
    assert not trap.exists()


@pytest.mark.parametrize(("variable", "enabled"), [("none", False), ("one,two", True)])
def test_json_says_what_the_variable_lets_run(cli: Cli, shelf: Shelf, variable: str, enabled: bool) -> None:
    shelf.put("one")
    env = {"PYTHONPATH": f"{shelf.folder}:{_repository()}", "ECHOCTL_PLUGINS": variable}
    said = cli("plugins", "list", "--json", env={**env, "ECHOCTL_HOOKS_TRANSCRIPTS": "true"}).json
    assert said["transcripts"] is True
    assert [plugin for plugin in said["plugins"] if plugin["name"] == "one"] == [
        {
            "name": "one",
            "enabled": enabled,
            "module": "one_plugin",
            "distribution": "one-plugin",
            "version": "1.2",
            "summary": "Does one things",
        }
    ]


def test_a_name_that_nobody_installed_is_said(cli: Cli, shelf: Shelf) -> None:
    shelf.put("one")
    env = {"PYTHONPATH": f"{shelf.folder}:{_repository()}", "ECHOCTL_PLUGINS": "one,nope"}
    assert "there is no plugin nope, which ECHOCTL_PLUGINS names\n" in cli("plugins", "list", env=env).stderr


def test_without_any_it_says_so(cli: Cli) -> None:
    said = cli("plugins", "list", "--json").json
    if not said["plugins"]:  # the machine of somebody who uses echoctl may have some
        assert "no plugin is installed" in cli("plugins", "list").stderr


def _repository() -> str:
    from tests.conftest import REPOSITORY

    return str(REPOSITORY)
