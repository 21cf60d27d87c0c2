"""What a person sees of `echoctl listen` in a real terminal."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.services import state
from tests.conftest import Run
from tests.lab.sound import SoundLab
from tests.lab.terminal import Terminal

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def test_the_demonstration_shows_light_requests_and_history(terminal: Terminal) -> None:
    terminal.start("listen", "--demo", columns=110)
    terminal.until("● listening")
    assert "38;2;" in terminal.screen(colours=True), "the ring has its colours"
    screen = terminal.until("has been removed")
    assert "alexa  what time is it" in screen
    assert "$ echoctl history list" in screen
    assert not re.search(r"^━", screen, re.M), "the light is gone from the screen"
    assert terminal.exit_code() == 0


def test_keys_mute_and_talk_and_ctrl_c_ends(terminal: Terminal, sound_lab: SoundLab) -> None:
    terminal.start("listen", columns=110)
    terminal.until("○ idle")
    assert len(sound_lab.recorders()) == 1
    terminal.type("m")
    screen = terminal.until("■ muted")
    assert "muted by key m: the microphone is closed" in screen
    assert sound_lab.recorders() == []
    terminal.type("m")
    terminal.until("○ idle")
    terminal.type("Enter")
    terminal.until("● listening")
    terminal.type("C-c")
    assert terminal.exit_code() == 130
    assert "Traceback" not in terminal.screen()


def test_what_others_do_is_seen(terminal: Terminal, sound_lab: SoundLab, cli: Callable[..., Run]) -> None:
    terminal.start("listen", columns=110)
    terminal.until("○ idle")
    cli("mute")
    assert "muted by echoctl mute" in terminal.until("■ muted")
    assert state.snapshot().led == "muted"


def test_a_narrow_terminal_keeps_one_line(terminal: Terminal, sound_lab: SoundLab, sample: Path) -> None:
    terminal.start("listen", "--no-store", columns=24)
    terminal.until("○ idle")
    player = sound_lab.play(sample, wait=False)
    terminal.until("● listening")
    assert len(re.findall("[○●◐]", terminal.screen())) == 1
    player.kill()
    player.wait()


def test_without_colour_the_word_tells(
    terminal: Terminal, sound_lab: SoundLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.start("listen")
    terminal.until("○ idle")
    assert "\x1b[38" not in terminal.screen(colours=True)
