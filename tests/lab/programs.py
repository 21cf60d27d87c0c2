"""Programs that stand in for tcpdump and ssh."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

LIVE = """
import sys, time
sys.path.insert(0, {repository!r})
from tests.traffic.inputs import packets as p

def head():
    sys.stdout.buffer.write(p.pcap([])); sys.stdout.flush()

def send(frame, at=None):
    sys.stdout.buffer.write(p.pcap([(time.time() if at is None else at, frame)])[24:]); sys.stdout.flush()

def speak(seconds, seq=0):
    for n in range(round(seconds * 10)):
        send(p.upload(800, seq + n * 800)); time.sleep(0.1)
"""
"""What a program begins with that sends packets as they happen."""


def program(folder: Path, name: str, body: str, *, live: bool = False) -> None:
    """Put a Python program of that name into a folder."""
    file, code = folder / name, folder / f"{name}.py"
    before = LIVE.format(repository=str(REPOSITORY)) if live else ""
    code.write_text(f"{before}\n{body}\n")
    # By a shell, since a path with a blank in it cannot stand behind #!
    file.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(code))} "$@"\n')
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the front of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder
