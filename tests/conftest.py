"""What every test stands on: a home of its own, the real command, and the speech model.

No test may see the person's own recordings, settings or keys, so HOME and everything that names one of echoctl's
folders are replaced before each test.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from echoctl import paths

pytest_plugins = [
    "tests.harness.skips",
    "tests.harness.tiers",
    "tests.heard",
    "tests.hooks.made",
    "tests.lab.cage",
    "tests.lab.listener",
    "tests.lab.net",
    "tests.lab.sound",
    "tests.lab.terminal",
]
"""Where the fixtures are that several packages of tests share."""

REPOSITORY = Path(__file__).resolve().parent.parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever runs the tests in the background of a script ignores Ctrl-C, and so would every process that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Looked up before any test has a home of its own: the one thing that is taken from the person's.
_MODEL_PLACES = [os.environ.get("ECHOCTL_TEST_MODEL", ""), *paths.model_dirs()]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, in force for this process and for those that it starts."""
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("ECHOCTL_", "XDG_DATA", "XDG_STATE", "XDG_CONFIG", "XDG_CACHE")) or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@dataclass(frozen=True)
class Run:
    """How one run of echoctl ended."""

    exit: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """stdout as one JSON document."""
        return json.loads(self.stdout)

    @property
    def events(self) -> list[dict[str, Any]]:
        """stdout as NDJSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]


@pytest.fixture
def cli(home: Path, tmp_path: Path) -> Callable[..., Run]:
    """Run `echoctl …` as a real process in the test's home: cli("status", "--json").json."""

    def run(*arguments: object, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float = 60) -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "echoctl", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def speech_model() -> Path:
    """The folder of an English Vosk model: ECHOCTL_TEST_MODEL, else the one that `echoctl model install` put down."""
    for place in filter(None, _MODEL_PLACES):
        for acoustic in sorted([*Path(place).glob("am/final.mdl"), *Path(place).glob("*/am/final.mdl")]):
            return acoustic.parent.parent
    pytest.skip("no speech model: echoctl model install, or set ECHOCTL_TEST_MODEL")
