import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl import fastpath
from echoctl.cli import app


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize("argv", [["status"], ["status", "--json"], ["mute"], ["mute", "--json"], ["unmute"]])
def test_both_ways_print_the_same_bytes(argv: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    fastpath.run(argv)  # so that the second mute finds it muted, as the third does
    capfdbinary.readouterr()
    assert fastpath.run(argv) == 0
    fast = capfdbinary.readouterr().out
    assert app.main(argv) == 0
    assert capfdbinary.readouterr().out == fast != b""


@pytest.mark.parametrize(
    "argv", [["status", "--help"], ["status", "--follow"], ["mute", "--nonsense"], ["--version", "x"]]
)
def test_anything_but_the_plain_form_goes_to_the_command_line(argv: list[str]) -> None:
    assert fastpath.run(argv) is None


def test_status_in_json_says_who_muted_and_since_when(capfd: pytest.CaptureFixture[str]) -> None:
    fastpath.run(["mute"])
    capfd.readouterr()
    fastpath.run(["status", "--json"])
    said = json.loads(capfd.readouterr().out)
    assert (said["state"], said["muted"], said["muted_by"]) == ("muted", True, "echoctl mute")
    assert said["muted_since"].startswith("20")


def test_a_broken_store_is_one_line_and_code_8(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "echoctl.db").write_bytes(b"not a database, but long enough to look like a file" * 50)
    (data / "echoctl.db").chmod(0o600)
    run = subprocess.run([sys.executable, "-m", "echoctl", "status"], capture_output=True, text=True)
    assert run.returncode == 8
    assert [line.split(": ")[:2] for line in run.stderr.splitlines()] == [["echoctl", "error"], ["echoctl", "hint"]]


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    python = shlex.quote(sys.executable)
    command = f"{python} -m echoctl status | true; {python} -m echoctl --help | true"
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
