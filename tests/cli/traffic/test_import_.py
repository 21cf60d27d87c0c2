import contextlib
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.sandbox import attestation
from tests.cli.traffic.captures import T, write_capture
from tests.conftest import REPOSITORY, Run
from tests.lab.cage import inner
from tests.traffic.inputs import packets as p

Cli = Callable[..., Run]


def test_an_import_says_what_it_found(cli: Cli, tmp_path: Path) -> None:
    run = cli("traffic", "import", write_capture(tmp_path / "a.pcap"))
    assert run.exit == 0
    assert "1 voice" in run.stdout
    again = cli("traffic", "import", tmp_path / "a.pcap", "--json")
    (capture,) = again.json["captures"]
    assert capture["again"]
    assert (capture["packets"], capture["start"], capture["end"]) == (32, T, T + 60)
    assert capture["bursts"]["voice"] == 1
    assert "imported before" in again.stderr


def test_stdin_is_a_capture_too(cli: Cli, tmp_path: Path) -> None:
    data = write_capture(tmp_path / "a.pcap").read_bytes()
    run = cli("traffic", "import", "-", "--json", stdin=data)
    assert run.json["captures"][0]["packets"] == 32


def test_a_zipped_capture_may_come_by_stdin(cli: Cli, tmp_path: Path) -> None:
    data = gzip.compress(write_capture(tmp_path / "a.pcap").read_bytes())
    assert cli("traffic", "import", "-", "--json", stdin=data).json["captures"][0]["packets"] == 32


def shut_in(pid: int) -> int:
    """The process that reads for that one, once it is in its sandbox; those that only try it do not last."""
    until, seen = time.monotonic() + 20, [0, 1]
    while seen[-1] != seen[-2]:
        assert time.monotonic() < until
        time.sleep(0.3)
        with contextlib.suppress(OSError):
            reader = inner(inner(pid))
            if reader != pid and attestation.attest(reader).seccomp == 2:
                seen.append(reader)
    return seen[-1]


def test_ctrl_c_ends_an_import_and_what_reads_for_it_in_its_sandbox(home: Path) -> None:
    """At a terminal a whole group of processes gets it; the capture is one that does not end."""
    command = [sys.executable, "-m", "echoctl", "traffic", "import", "-"]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, start_new_session=True
    ) as child:
        assert child.stdin
        child.stdin.write(p.pcap([(T + 0.0, p.upload(100))]))
        child.stdin.flush()
        reader = shut_in(child.pid)
        os.killpg(child.pid, signal.SIGINT)
        begun = time.monotonic()
        assert child.wait(20) == 130
        assert time.monotonic() - begun < 3
        assert child.stderr
        assert b"Traceback" not in child.stderr.read()
    assert not Path(f"/proc/{reader}").exists()


def test_a_cut_capture_is_kept_and_said(cli: Cli, tmp_path: Path) -> None:
    file = write_capture(tmp_path / "a.pcap")
    file.write_bytes(file.read_bytes()[:-10])
    run = cli("traffic", "import", file, "--json")
    assert run.exit == 0
    assert run.json["captures"][0]["damage"] == "it ends within a packet"
    assert "what came before it counts" in run.stderr


@pytest.mark.parametrize(
    ("data", "exit_code", "message"),
    [
        (None, 3, "no file"),
        (b"", 4, "empty"),
        (b"hello, this is a text", 4, "not a capture"),
        (p.pcap([]), 4, "no packets"),
        (p.pcap([(1.0, bytes(60))], 127), 4, "link type 127"),
    ],
)
def test_bad_input_is_one_line_a_hint_and_a_code(
    cli: Cli, tmp_path: Path, data: bytes | None, exit_code: int, message: str
) -> None:
    file = tmp_path / "x.pcap"
    if data is not None:
        file.write_bytes(data)
    run = cli("traffic", "import", file, "--json")
    assert run.exit == exit_code
    error, hint = run.stderr.splitlines()
    assert error.startswith("echoctl: error: ")
    assert message in error
    assert hint.startswith("echoctl: hint: ")
    assert run.events[-1]["code"] == exit_code


def test_of_several_files_the_good_ones_are_imported(cli: Cli, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"no")
    run = cli("traffic", "import", write_capture(tmp_path / "a.pcap"), bad, "--json")
    assert run.exit == 11
    assert "bad.pcap: not a capture" in run.stderr
    assert cli("traffic", "import", bad, bad).exit == 4
