"""Fixtures of the tests; by lying here it also makes `echoctl_notify` importable for them without an installation."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for notify.toml."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("ECHOCTL_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture
def rules(config: Path) -> Callable[[str], None]:
    """Write notify.toml."""
    return lambda text: (config / "notify.toml").write_text(text) and None


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A desktop: a notify-send that notes what it is asked to show; returns what it was, line by line."""
    folder, out = tmp_path / "bin", tmp_path / "shown"
    folder.mkdir()
    out.touch()
    command = folder / "notify-send"
    command.write_text(f'#!/bin/sh\nprintf "%s\\n" "$5" >> {out}\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lambda: out.read_text().splitlines()
