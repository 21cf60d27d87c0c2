"""What was said is in no file, log or message in the clear."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from tests.conftest import Run

Cli = Callable[..., Run]

CANARY = b"kitchen"

pytestmark = pytest.mark.usefixtures("installed_model")


def files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.fixture
def traces(sample: Path) -> list[bytes]:
    """The canary as text, and the sound of it: stretches of samples, and of the file it would be if it were kept."""
    pcm = soundfile.read(sample, dtype="int16")[0].tobytes()
    loud = [pcm[at : at + 64] for at in range(0, len(pcm), 8000) if any(pcm[at : at + 64])]
    return [CANARY, CANARY.upper(), b"fLaC", *loud]


def test_nothing_said_lies_anywhere_in_the_clear(
    cli: Cli, home: Path, tmp_path: Path, sample: Path, traces: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    heard = cli("listen", "--input", sample, "--json")
    assert CANARY.decode() in heard.stdout  # it was understood, so it could have leaked
    listed = cli("history", "list")
    assert CANARY.decode() in listed.stdout
    looked = list(files(home, temp, tmp_path))
    assert any(path.name == "echoctl.db" for path in looked)
    for path in looked:
        content = path.read_bytes()
        for trace in traces:
            assert trace not in content, f"{trace!r} is in {path}"
    assert CANARY.decode() not in heard.stderr + listed.stderr


def test_a_person_who_wants_only_text_gets_it_on_stdout_alone(cli: Cli, home: Path, sample: Path) -> None:
    run = cli("listen", "--input", sample, "--no-store")
    assert CANARY.decode() in run.stdout
    assert all(CANARY not in path.read_bytes() for path in files(home))
