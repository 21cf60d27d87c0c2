import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.errors import ExitCode
from tests.conftest import Run

Cli = Callable[..., Run]


def test_nothing_is_fetched_unasked(cli: Cli) -> None:
    run = cli("model", "install")
    assert run.exit == ExitCode.REFUSED
    assert "41 MB" in run.stderr
    assert "alphacephei.com" in run.stderr


def test_a_dry_run_tells_size_source_and_terms(cli: Cli) -> None:
    run = cli("model", "install", "--dry-run")
    assert run.exit == 0
    assert "Apache-2.0" in run.stderr
    assert "states none" in run.stderr


def test_the_list_names_engines_and_their_licences(cli: Cli) -> None:
    run = cli("model", "list", "--json")
    assert run.json["models"] == []
    licences = {engine["name"]: engine["licence"] for engine in run.json["engines"]}
    assert licences["microWakeWord"] == "Apache-2.0"
    assert licences["openWakeWord"] == "CC BY-NC-SA 4.0"
    assert "CC BY-NC-SA 4.0" in cli("model", "list").stdout


@pytest.mark.parametrize("args", [("verify",), ("verify", "en-us")])
def test_no_model_is_exit_5_with_what_to_do(cli: Cli, args: tuple[str, ...]) -> None:
    run = cli("model", *args)
    assert run.exit == ExitCode.MODEL
    assert "hint: echoctl model install" in run.stderr


def test_an_archive_that_is_none_is_exit_5(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"no zip")
    run = cli("model", "install", "--from", str(tmp_path / "model.zip"), "--yes")
    assert run.exit == ExitCode.MODEL
    assert len(run.stderr.splitlines()) == 4  # the plan, the error, the hint


def test_an_archive_with_a_way_out_is_exit_5(cli: Cli, tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("../../evil", b"x")
    (tmp_path / "model.zip").write_bytes(data.getvalue())
    run = cli("model", "install", "--from", str(tmp_path / "model.zip"), "--yes")
    assert run.exit == ExitCode.MODEL
    assert "not safe" in run.stderr


@pytest.mark.slow
def test_the_real_model_installs_verifies_and_goes(cli: Cli, speech_model: str) -> None:
    installed = cli("model", "install", "--from", speech_model, "--yes", "--json").json
    assert installed["fault"] == ""
    verified = cli("model", "verify", "--json").json
    assert verified["sha256"] == installed["sha256"]
    assert cli("model", "list", "--json").json["models"][0]["name"] == "en-us"
    assert cli("model", "remove", "en-us").exit == ExitCode.REFUSED
    assert cli("model", "remove", "en-us", "--yes", "--json").json["removed"] == "en-us"
    assert cli("model", "verify").exit == ExitCode.MODEL
