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
from echoctl.services.system.audit_process import PROCESSES
from echoctl.services.vault import unlocking
from tests.conftest import REPOSITORY, Run
from tests.lab.cage import caged, needs_namespaces, somebody
from tests.lab.sound import SoundLab

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


def missed(document: Any) -> set[tuple[str, str]]:
    return {(a["process"], a["name"]) for a in document["attempts"] if a["outcome"] != "refused"}


def test_where_everything_holds_it_says_so_and_leaves_nothing_behind(cli: Cli, home: Path, temp: Path) -> None:
    run = cli("audit", env={"PYTHONPATH": str(REPOSITORY)})
    assert run.exit == 0, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert lines[:2] == ["sandbox", "  ok    ear             sandboxed, 0 B sent"]
    for process in PROCESSES:
        (line,) = [line for line in lines if line.startswith(f"  ok    {process:<15} 1") and " refused: " in line]
        count, of, total, *_ = line.split()[2:]
        assert (count, of) == (total, "of")
        assert int(total) > 120
    assert [line for line in lines if not line.startswith(" ")] == [
        "sandbox", "listener", "plaintext", "rights", "leaks",
    ]  # fmt: skip
    assert list(temp.iterdir()) == []
    assert not Path(paths.data_dir()).exists()
    assert not Path(paths.state_dir()).exists()


def test_without_a_model_and_a_microphone_it_says_what_was_missing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/no/such/server")
    code, document = audit()
    assert (code, failed(document), missed(document)) == (0, [], set())
    notes = {f["name"]: f["text"] for f in document["findings"] if f["grade"] == "note" and f["part"] == "sandbox"}
    assert set(notes) == {"ear", "microphone"}
    assert all("without what it works with" in text for text in notes.values())
    assert {document["sandbox"][process]["holds"] for process in PROCESSES} == {"full"}


def test_with_a_model_and_a_microphone_nothing_is_missing(
    home: Path, installed_model: None, sound_lab: SoundLab
) -> None:
    code, document = audit()
    assert (code, failed(document), missed(document)) == (0, [], set())
    assert [f["text"] for f in document["findings"] if f["part"] == "sandbox" and f["grade"] == "note"] == []
    (said,) = [f["text"] for f in document["findings"] if f["name"] == "sound server"]
    assert "no sandbox prevents" in said
    assert sound_lab.recorders() == []


def test_a_microphone_that_is_muted_is_not_opened(home: Path, cli: Cli, sound_lab: SoundLab) -> None:
    cli("mute")
    code, document = audit()
    assert (code, missed(document)) == (0, set())
    assert ("microphone", "tried without what it works with: it is muted") in {
        (f["name"], f["text"]) for f in document["findings"]
    }


def test_the_persons_own_files_are_what_is_out_of_reach(home: Path, broken: Callable[[str], None]) -> None:
    unlocking.ensure()
    before = content(home)
    code, document = audit()
    assert (code, failed(document)) == (0, [])
    assert document["sandbox"]["ear"] == {"holds": "full", "why": ""}
    assert (document["sandbox"]["holds"], document["sandbox"]["sent_bytes"]) == ("full", 0)
    assert document["seal"] == document["sandbox"]
    broken(
        "from echoctl.sandbox import filters, root\n"
        "filters.load = filters.lock = root.filters.load = lambda *_, **__: None\n"
        "root.enter = root.give_up = lambda *_, **__: None\n"
    )
    code, document = audit()
    assert code == 11
    for name in ("read the key", "write the database", "write ~/.bashrc", "fork", "ask a server that begins late"):
        assert {(process, name) for process in PROCESSES} <= missed(document)
    assert content(home) == before


def content(home: Path) -> dict[str, bytes]:
    """Every file below the home; a database that was read has others beside it, which stay empty."""
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and path.stat().st_size}


@pytest.mark.parametrize("name", ["io_uring_setup", "setns", "pidfd_getfd"])
def test_a_call_left_out_of_the_filters_is_found(name: str, home: Path, broken: Callable[[str], None]) -> None:
    broken(
        "from echoctl.sandbox import filters, seccomp\n"
        f"seccomp.DENIED = tuple(n for n in seccomp.DENIED if n != {name!r}); filters.CALM += ({name!r},)"
    )
    code, document = audit()
    assert (code, failed(document)) == (11, [("sandbox", f"{process}, broken") for process in PROCESSES])
    assert missed(document) == {(process, name) for process in PROCESSES}


def test_a_process_that_is_never_locked_is_found(home: Path, broken: Callable[[str], None]) -> None:
    broken("from echoctl.sandbox import filters; filters.lock = lambda **_: None")
    code, document = audit()
    assert code == 11
    assert {process for process, _ in missed(document)} == set(PROCESSES)
    # Behind an empty root there is nothing to find all the same.
    assert not {name for _, name in missed(document)} & {"read the key", "list home", "ask a server that begins late"}


def test_a_descriptor_that_is_handed_in_is_found(home: Path, broken: Callable[[str], None]) -> None:
    broken("import os, sys\nif 'audit_process' in ' '.join(sys.orig_argv): os.open(os.environ['HOME'], os.O_RDONLY)\n")
    code, document = audit()
    assert (code, missed(document)) == (11, {(process, "a file or folder that is open") for process in PROCESSES})


def test_one_that_dies_is_no_audit(home: Path, broken: Callable[[str], None]) -> None:
    broken("import sys\nif 'audit_process' in ' '.join(sys.orig_argv): sys.exit('it is broken')")
    run = subprocess.run(
        [sys.executable, "-m", "echoctl", "audit"], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert run.returncode == 1
    assert "the ear that was to try everything died: SystemExit: it is broken" in run.stderr


def test_a_recorder_that_leaks_is_found(home: Path, temp: Path, broken: Callable[[str], None]) -> None:
    broken(
        "import os\n"
        "if __import__('sys').orig_argv[-2:] == ['audit', '--json']:\n"
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
@pytest.mark.parametrize("who", ["root", "somebody"])
def test_where_namespaces_are_forbidden_at_work_nothing_else_is(
    landlock: bool, who: str, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = at_home(open_folder, monkeypatch) if who == "somebody" else []
    without = [] if landlock else ["landlock_create_ruleset=ENOSYS"]
    code, document = audit(*before, *caged("unshare=EPERM", *without))
    assert (code, failed(document), missed(document)) == (0, [], set())
    assert {a["by"] for a in document["attempts"]} == {"filter"}
    less = "" if landlock else "; no Landlock (landlock_create_ruleset: Function not implemented)"
    why = f"unshare: Operation not permitted{less}"
    for process in PROCESSES:
        assert document["sandbox"][process] == {"holds": "filter", "why": why}
    notes = {f["name"]: f["text"] for f in document["findings"] if "namespaces: " in f["text"]}
    assert set(notes) == set(PROCESSES)
    assert ("the names of files" in notes["ear"]) is landlock
    assert "connect to local services" in notes["microphone"]


def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What to put before a command to run it as a person with a home of their own."""
    for variable in ("HOME", "TMPDIR"):
        (folder / variable).mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(folder / variable))
    return somebody(folder / "HOME", folder / "TMPDIR")


def test_where_nothing_holds_it_fails(home: Path) -> None:
    code, document = audit(*caged("seccomp=ENOSYS"))
    assert (code, failed(document)) == (11, [("sandbox", process) for process in PROCESSES])


def test_somebody_without_rights_gets_the_same_answer(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, document = audit(*at_home(open_folder, monkeypatch))
    assert (code, failed(document), missed(document)) == (0, [], set())
    assert {document["sandbox"][process]["holds"] for process in PROCESSES} == {"full"}
