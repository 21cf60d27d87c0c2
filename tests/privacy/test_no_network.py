"""Listening, and looking at what was heard, opens no network socket: the kernel's own account of it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl.services.listening.demo import SAMPLE
from tests.conftest import REPOSITORY

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
]

NETWORK = re.compile(r"AF_INET6?|AF_PACKET|AF_VSOCK|AF_BLUETOOTH")


def socket_calls(home: Path, *command: str) -> tuple[str, str]:
    """Run a command with all its children under strace; returns (its calls about sockets, its stdout)."""
    trace = home / "trace"
    run = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=socket,socketpair,connect,bind,sendto", "-o", str(trace), *command],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return trace.read_text(), run.stdout


def echoctl(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "echoctl", *arguments]


@pytest.mark.parametrize(
    "command",
    [
        ["listen", "--input", str(SAMPLE)],
        ["history", "list"],
        ["status"],
        ["model", "list"],
        ["config", "show"],
    ],
    ids=lambda command: command[0],
)
def test_no_command_opens_a_network_socket(
    command: list[str], home: Path, speech_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(speech_model))
    calls, said = socket_calls(home, *echoctl(*command))
    assert not NETWORK.search(calls), calls
    if command[0] == "listen":
        assert "what time is it" in said  # it did listen


def test_the_trace_would_show_one(home: Path) -> None:
    calls, _ = socket_calls(home, sys.executable, "-c", "import socket; socket.socket().close()")
    assert NETWORK.search(calls)
