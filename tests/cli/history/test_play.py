import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from tests.audio.sounds import samples_of
from tests.conftest import Run
from tests.heard import chooses, nobody, pcm, say
from tests.lab.sound import SoundLab
from tests.lab.terminal import Terminal

Cli = Callable[..., Run]


def test_an_unknown_recording_is_code_3(recorder: Recorder, cli: Cli) -> None:
    assert cli("history", "play", "01ABC").exit == 3


def test_a_locked_vault_plays_nothing(recorder: Recorder, cli: Cli) -> None:
    uid = say(recorder, "hello").id
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    assert cli("history", "play", uid).exit == 6


@pytest.mark.lab
def test_it_is_heard_from_the_speaker(recorder: Recorder, cli: Cli, sound_lab: SoundLab, tmp_path: Path) -> None:
    uid = say(recorder, "hello", sound=pcm(1.0)).id
    witness = sound_lab.record_speaker(tmp_path / "speaker.raw")
    run = cli("history", "play", uid[:12], "--json")
    assert run.json == {"id": uid, "played_ms": 1000}
    assert run.stderr == ""
    time.sleep(0.5)
    witness.terminate()
    witness.wait()
    heard = (tmp_path / "speaker.raw").read_bytes()
    loud = (abs(samples_of(heard[: len(heard) // 2 * 2])) > 0.05).nonzero()[0]
    assert loud[-1] - loud[0] > 0.98 * 48000


@pytest.mark.lab
def test_without_a_speaker_it_is_code_4(recorder: Recorder, cli: Cli, sound_lab: SoundLab) -> None:
    uid = say(recorder, "hello").id
    assert cli("history", "play", uid, "--device", "nonesuch").exit == 3
    sound_lab.unplug()
    run = cli("history", "play", uid)
    assert run.exit == 4
    assert len(run.stderr.splitlines()) == 2


@pytest.mark.lab
def test_the_position_moves_and_ctrl_c_stops(recorder: Recorder, sound_lab: SoundLab, terminal: Terminal) -> None:
    uid = say(recorder, "hello", sound=pcm(20.0)).id
    terminal.start("history", "play", uid)
    terminal.until("▶ 1.")
    terminal.until("/ 20.0 s")
    terminal.type("C-c")
    assert terminal.exit_code() == 130
    assert "▶" not in terminal.screen()


@pytest.mark.lab
def test_a_sigint_in_the_first_second_is_no_traceback(recorder: Recorder, sound_lab: SoundLab) -> None:
    uid = say(recorder, "hello", sound=pcm(5.0)).id
    for after_s in (0.05, 0.3, 0.6):
        process = subprocess.Popen([sys.executable, "-m", "echoctl", "history", "play", uid], stderr=subprocess.PIPE)
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode in (130, -signal.SIGINT)
        if process.returncode == 130:
            assert b"Traceback" not in said
