import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TESTS = """
import pytest

@pytest.fixture
def speech_model(): pass

@pytest.fixture
def listener(speech_model): pass

@pytest.fixture
def terminal(): pass

@pytest.fixture
def sound_lab(): pass

@pytest.fixture
def net_lab(): pass

def test_plain(): pass

def test_speech(listener): pass

def test_screen(terminal): pass

def test_sound(sound_lab): pass

def test_network(net_lab): pass

@pytest.mark.slow
def test_patient(): pass
"""


def outcome(folder: Path, *arguments: str) -> list[str]:
    (folder / "test_some.py").write_text(TESTS)
    plugins = ["-p", "tests.harness.tiers", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-q", *arguments, str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "CI": "", "PYTHONPATH": str(REPOSITORY)},
        check=False,
    ).stdout.splitlines()


@pytest.mark.parametrize("parallel", [(), ("-n", "2")])
def test_a_fast_run_leaves_out_what_needs_more_and_says_how_much(tmp_path: Path, parallel: tuple[str, ...]) -> None:
    said = outcome(tmp_path, *parallel, "-m", "not lab and not model and not slow")
    assert "left out: 5 tests" in said
    assert said[-1].startswith("1 passed")


def test_a_run_of_everything_has_left_nothing_out(tmp_path: Path) -> None:
    said = outcome(tmp_path)
    assert said[-1].startswith("6 passed")
    assert not [line for line in said if "left out" in line]


def test_what_a_fixture_needs_is_told_from_it(tmp_path: Path) -> None:
    assert "1 passed" in outcome(tmp_path, "-m", "model")[-1]
    assert "3 passed" in outcome(tmp_path, "-m", "lab")[-1]
    assert outcome(tmp_path, "--collect-only")[0].endswith("test_patient")


def test_tests_with_sound_run_one_at_a_time(tmp_path: Path) -> None:
    said = outcome(tmp_path, "-n", "2", "--dist", "loadgroup", "-vv")
    assert [line for line in said if "test_sound@sound" in line]
    assert not [line for line in said if "test_network@" in line]


def test_a_dashboard_is_slow(tmp_path: Path) -> None:
    folder = tmp_path / "tests/tui"
    folder.mkdir(parents=True)
    said = outcome(folder, "-m", "not slow", "--rootdir", str(tmp_path))
    assert "left out: 6 tests" in said
