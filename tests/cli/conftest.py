from pathlib import Path

import pytest

from echoctl.cli import app
from echoctl.cli.terminal import passphrase
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from tests.cli.inside import GOOD, Main
from tests.conftest import Run
from tests.heard import MORNING_MS, chooses, nobody, say


@pytest.fixture
def main(store: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Main:
    """Run a command line in this process, with nobody at the terminal."""
    monkeypatch.setattr(passphrase, "secret_line", lambda _: None)

    def run(*argv: str) -> Run:
        capfdbinary.readouterr()
        code = app.main(argv)
        said = capfdbinary.readouterr()
        return Run(code, said.out.decode(errors="surrogateescape"), said.err.decode())

    return run


@pytest.fixture
def three(recorder: Recorder) -> list[str]:
    return [say(recorder, f"number {n}", MORNING_MS + n * 3_600_000).id for n in range(3)]


@pytest.fixture
def locked(three: list[str]) -> list[str]:
    unlocking.set_passphrase(nobody, chooses(GOOD))
    return three


@pytest.fixture
def pw(tmp_path: Path) -> str:
    file = tmp_path / "passphrase"
    file.write_text(GOOD + "\n")
    return str(file)
