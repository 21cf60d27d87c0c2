import json
from pathlib import Path
from typing import Never

import pytest

from echoctl.cli import app
from echoctl.errors import ExitCode, StoreError


def test_help_lists_every_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--help"]) == 0
    said = capfd.readouterr().out
    assert all(f"  {name} " in said for name in app.COMMANDS)


@pytest.mark.parametrize("argv", [[], ["-h"]])
def test_without_arguments_there_is_help(argv: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert app.main(argv) == 0
    assert capfd.readouterr().out.startswith("Usage: echoctl")


@pytest.mark.parametrize("name", list(app.COMMANDS))
def test_every_command_has_help(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert app.typer_app(name)
    assert app.main([name, "--help"]) == 0
    assert capfd.readouterr().out.startswith(f"Usage: echoctl {name}")


@pytest.mark.parametrize(
    ("argv", "error", "hint"),
    [
        (["statsu"], "no such command: statsu", "did you mean status?"),
        (["xyzzy"], "no such command: xyzzy", "echoctl --help lists them"),
        (["--nonsense"], "no such option: --nonsense", "echoctl --help shows what it takes"),
        (["listen", "--room"], "option '--room' requires an argument", "echoctl listen --help shows what it takes"),
        (["status", "--nonsense"], "no such option: --nonsense", "echoctl status --help shows what it takes"),
    ],
)
def test_usage_errors_are_a_line_and_a_hint(
    argv: list[str], error: str, hint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert app.main(argv) == ExitCode.USAGE
    assert capfd.readouterr().err == f"echoctl: error: {error}\nechoctl: hint: {hint}\n"


def break_status(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail() -> Never:
        raise error

    monkeypatch.setattr("echoctl.services.state.snapshot", fail)


def test_with_json_the_error_is_the_last_line_of_stdout(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    break_status(monkeypatch, StoreError("it is busy", "try again"))
    assert app.main(["status", "--json"]) == ExitCode.STORE
    said = json.loads(capfd.readouterr().out)
    assert said == {"v": 1, "type": "error", "code": 8, "message": "it is busy", "hint": "try again"}


def test_a_bug_is_a_line_and_its_traceback_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("ECHOCTL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    break_status(monkeypatch, RuntimeError("never seen before"))
    assert app.main(["status"]) == ExitCode.BUG
    said = capfd.readouterr().err
    assert said.startswith("echoctl: error: a bug in echoctl (RuntimeError)\n")
    assert "Traceback" not in said
    log = said.rsplit("the details are in ", 1)[1].strip()
    assert "never seen before" in Path(log).read_text()


def test_ctrl_c_is_130_and_silent(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    break_status(monkeypatch, KeyboardInterrupt())
    assert app.main(["status"]) == ExitCode.SIGINT
    assert capfd.readouterr().err == ""


def test_a_full_disk_under_stdout_is_code_8() -> None:
    import subprocess
    import sys

    with open("/dev/full", "wb") as full:
        run = subprocess.run([sys.executable, "-m", "echoctl", "--help"], stdout=full, stderr=subprocess.PIPE)
    assert run.returncode == ExitCode.STORE
    assert run.stderr.startswith(b"echoctl: error: the disk is full")
