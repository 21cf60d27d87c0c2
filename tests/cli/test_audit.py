"""`echoctl audit`, as a real process. Each promise is broken once, and must be missed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoctl import paths
from echoctl.services.vault import unlocking
from tests.conftest import REPOSITORY, Run
from tests.lab.cage import caged, needs_namespaces, somebody

pytestmark = [pytest.mark.lab, needs_namespaces]

Cli = Callable[..., Run]


@pytest.fixture(autouse=True)
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, so that nobody else's files are looked through."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have every process that is started run some lines first."""

    def run_first(code: str) -> None:
        folder = tmp_path / "first"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY}{os.pathsep}{folder}")

    return run_first


def audit(*before: str) -> tuple[int, Any]:
    run = subprocess.run(
        [*before, sys.executable, "-m", "echoctl", "audit", "--json"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


def failed(document: Any) -> list[tuple[str, str]]:
    return [(f["part"], f["name"]) for f in document["findings"] if f["grade"] == "fail"]


def test_where_everything_holds_it_says_so_and_leaves_nothing_behind(cli: Cli, home: Path, temp: Path) -> None:
    run = cli("audit", env={"PYTHONPATH": str(REPOSITORY)})
    assert run.exit == 0, run.stdout + run.stderr
    assert run.stdout.startswith("sandbox\n  ok    sandbox         sandboxed, 0 B sent\n")
    assert "43 of 43 refused: TCP over IPv4" in run.stdout or "42 of 42 refused" in run.stdout
    assert [line for line in run.stdout.splitlines() if not line.startswith(" ")] == [
        "sandbox", "listener", "plaintext", "rights", "leaks",
    ]  # fmt: skip
    assert list(temp.iterdir()) == []
    assert not Path(paths.data_dir()).exists()
    assert not Path(paths.state_dir()).exists()


def test_the_persons_own_key_is_what_is_out_of_sight(home: Path, broken: Callable[[str], None]) -> None:
    unlocking.ensure()
    code, document = audit()
    assert (code, failed(document)) == (0, [])
    assert paths.keys_dir() in document["sandbox"]["hidden"]
    assert document["seal"] == document["sandbox"]
    broken(
        "from echoctl.sandbox import namespaces\n"
        "cover = namespaces._cover\n"
        "namespaces._cover = lambda path: None if path.endswith('keys') else cover(path)"
    )
    code, document = audit()
    assert code == 11
    missed = {a["name"] for a in document["attempts"] if a["outcome"] != "refused"}
    assert missed == {"read the key", "write a key"}
    assert os.listdir(paths.keys_dir()) == ["CACHEDIR.TAG", "device.key"] or len(os.listdir(paths.keys_dir())) == 2


@pytest.mark.parametrize("name", ["io_uring_setup", "setns", "pidfd_getfd"])
def test_a_call_left_out_of_the_filter_is_found(name: str, home: Path, broken: Callable[[str], None]) -> None:
    broken(f"from echoctl.sandbox import seccomp; seccomp.DENIED = tuple(n for n in seccomp.DENIED if n != {name!r})")
    code, document = audit()
    assert (code, failed(document)) == (11, [("sandbox", "broken")])
    assert [a["name"] for a in document["attempts"] if a["outcome"] != "refused"] == [name]


def test_a_network_that_was_not_left_is_found(home: Path, broken: Callable[[str], None]) -> None:
    broken("from echoctl.sandbox import namespaces; namespaces._NEWNET = 0")
    code, document = audit()
    assert code == 11
    missed = {a["name"] for a in document["attempts"] if a["outcome"] != "refused"}
    assert missed == {"an interface that is up", "an abstract unix socket"}


def test_a_recorder_that_leaks_is_found(home: Path, temp: Path, broken: Callable[[str], None]) -> None:
    broken(
        "import os\n"
        "if 'audit_process' in ' '.join(__import__('sys').orig_argv):\n"
        "    from echoctl.services.history import transcript_json as texts\n"
        "    encode = texts.of_transcript\n"
        "    def leak(transcript):\n"
        "        open(os.environ['TMPDIR'] + '/note', 'w').write(transcript.text)\n"
        "        return encode(transcript)\n"
        "    texts.of_transcript = leak"
    )
    code, document = audit()
    assert (code, failed(document)) == (11, [("plaintext", "canary")])
    (found,) = [f["text"] for f in document["findings"] if f["grade"] == "fail"]
    assert found == f"the canary's text in {temp}/note"


def test_a_recorder_that_does_not_seal_is_found(home: Path, broken: Callable[[str], None]) -> None:
    broken("from echoctl.vault import epoch; epoch.RecordKey.seal_audio = lambda self, audio: [audio]")
    code, document = audit()
    assert (code, set(failed(document))) == (11, {("plaintext", "canary"), ("plaintext", "sound and text")})


def test_files_that_others_can_read_are_found_with_the_cure(home: Path) -> None:
    unlocking.ensure()
    Path(paths.device_key()).chmod(0o640)
    code, document = audit()
    assert (code, failed(document)) == (11, [("rights", "rights")])
    (finding,) = [f for f in document["findings"] if f["grade"] == "fail"]
    assert finding["fix"] == f"chmod go= {paths.device_key()}"


def test_sound_that_lies_about_is_found(home: Path) -> None:
    unlocking.ensure()
    Path(paths.data_dir(), "left.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt " + bytes(50))
    Path(paths.data_dir(), "left.wav").chmod(0o600)
    code, document = audit()
    assert (code, failed(document)) == (11, [("plaintext", "sound and text")])


@pytest.mark.parametrize("landlock", [True, False])
def test_where_namespaces_are_forbidden_it_says_what_is_open(landlock: bool, home: Path) -> None:
    unlocking.ensure()
    code, document = audit(*caged("unshare=EPERM", *([] if landlock else ["landlock_create_ruleset=ENOSYS"])))
    assert (code, failed(document)) == (0, [])
    assert (document["sandbox"]["holds"], document["sandbox"]["why"]) == ("seccomp", "unshare: Operation not permitted")
    notes = {f["text"].partition(",")[0] for f in document["findings"] if f["name"] == "open"}
    keys = {"read the key", "write a key"}
    assert "an interface that is up" in notes
    assert notes & keys == (set() if landlock else keys)


def test_where_nothing_holds_it_fails(home: Path) -> None:
    code, document = audit(*caged("seccomp=ENOSYS"))
    assert (code, failed(document)) == (11, [("sandbox", "sandbox")])


def test_somebody_without_rights_gets_the_same_answer(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (open_folder / "home").mkdir(mode=0o700)
    (open_folder / "temp").mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(open_folder / "home"))
    monkeypatch.setenv("TMPDIR", str(open_folder / "temp"))
    code, document = audit(*somebody(open_folder / "home", open_folder / "temp"))
    assert (code, failed(document)) == (0, [])
    assert document["sandbox"]["holds"] == "namespace"
