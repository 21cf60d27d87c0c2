import re
from pathlib import Path

import pytest

from echoctl.errors import DeviceError, ExitCode
from echoctl.led.lights import SysfsLight, terminal_line
from echoctl.model.speech import LedState


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("width", [20, 50, 80, 200])
def test_the_line_never_wraps(width: int, colour: bool) -> None:
    line = terminal_line(LedState.LISTENING, 0.5, level=0.5, text="what time is it " * 20, width=width, colour=colour)
    assert len(re.sub(r"\x1b\[[0-9;]*m", "", line)) < width


def test_wide_characters_are_counted_as_two() -> None:
    line = terminal_line(LedState.LISTENING, 0.5, level=0.5, text="明日の天気はどうですか", width=24, colour=False)
    assert line == "● listening 明日の天気"  # 22 columns; the next one would be the 24th


@pytest.mark.parametrize("state", LedState)
@pytest.mark.parametrize("width", [14, 16, 20, 24, 80])
def test_the_word_is_always_whole(width: int, state: LedState) -> None:
    line = terminal_line(state, 0.5, level=0.5, text="what time", width=width, colour=True)
    assert state.value in line


def test_without_colour_the_word_and_the_symbol_tell() -> None:
    assert terminal_line(LedState.MUTED, 0.0, level=0.0, text="", width=80, colour=False).startswith("■ muted")


@pytest.fixture
def light(tmp_path: Path) -> Path:
    folder = tmp_path / "ring"
    folder.mkdir()
    (folder / "max_brightness").write_text("200\n")
    (folder / "brightness").write_text("7\n")
    return folder


def test_a_kernel_light_follows_and_is_left_as_found(light: Path) -> None:
    sysfs = SysfsLight("ring", light.parent)
    sysfs.show(LedState.MUTED)
    assert (light / "brightness").read_text() == "200"
    sysfs.show(LedState.IDLE)
    assert (light / "brightness").read_text() == "0"
    sysfs.close()
    assert (light / "brightness").read_text() == "7\n"


def test_a_light_of_three_colours_gets_the_colour(light: Path) -> None:
    (light / "multi_intensity").write_text("1 2 3")
    sysfs = SysfsLight("ring", light.parent)
    sysfs.show(LedState.MUTED)
    assert (light / "multi_intensity").read_text() == "230 30 30"
    sysfs.close()
    assert (light / "multi_intensity").read_text() == "1 2 3"


def test_a_light_may_be_named_by_its_folder(light: Path) -> None:
    SysfsLight(str(light)).show(LedState.MUTED)
    assert (light / "brightness").read_text() == "200"


def test_a_light_that_may_not_be_set_is_refused_before_listening_begins(light: Path) -> None:
    (light / "brightness").unlink()
    (light / "brightness").mkdir()
    with pytest.raises(DeviceError):
        SysfsLight("ring", light.parent)


def test_a_missing_light_names_the_ones_there_are(light: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        SysfsLight("capslock", light.parent)
    assert caught.value.exit_code == ExitCode.DEVICE
    assert "ring" in caught.value.hint
