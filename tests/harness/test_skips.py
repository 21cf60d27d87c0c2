import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SKIPS = """
import pytest

def test_ran(): pass

@pytest.mark.skip(reason="lazy")
def test_marked(): pass

def test_called(): pytest.skip("no microphone")

@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""
MODULE = "import pytest\npytest.importorskip('no_such_package')\ndef test_never(): pass\n"


def outcome(folder: Path, tests: str, ci: str) -> str:
    (folder / "test_some.py").write_text(tests)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.harness.skips", "-p", "no:cacheprovider", "-q", str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    ).stdout


def test_a_skip_fails_in_ci(tmp_path: Path) -> None:
    said = outcome(tmp_path, SKIPS, "true")
    assert "skips are failures in CI: Skipped: no microphone" in said
    assert said.splitlines()[-1].startswith("1 failed, 1 passed, 1 xfailed, 1 error")


def test_a_module_that_skips_itself_fails_in_ci(tmp_path: Path) -> None:
    said = outcome(tmp_path, MODULE, "true")
    assert "skips are failures in CI" in said
    assert said.splitlines()[-1].startswith("1 error")


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    assert outcome(tmp_path, SKIPS, "").splitlines()[-1].startswith("1 passed, 2 skipped, 1 xfailed")


@pytest.mark.parametrize("variable", ["ECHOCTL_DATA_DIR", "XDG_DATA_HOME"])
def test_no_test_sees_the_persons_folders(variable: str, home: Path) -> None:
    assert variable not in os.environ
    assert Path.home() == home
