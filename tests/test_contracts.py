"""Rules that hold for the whole house, whoever adds a room to it."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from echoctl import errors
from echoctl.cli.app import COMMANDS, typer_app
from echoctl.cli.terminal.group import Command
from tests.conftest import REPOSITORY
from tools import check_shape

STREAMS = {"listen", "traffic watch"}
"""Commands that go on until they are ended; their --json is one object per line."""

ONLY_BYTES = {"history export", "completion"}
"""Commands whose output is a file."""

ONLY_SCREEN = {"tui"}
"""Commands that draw; what they show has commands of its own."""


def commands() -> Iterator[tuple[str, Command]]:
    """Every command that can be typed, "history list" and so on, groups left out."""
    for name in COMMANDS:
        command = typer.main.get_command(typer_app(name))
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {sub}", child) for sub, child in command.commands.items())
        else:
            yield name, command


ALL = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_line_of_its_own(name: str) -> None:
    assert COMMANDS[name]
    assert not COMMANDS[name].endswith(".")


@pytest.mark.parametrize("name", ALL)
def test_every_command_and_every_parameter_says_what_it_does(name: str) -> None:
    assert ALL[name].help
    for parameter in ALL[name].params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"


@pytest.mark.parametrize("name", ALL)
def test_every_command_speaks_json(name: str) -> None:
    options = {option for parameter in ALL[name].params for option in parameter.opts}
    assert "--json" in options or name in ONLY_BYTES | ONLY_SCREEN


def test_every_exit_code_is_documented_and_no_other() -> None:
    documented = {
        int(code) for code in re.findall(r"^\| (\d+) \|", (REPOSITORY / "docs/scripting.md").read_text(), re.MULTILINE)
    }
    ours = {value for name, value in vars(errors.ExitCode).items() if name.isupper()}
    assert documented == ours


def test_every_package_says_what_lives_in_it() -> None:
    for file in (REPOSITORY / "echoctl").rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(file.read_text())), file


def test_imports_point_down() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_every_room_is_small() -> None:
    assert check_shape.main() == 0


def test_the_shape_check_fails_on_each_kind_of_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = tmp_path / "echoctl"
    for place in (room, tmp_path / "tests"):
        place.mkdir()
    (room / "__init__.py").write_text('"""A package.\n\none   what it does\n"""')
    (room / "one.py").write_text("class A: ...\n")
    (room / "two.py").write_text("class A: ...\n" + "\n" * 400)
    for number in range(check_shape.MODULES + 1):
        (tmp_path / f"tests/test_{number}.py").write_text("import tests.test_0\n" if number == 1 else "")
    (tmp_path / "tests/test_2.py").write_text("\n" * 401)
    monkeypatch.setattr(check_shape, "ROOT", tmp_path)
    assert check_shape.main() == 1
    assert sorted(line.split(": ")[0] for line in capsys.readouterr().out.splitlines()) == [
        "echoctl/__init__.py:1",  # two has no sign
        "echoctl/two.py:1",  # long
        "echoctl/two.py:1",  # A twice
        "tests/test_1.py:1",  # leans on another test
        "tests/test_2.py:1",  # long
        "tests:1",  # crowded
    ]


def test_the_walks_of_the_architecture_are_as_short_as_it_says(speech_model: Path) -> None:
    env = {**os.environ, "ECHOCTL_MODELS_DIR": str(speech_model.parent)}
    run = subprocess.run([sys.executable, "-m", "bench.walks"], capture_output=True, text=True, cwd=REPOSITORY, env=env)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_shape_check_sees_what_it_should() -> None:
    long = "def f() -> None:\n" + "    pass\n" * 50
    assert [problem for _, problem in check_shape.problems('"""Doc."""\n' + long)] == ["f has 51 lines, more than 45"]
    assert "wants a second room" in next(check_shape.problems('"""Doc."""\n' * 400))[1]


@pytest.mark.parametrize(
    "text", ["from tests.audio.test_mic import played", "from tests.audio import test_mic", "import tests.test_logs"]
)
def test_what_a_test_borrows_from_another_test_is_seen(text: str) -> None:
    [(line, problem)] = check_shape.problems(f"import os\n{text}\n", test=True)
    assert line == 2
    assert "a helper module or a conftest" in problem


def test_a_crowded_folder_is_seen(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    for name in ("__init__", "conftest", *(f"module_{n}" for n in range(15))):
        (room / f"{name}.py").touch()
    assert list(check_shape.crowded(tmp_path)) == []
    (room / "one_more.py").touch()
    assert list(check_shape.crowded(tmp_path)) == [(room, "16 modules lie here, more than 15: they want packages")]


def test_two_classes_of_one_name_are_seen(tmp_path: Path) -> None:
    for name, text in (("one", "class Ear: ..."), ("other", "class Eye: ..."), ("third", "class Ear: ...")):
        (tmp_path / f"{name}.py").write_text(text)
    [(file, problem)] = check_shape.doubles(tmp_path)
    assert file == tmp_path / "third.py"
    assert problem.startswith("Ear is a class of one.py, too")


@pytest.mark.parametrize("folder", ["echoctl", "bench", "tools", "plugins/echoctl-notify/echoctl_notify"])
def test_ruff_sees_a_module_without_a_docstring_and_what_is_left_for_later(folder: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format=concise", f"--stdin-filename={folder}/some.py", "-"],
        input="x = 1  # TO" + "DO: later\n",
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert "D100" in run.stdout
    assert "FIX002" in run.stdout


def test_a_signpost_with_a_table_names_every_module_and_no_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").touch()
    post = tmp_path / "__init__.py"
    post.write_text('"""A package of one and some more."""')
    assert list(check_shape.unsigned(tmp_path)) == []
    post.write_text('"""A package.\n\none   what it does\n"""')
    assert list(check_shape.unsigned(tmp_path)) == [(post, "the signpost does not name two")]
    post.write_text('"""A package.\n\none   what it does\ntwo   this\nsix   moved\n"""')
    assert list(check_shape.unsigned(tmp_path)) == [(post, "the signpost names six, which is not here")]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=REPOSITORY, check=False)
    if listed.returncode:  # an archive without its history: look at what is there
        return [file for file in REPOSITORY.rglob("*") if file.is_file() and ".venv" not in file.parts]
    return [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]


MACHINE = re.compile(
    rb"|".join(
        (
            rb"/(?:root|home/[a-z]+|work)/",
            rb"files\.python" + rb"hosted",
            rb"pypi\.org/" + rb"(?:simple|packages)",
            rb"registry\.npm" + rb"js",
            rb"--index" + rb"-url \S*:",
        )
    )
)
"""Paths of somebody's machine, and addresses that are its configuration; in pieces, so that this file is read, too."""


def test_no_file_names_somebodys_machine_or_a_registry() -> None:
    found = [
        f"{file.relative_to(REPOSITORY)}: {hit[0].decode()}"
        for file in tracked()
        if file.is_file() and (hit := MACHINE.search(file.read_bytes()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", [b"see /home" + b"/ann/x", b"/root" + b"/.cache", b"https://files.python" + b"hosted.org/a"]
)
def test_the_search_for_machines_sees_them(text: bytes) -> None:
    assert MACHINE.search(text)


def test_every_pinned_package_has_hashes_and_no_address() -> None:
    for file in (REPOSITORY / "constraints").glob("*.txt"):
        for block in re.split(r"\n(?=\S)", file.read_text().strip()):
            assert block.startswith("#") or "--hash=sha256:" in block, block
            assert "://" not in block, block
