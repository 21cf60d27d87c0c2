"""The listener with plugins, commands and lights that fail: it listens on, and says so at the end."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Run
from tests.hooks.made import Shelf
from tests.lab.listener import Running

Cli = Callable[..., Run]
Start = Callable[..., Running]


def listen(cli: Cli, shelf: Shelf, *options: object) -> Run:
    return cli("listen", *options, env={"PYTHONPATH": f"{shelf.folder}{os.pathsep}{REPOSITORY}"})


def test_nothing_that_a_plugin_does_touches_the_loop(cli: Cli, shelf: Shelf, sample: Path) -> None:
    good = shelf.put("good", "note(event['type'])", types="'wake', 'recording'")
    shelf.put("import", top="raise RuntimeError")
    shelf.put("raise", "raise ValueError", types="'recording'")
    shelf.put("hang", "time.sleep(600)", types="'ready'")
    shelf.put("exit", "os._exit(0)", types="'recording'")
    run = listen(cli, shelf, "--input", sample)
    assert run.exit == 0
    assert run.stdout.count("alexa") == 2
    assert good.read_text().split() == ["wake", "recording", "wake", "recording"]
    lines = run.stderr.splitlines()
    for said in (
        "plugin import failed (does not load: RuntimeError in import_plugin.py, line 4; it is left out from now on)"
        "; listening goes on",
        "plugin raise failed (ValueError in raise_plugin.py, line 6); listening goes on",
        "plugin hang has not finished and is ended",
        "plugin exit failed (ended by itself (exit code 0)); listening goes on",
        "plugin raise: 2 faults, 0 events dropped",
        "plugin exit: 2 faults, 0 events dropped",
    ):
        assert f"echoctl: {said}" in lines
    assert "good" not in run.stderr


def test_a_command_that_fails_is_shown_and_counted(cli: Cli, shelf: Shelf, sample: Path) -> None:
    run = listen(cli, shelf, "--input", sample, "--exec", "false", "--once")
    assert run.exit == 0
    assert "echoctl: --exec failed (exit code 1); listening goes on" in run.stderr
    assert run.stderr.splitlines()[-1].startswith("echoctl: --exec: ")
    run = listen(cli, shelf, "--input", sample, "--exec", "/does/not/exist", "--once")
    assert "--exec failed (cannot run /does/not/exist: No such file or directory)" in run.stderr


@pytest.fixture
def light(tmp_path: Path) -> Path:
    """A light as the kernel shows it."""
    folder = tmp_path / "leds" / "ring"
    folder.mkdir(parents=True)
    (folder / "max_brightness").write_text("200\n")
    (folder / "brightness").write_text("7\n")
    return folder


def test_the_light_of_the_configuration_follows(
    start: Start, sample: Path, light: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHOCTL_LED_SYSFS", str(light))
    running = start("listen", "--input", sample, "--realtime", "--once")
    seen: list[str] = []
    while running.process.poll() is None:
        text = (light / "brightness").read_text()
        if text and text not in seen[-1:]:
            seen.append(text)
        time.sleep(0.005)
    assert running.process.returncode == 0
    assert seen[:3] == ["7\n", "0", "120"]  # as found, dark and ready, listening
    assert (light / "brightness").read_text() == "7\n"


def test_a_light_that_is_not_there_is_said_before_anything_is_heard(cli: Cli, shelf: Shelf, sample: Path) -> None:
    run = cli("listen", "--input", sample, env={"ECHOCTL_LED_SYSFS": "nowhere"})
    assert run.exit == 4
    assert "no light named nowhere in /sys/class/leds" in run.stderr
    assert run.stdout == ""


def test_a_light_that_goes_away_is_no_end(
    start: Start, sample: Path, light: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHOCTL_LED_SYSFS", str(light))
    running = start("listen", "--input", sample, "--realtime", "--once")
    while (light / "brightness").read_text() != "0":
        time.sleep(0.005)
    (light / "brightness").unlink()
    (light / "brightness").mkdir()
    _, error = running.process.communicate(timeout=60)
    assert running.process.returncode == 0
    assert error.count("cannot set the light ring") == 1
