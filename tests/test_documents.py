"""What the documents and the help tell people to type can be typed."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer

from echoctl.cli.app import typer_app
from tests.conftest import REPOSITORY
from tools.shells.tree import Command, tree

TREE = tree()
DOCUMENTS = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")])

_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`(echoctl [^`]+)`")
_ENDS = re.compile(r"\s{2,}|\s[|;>&#]|\s--\s|$")
"""Where a command ends in a line: a gap before a remark, or something of the shell's."""


def typed(text: str) -> Iterator[str]:
    """Every `echoctl …` of a Markdown text: in blocks, at the start of a line or after a pipe, and in code spans."""
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            for start in re.finditer(r"(?:^|[|(;] )(?:\$ )?(?:[A-Z_]+=\S+ )*(echoctl .*)", line.strip()):
                yield start[1]
    yield from (" ".join(span.split()) for span in _SPAN.findall(_BLOCK.sub("", text)))


def wrong(line: str) -> str:
    """What of a command line does not exist; empty when all does."""
    line = line[: match.start()] if (match := _ENDS.search(line)) else line
    try:
        words = shlex.split(line)[1:]
    except ValueError:  # an unfinished quote: cut at a gap inside of it
        words = line.split()[1:]
    at = TREE
    for word in words:
        if word.startswith("-") and word != "-":
            name = word.split("=")[0].rstrip(".,…)]")
            if (
                name.startswith("-")
                and name.strip("-")
                and name not in {n for option in at.options for n in option.names}
            ):
                return f"{' '.join(at.path)} has no {name}"
        elif sub := next((sub for sub in at.subs if sub.path[-1] == word.rstrip(".,…")), None):
            at = sub
        elif at.subs and not at.places and re.fullmatch(r"[a-z-]+", word):
            return f"{' '.join(at.path)} has no {word}"
    return ""


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_command_in_a_document_exists(file: object) -> None:
    lines = list(typed(file.read_text()))  # type: ignore[attr-defined]
    assert [f"{line}: {problem}" for line in lines if (problem := wrong(line))] == []


def examples(command: Command) -> Iterator[str]:
    found = typer.main.get_command(typer_app(command.path[1]))
    for name in command.path[2:]:
        found = found.commands[name]  # type: ignore[attr-defined]
    yield from re.findall(r"^(?:.*\| )?(echoctl .*)$", found.help or "", re.MULTILINE)


COMMANDS = [command for command in TREE.walk() if len(command.path) > 1]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.path))
def test_every_example_in_a_help_text_exists(command: Command) -> None:
    assert [f"{line}: {problem}" for line in examples(command) if (problem := wrong(line))] == []


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if len(c.subs) > 2], ids=lambda command: " ".join(command.path)
)
def test_the_help_of_a_group_has_examples(command: Command) -> None:
    assert len(list(examples(command))) >= 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("echoctl history list --room kitchen", ""),
        ("echoctl history lists", "echoctl history has no lists"),
        ("echoctl history list --rom x", "echoctl history list has no --rom"),
        ("echoctl statsu", "echoctl has no statsu"),
        ("echoctl listen --json | jq --raw", ""),
        ("echoctl history delete    --never", ""),
    ],
)
def test_the_check_sees_what_is_wrong(line: str, problem: str) -> None:
    assert wrong(line) == problem


def test_the_search_finds_commands() -> None:
    text = (
        "See `echoctl mute`.\n```sh\n$ echoctl status   # x\nfoo | echoctl listen\nECHOCTL_A=b echoctl db path\n```\n"
    )
    assert list(typed(text)) == ["echoctl status   # x", "echoctl listen", "echoctl db path", "echoctl mute"]


def test_every_command_is_in_the_documents() -> None:
    text = "\n".join(file.read_text() for file in DOCUMENTS)
    leaves = [" ".join(command.path[1:]) for command in COMMANDS if not command.subs]
    assert [leaf for leaf in leaves if leaf not in text] == []
