"""The dashboard in a real terminal with the real listener, in a room without hardware."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.services import state
from echoctl.services.listening.demo import SAMPLE
from tests.conftest import REPOSITORY, Run
from tests.lab.sound import SoundLab
from tests.lab.terminal import Terminal, terminal

__all__ = ["terminal"]

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture
def model(speech_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The speech model of the machine."""
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(speech_model))


@pytest.fixture
def dashboard(terminal: Terminal, sound_lab: SoundLab, model: None) -> Terminal:
    """The dashboard, listening in the room."""
    terminal.start("tui", columns=100, rows=30)
    terminal.until("○ idle")
    return terminal


def test_what_is_said_in_the_room_is_seen_and_can_be_opened(dashboard: Terminal, sound_lab: SoundLab) -> None:
    player = sound_lab.play(SAMPLE, wait=False)
    dashboard.until("● listening")
    player.wait(60)
    dashboard.until("recordings 2")
    dashboard.type("Enter")
    dashboard.until("wake word  alexa")
    dashboard.type("Escape")
    dashboard.until_not("wake word  alexa")
    dashboard.type("q")
    assert dashboard.exit_code() == 0
    dashboard.until("the listener has ended")
    assert "╭" not in dashboard.screen()
    assert sound_lab.recorders() == []


def test_mute_closes_the_microphone_and_others_mute_too(
    dashboard: Terminal, sound_lab: SoundLab, cli: Callable[..., Run]
) -> None:
    assert len(sound_lab.recorders()) == 1
    dashboard.type("m")
    dashboard.until("■ MUTED")
    assert sound_lab.recorders() == []
    dashboard.type("m")
    dashboard.until("○ idle")
    assert cli("mute").stdout == "muted: the microphone is closed\n"
    dashboard.until("muted by echoctl mute", 5)


def test_space_talks_without_a_wake_word(dashboard: Terminal) -> None:
    dashboard.type("Space")
    dashboard.until("● listening")
    dashboard.until("○ idle")  # nothing was said


def test_s_ends_listening_here_and_begins_it_again(dashboard: Terminal, sound_lab: SoundLab, home: Path) -> None:
    def descriptors() -> int:
        (pid,) = [one for one in Path("/proc").glob("[0-9]*") if _is_dashboard_of(one, home)]
        return len(list((pid / "fd").iterdir()))

    before = descriptors()
    for _ in range(2):
        dashboard.type("s")
        dashboard.until("· off")
        dashboard.until("nobody listens: s starts")
        assert sound_lab.recorders() == []
        dashboard.type("s")
        dashboard.until("○ idle")
    assert descriptors() <= before + 1


def test_a_listener_that_is_killed_is_told_and_started_again(dashboard: Terminal) -> None:
    os.kill(state.snapshot().ear_pid, signal.SIGKILL)
    dashboard.until("SIGKILL")
    dashboard.until("○ idle")


def test_a_microphone_that_goes_and_comes_back(dashboard: Terminal, sound_lab: SoundLab) -> None:
    sound_lab.unplug()
    dashboard.until("! ERROR")
    dashboard.until("microphone")
    sound_lab.replug()
    dashboard.until("○ idle")


def test_it_shows_the_listener_of_another_terminal_and_leaves_it(
    terminal: Terminal, sound_lab: SoundLab, model: None
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    listener = subprocess.Popen(
        [sys.executable, "-m", "echoctl", "listen", "--json"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while not state.running():
            time.sleep(0.05)
        terminal.start("tui", columns=100, rows=30)
        terminal.until(f"live in the terminal of pid {listener.pid}")
        terminal.type("Space")
        terminal.until("● listening")
        terminal.type("q")
        terminal.until(f"goes on (pid {listener.pid})")
        assert listener.poll() is None
    finally:
        listener.terminate()
        listener.wait(20)


def test_sizes_in_a_real_terminal(terminal: Terminal, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.start("tui", "--no-listen", columns=100, rows=30)
    terminal.until("╭─ traffic")
    for width, height in ((20, 5), (50, 15), (7, 2), (200, 60), (80, 24), (20, 5)):
        terminal.resize(width, height)
        time.sleep(0.05)
    terminal.until("· off")
    terminal.resize(80, 24)
    terminal.until("╭─ traffic")
    terminal.type("q")
    assert terminal.exit_code() == 0


def test_a_verb_of_the_palette_runs_in_the_terminal_and_comes_back(terminal: Terminal, home: Path) -> None:
    terminal.start("tui", "--no-listen", columns=100, rows=30)
    terminal.until("╭─ traffic")
    terminal.type("C-p")
    terminal.until("Search for commands")
    terminal.type("d", "b", "Space", "p", "a", "t", "h")
    terminal.until("where the database is")
    terminal.type("Enter")
    terminal.until("[Enter] back to the dashboard")
    assert "echoctl.db" in terminal.screen()
    terminal.type("Enter")
    terminal.until("╭─ traffic")
    terminal.type("q")
    assert terminal.exit_code() == 0


def test_sigterm_leaves_a_clean_terminal(terminal: Terminal, home: Path) -> None:
    terminal.start("tui", "--no-listen", columns=100, rows=30)
    terminal.until("╭─ traffic")
    (pid,) = [int(one.name) for one in Path("/proc").glob("[0-9]*") if _is_dashboard_of(one, home)]
    os.kill(pid, signal.SIGTERM)
    assert terminal.exit_code() == 143
    assert "╭" not in terminal.screen()


def test_without_a_microphone_it_is_a_sentence(terminal: Terminal, sound_lab: SoundLab, model: None) -> None:
    sound_lab.unplug()
    terminal.start("tui", columns=100, rows=30)
    terminal.until("cannot open")
    terminal.until("! ERROR")
    assert "ALSA" not in terminal.screen()
    assert Path(paths.log_file()).exists()


def _is_dashboard_of(process: Path, home: Path) -> bool:
    try:
        ours = f"HOME={home}".encode() in (process / "environ").read_bytes().split(b"\0")
        return ours and b"echoctl\0tui" in (process / "cmdline").read_bytes()
    except OSError:
        return False
