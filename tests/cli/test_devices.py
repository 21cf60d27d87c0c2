from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.lab.sound import SoundLab

pytestmark = pytest.mark.lab

Cli = Callable[..., Run]


def test_shows_what_there_is(sound_lab: SoundLab, cli: Cli) -> None:
    run = cli("devices")
    assert run.exit == 0
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    assert lines[0].split() == ["NUMBER", "MICROPHONE", "SPEAKER", "RATE", "NAME"]
    assert any(line.endswith("lab_mic") for line in lines)
    assert any(line.split()[1:3] == ["default", "default"] and line.endswith("default") for line in lines)


def test_json_names_rate_channels_and_the_default(sound_lab: SoundLab, cli: Cli) -> None:
    found = {device["name"]: device for device in cli("devices", "--json").json["devices"]}
    assert found["lab_mic"]["inputs"] >= 1
    assert found["lab_mic"]["rate"] in (44100, 48000)
    assert [name for name, device in found.items() if device["default_input"]] == ["default"]


def test_a_machine_without_any_is_told_about_the_demo(sound_lab: SoundLab, cli: Cli) -> None:
    sound_lab.kill()
    run = cli("devices")
    assert (run.exit, run.stdout) == (0, "")
    assert "listen --demo" in run.stderr
    assert cli("devices", "--json").json == {"devices": []}


def test_without_portaudio_it_says_what_to_install(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    run = cli("devices", env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"})
    assert run.exit == 4
    assert "PortAudio library is missing" in run.stderr
    assert "apt install libportaudio2" in run.stderr
