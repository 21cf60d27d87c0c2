"""The real command on real sound: the packaged sample, at the speed of the machine unless a test says otherwise."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoctl.services.listening.demo import SAMPLE
from tests.conftest import REPOSITORY
from tests.lab.cage import inner


@pytest.fixture
def sample() -> Path:
    """Two requests: "alexa, what time is it" and "alexa, turn on the kitchen light"."""
    return SAMPLE


@pytest.fixture
def installed_model(speech_model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let echoctl find the speech model, though its home is empty."""
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(speech_model))


class Running:
    """An `echoctl …` that has not ended yet."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, text: str, timeout: float = 30) -> str:
        """Read stdout until a line holds `text`; fails when the process ends before."""
        assert self.process.stdout
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            line = self.process.stdout.readline()
            if not line:
                break
            self.lines.append(line)
            if text in line:
                return line
        error = self.process.stderr.read() if self.process.stderr and self.process.poll() is not None else ""
        raise AssertionError(f"no {text!r} in {''.join(self.lines)}\n{error}")

    def end(self, number: int = signal.SIGTERM, timeout: float = 20) -> int:
        """Send a signal and wait; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout)

    @property
    def ear(self) -> int:
        """The process that hears: the inner one, where its sandbox has numbers of its own."""
        return self._child("echoctl.services.ear.process")

    @property
    def microphone(self) -> int:
        """The process that holds the device, or reads the file."""
        return self._child("echoctl.services.microphone.process")

    def _child(self, module: str) -> int:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
                for child in map(int, (thread / "children").read_text().split()):
                    if module in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
                        return inner(child)
            time.sleep(0.02)
        raise AssertionError(f"no process runs {module}")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `echoctl …`; whatever still runs at the end of the test is killed."""
    started: list[Running] = []

    def run(*arguments: object, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.PIPE, **env: str) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "echoctl", *map(str, arguments)],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **env},
        )
        started.append(Running(process))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()
