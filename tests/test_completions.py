"""The completion scripts: as fresh as the command tree, and right in the shells that run them."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from echoctl.services.history.recorder import Recorder
from echoctl.services.system.completion import SCRIPTS
from echoctl.services.system.completion import values as complete
from echoctl.store.completion import KINDS
from tests.conftest import REPOSITORY
from tests.heard import say
from tests.lab.shells import COMPLETIONS, Shell, install
from tools import make_completions
from tools.shells.tree import ASKED as RULES
from tools.shells.tree import KNOWN, tree

BASH = ["bash", "--norc", "--noprofile", "-i"]


def test_the_scripts_are_what_the_command_tree_says() -> None:
    stale = [str(file.relative_to(REPOSITORY)) for file in make_completions.stale()]
    assert not stale, f"{', '.join(stale)}: the command line has changed; run: make completions"


def test_a_changed_command_tree_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from echoctl.cli import app

    monkeypatch.setitem(app.COMMANDS, "mute", "Another help line")
    assert {file.name for file in make_completions.stale()} >= {"_echoctl", "echoctl.fish", "echoctl.ps1"}


def test_every_kind_that_a_script_asks_for_is_answered() -> None:
    asked = {value[1:] for command in tree().walk() for value in values(command) if value.startswith("@")}
    assert asked
    assert asked <= {*KINDS, "models", "interfaces"}


def test_every_rule_of_the_tree_is_used() -> None:
    used = {value for command in tree().walk() for value in values(command)}
    assert {*RULES.values(), *KNOWN.values()} <= used


def values(command: object) -> list[str]:
    options = [option.value for option in command.options]  # type: ignore[attr-defined]
    return [value for value in [*options, *(place.value for place in command.places)] if value]  # type: ignore[attr-defined]


@pytest.fixture
def path(recorder: Recorder, tmp_path: Path) -> Path:
    """A folder for PATH with echoctl in it, and a store with two recordings."""
    say(recorder, "what time is it", 1_800_000_000_000)
    say(recorder, "turn on the light", 1_800_000_001_000, word="hey jarvis")
    return install(tmp_path / "bin")


STATIC = [
    ("echoctl his", ["history"]),
    ("echoctl history sh", ["show"]),
    ("echoctl history list --ro", ["--room"]),
    ("echoctl --ver", ["--version"]),
    ("echoctl listen --room x --sto", ["--store"]),
    ("echoctl listen --store ti", ["times"]),
    ("echoctl history feedback 01ABC wr", ["wrong"]),
    ("echoctl history feedback --text hello 01ABC wr", ["wrong"]),
    ("echoctl completion fi", ["fish"]),
    ("echoctl history export -o x --format ", ["wav", "flac", "opus", "dir", "age"]),
]
ASKED = [
    ("echoctl history list --room ki", ["kitchen"]),
    ("echoctl listen -w ale", ["alexa"]),
    ("echoctl traffic watch -i l", ["lo"]),
    ("echoctl history show 01M", ["first", "second"]),
    ("echoctl history export 01ABC 01M", ["first", "second"]),
]


def expected(said: list[str]) -> list[str]:
    """`first` and `second` stand for the ids that the store has."""
    ids = [value for value, _ in complete("recordings", "")]
    return sorted(
        word for said_word in said for word in (ids if said_word == "first" else [said_word] * (said_word != "second"))
    )


def bash_offers(path: Path, line: str) -> list[str]:
    """What the function answers, without a terminal."""
    code = (
        f"PATH={path}:$PATH; source {COMPLETIONS}/echoctl.bash; COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'\n"
        'read -ra COMP_WORDS <<< "$0"; [[ $0 == *" " ]] && COMP_WORDS+=("")\n'
        'COMP_LINE=$0 COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _echoctl; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    run = subprocess.run(["bash", "-c", code, line], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return sorted(run.stdout.split())


def fish_offers(path: Path, line: str) -> list[str]:
    code = f"set -gx PATH {path} $PATH; source {COMPLETIONS}/echoctl.fish; complete -C{line!r}"
    run = subprocess.run(["fish", "--no-config", "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return sorted(found.split("\t")[0] for found in run.stdout.splitlines())


@pytest.mark.parametrize(("line", "offered"), STATIC + ASKED)
def test_bash_offers(path: Path, line: str, offered: list[str]) -> None:
    assert bash_offers(path, line) == expected(offered)


@pytest.mark.lab
@pytest.mark.parametrize(("line", "offered"), STATIC + ASKED)
def test_fish_offers(path: Path, line: str, offered: list[str]) -> None:
    assert fish_offers(path, line) == expected(offered)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("echoctl history list --room=ki", ["--room=kitchen"]),
        ("echoctl history list --room=nowhere", []),
        ("echoctl listen --store=ti", ["--store=times"]),
        ("echoctl listen -w hey\\ j", ["hey jarvis"]),
        ("echoctl listen --input /etc/host", sorted(map(str, Path("/etc").glob("host*")))),
        ("echoctl history list --since ", []),
    ],
)
def test_fish_offers_values_as_they_are_typed(path: Path, line: str, offered: list[str]) -> None:
    assert [word.rstrip("/") for word in fish_offers(path, line)] == offered


@pytest.mark.parametrize(("line", "_"), STATIC)
def test_words_that_the_script_knows_start_no_process(path: Path, line: str, _: list[str]) -> None:
    bash_offers(path, line)
    assert not (path / "calls").exists()


@pytest.mark.lab
@pytest.mark.parametrize(("line", "_"), STATIC)
def test_nor_do_they_in_fish(path: Path, line: str, _: list[str]) -> None:
    fish_offers(path, line)
    assert not (path / "calls").exists()


TYPED = [
    ("echoctl his\t", "echoctl history "),
    ("echoctl history delete --dry\t", "--dry-run "),
    ("echoctl history list --room=ki\t", "--room=kitchen"),
    ("echoctl listen -w hey\\ j\t", "hey\\ jarvis "),
    ("echoctl history show 01\t", "01MCC"),
]


@pytest.mark.parametrize(("keys", "shown"), TYPED)
def test_tab_in_a_real_bash(path: Path, keys: str, shown: str) -> None:
    with Shell(BASH, path, f"source {COMPLETIONS}/echoctl.bash") as shell:
        shell.type(keys, until=shown)


def test_an_open_quote_stays_one_in_bash(path: Path) -> None:
    with Shell(BASH, path, f"source {COMPLETIONS}/echoctl.bash") as shell:
        shell.type('echoctl listen -w "hey j\t', until='"hey jarvis" ')


def test_file_names_are_offered_where_a_file_is_meant(path: Path, tmp_path: Path) -> None:
    (tmp_path / "an evening.flac").touch()
    with Shell(BASH, path, f"source {COMPLETIONS}/echoctl.bash; cd {tmp_path}") as shell:
        shell.type("echoctl listen --input an\t", until="an\\ evening.flac ")


ZSH = "PS1='> '; setopt no_beep; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D"


@pytest.fixture
def fpath(tmp_path: Path) -> Path:
    """A folder with the script under the name by which zsh finds it."""
    folder = tmp_path / "zfunc"
    folder.mkdir()
    shutil.copy(COMPLETIONS / "_echoctl", folder)
    return folder


@pytest.mark.lab
@pytest.mark.parametrize(("keys", "shown"), TYPED)
def test_tab_in_a_real_zsh(path: Path, fpath: Path, keys: str, shown: str) -> None:
    with Shell(["zsh", "-f", "-i"], path, ZSH.format(folder=fpath)) as shell:
        shell.type(keys, until=shown)


@pytest.mark.lab
def test_zsh_says_what_each_word_does_and_takes_the_script_from_a_pipe_too(path: Path) -> None:
    setup = ZSH.format(folder="") + "; source <(echoctl completion zsh)"
    with Shell(["zsh", "-f", "-i"], path, setup) as shell:
        shell.type("echoctl \t\t", until="close the microphone".capitalize())
        shell.type("\x15echoctl history feedback 01 \t\t", until="wrong")


@pytest.mark.lab
def test_bash_loads_the_script_when_it_is_first_needed(path: Path, tmp_path: Path) -> None:
    """As `echoctl completion bash` says where to put it: the package bash-completion finds it there."""
    folder = tmp_path / "share/bash-completion/completions"
    folder.mkdir(parents=True)
    shutil.copy(COMPLETIONS / "echoctl.bash", folder / "echoctl")
    setup = f"export XDG_DATA_HOME={tmp_path}/share; source /usr/share/bash-completion/bash_completion"
    with Shell(BASH, path, setup) as shell:
        shell.type("echoctl his\t", until="echoctl history ")


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling builds wheels: tools/setup")
def test_the_wheel_brings_the_scripts_and_says_that_it_has_types(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"echoctl/completions/{file}" for file in SCRIPTS.values()} <= set(names)
    assert "echoctl/py.typed" in names


def test_the_powershell_script_is_well_formed_and_complete() -> None:
    """No PowerShell runs here: its brackets and quotes are counted, and its table is compared with the tree."""
    text = (COMPLETIONS / "echoctl.ps1").read_text()
    code = re.sub(r"#.*|'(?:[^']|'')*'|\"(?:[^\"`]|`.)*\"", "", text)
    assert "'" not in code
    assert '"' not in code
    for opening, closing in ("{}", "()", "[]"):
        assert code.count(opening) == code.count(closing)
    named = set(re.findall(r"^ {8}'(.+)' = @\{$", text, re.MULTILINE))
    assert named == {" ".join(command.path) for command in tree().walk()}
    for command in tree().walk():
        for option in command.options:
            assert all(f"'{name}' = '" in text for name in option.names)
