import re
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from tests.cli.inside import GOOD, Main
from tests.conftest import REPOSITORY
from tests.heard import MORNING_MS, chooses, nobody, say


def test_what_was_found_is_a_table_like_the_list(main: Main, three: list[str]) -> None:
    said = main("history", "search", "NUMBER 1")
    assert said.exit == 0 and said.stderr == ""
    assert said.stdout.splitlines()[1].endswith("number 1")
    assert len(said.stdout.splitlines()) == 2


def test_pages_of_a_search_lead_to_each_other(main: Main, three: list[str]) -> None:
    first = main("history", "search", "number", "-n", "2", "--json").json
    assert [r["id"] for r in first["recordings"]] == three[:0:-1]
    assert (first["next"], first["damaged"]) == (three[1], 0)
    second = main("history", "search", "number", "-n", "2", "--before-id", first["next"], "--json").json
    assert ([r["id"] for r in second["recordings"]], second["next"], second["looked"]) == ([three[0]], None, 1)
    assert f"--before-id {three[1]}" in main("history", "search", "number", "-n", "2").stderr


def test_nothing_found_is_said_and_no_failure(main: Main, three: list[str]) -> None:
    said = main("history", "search", "--regex", "number [7-9]")
    assert (said.exit, said.stdout) == (0, "") and "nothing was found in 3 texts" in said.stderr
    assert main("history", "search", "xyz", "--json").json == {
        "recordings": [], "next": None, "looked": 3, "damaged": 0,
    }  # fmt: skip


def test_before_anything_was_heard(main: Main, store: Path) -> None:
    said = main("history", "search", "light")
    assert (said.exit, said.stdout) == (0, "") and "nothing was heard yet" in said.stderr
    assert main("history", "search", "light", "--json").json["recordings"] == []
    assert list(store.iterdir()) == []


def test_a_locked_vault_wants_its_passphrase(main: Main, locked: list[str], pw: str) -> None:
    assert main("history", "search", "number").exit == 6
    found = main("history", "search", "number", "--passphrase-file", pw, "--json").json
    assert len(found["recordings"]) == 3


@pytest.mark.parametrize("argv", [["("], [" "]])
def test_what_cannot_be_searched_for(main: Main, three: list[str], argv: list[str]) -> None:
    assert main("history", "search", "--regex" if argv == ["("] else "--json", *argv).exit == 2


@pytest.mark.lab
def test_a_search_writes_and_leaves_nothing(recorder: Recorder, tmp_path: Path, pw: str) -> None:
    """Every file that the process opens for writing, by the kernel's account: SQLite's own lock file at most."""
    for n in range(40):
        say(recorder, f"the canary number {n}", MORNING_MS + n)
    unlocking.set_passphrase(nobody, chooses(GOOD))
    recorder.close()
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-s", "4096", "-e", "trace=%file,write,pwrite64,writev,pwritev,mmap", "-o", str(trace)]
    echoctl = [sys.executable, "-B", "-m", "echoctl", "history", "search", "canary", "--json", "--passphrase-file", pw]
    run = subprocess.run([*command, *echoctl], capture_output=True, cwd=REPOSITORY, check=True)
    assert run.stdout.count(b"the canary") == 20
    lines = trace.read_text(errors="replace").splitlines()
    opened = [re.search(r'"([^"]*)"', line) for line in lines if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE", line)]
    written = {Path(hit[1]).name for hit in opened if hit and not hit[1].startswith(("/dev/", "/proc/"))}
    assert written <= {"echoctl.db", "echoctl.db-wal", "echoctl.db-shm"}, written
    to_files = [line for line in lines if re.search(r" p?write(v|64)?\((?!1,|2,)", line)]
    assert not [line for line in to_files if "canary" in line]
    for file in tmp_path.rglob("*"):
        if file.is_file() and file != trace:
            assert b"canary" not in file.read_bytes(), file
