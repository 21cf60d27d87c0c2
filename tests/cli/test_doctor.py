from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths


@pytest.fixture
def broken(home: Path) -> Path:
    file = Path(paths.config_file())
    file.parent.mkdir(parents=True)
    file.write_text("[listen]\nrom = 1\n")
    return file


def test_a_failure_has_its_cure_and_sets_the_exit_code(cli: Callable, broken: Path) -> None:
    run = cli("doctor")
    assert run.exit == 2
    lines = run.stdout.splitlines()
    finding = next(number for number, line in enumerate(lines) if line.startswith("fail  config"))
    assert f"{broken}:2: unknown key listen.rom" in lines[finding]
    assert lines[finding + 1].strip() == "fix: echoctl config validate lists every problem"
    assert run.stderr == ""


def test_json_carries_the_same_findings(cli: Callable, broken: Path) -> None:
    run = cli("doctor", "--json")
    assert run.exit == 2
    assert run.json["ok"] is False
    checks = {check["name"]: check for check in run.json["checks"]}
    assert checks["config"]["grade"] == "fail"
    assert checks["config"]["fix"] == "echoctl config validate lists every problem"
    assert checks["python"]["grade"] == "ok"


def test_it_changes_nothing(cli: Callable, home: Path) -> None:
    cli("doctor")
    # libpulse makes its own folder when it is asked for devices.
    assert [path for path in home.rglob("*") if path.is_file() and "pulse" not in path.parts] == []
