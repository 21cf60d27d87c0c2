"""The real listener on a real PortAudio stream, in a room without hardware."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.services import state
from tests.conftest import Run
from tests.lab.listener import Running
from tests.lab.sound import SoundLab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

Cli = Callable[..., Run]
Start = Callable[..., Running]


@pytest.fixture
def listener(start: Start, sound_lab: SoundLab) -> Running:
    running = start("listen", "--json")
    running.until('"state": "idle"')
    return running


def hear(listener: Running, sound_lab: SoundLab, sample: Path) -> str:
    """Play the sample and return the line of its first transcript."""
    player = sound_lab.play(sample, wait=False)
    try:
        return listener.until('"type": "transcript"')
    finally:
        player.kill()
        player.wait()


def test_speech_in_the_room_ends_up_in_the_history(
    listener: Running, sound_lab: SoundLab, sample: Path, cli: Cli
) -> None:
    sound_lab.play(sample)
    time.sleep(1)
    assert listener.end() == 143
    found = cli("history", "list", "--json").json["recordings"]
    assert len(found) == 2
    assert "kitchen" in found[0]["text"]


def test_a_hundred_mutes_close_the_microphone_and_it_hears_again(
    listener: Running, sound_lab: SoundLab, sample: Path
) -> None:
    for cycle in range(100):
        assert state.set_muted(True, "a test").mic == "closed"
        if cycle % 10 == 0:
            assert sound_lab.recorders() == []
        assert state.set_muted(False, "a test").mic == "open"
    assert len(sound_lab.recorders()) == 1
    assert hear(listener, sound_lab, sample)


def test_nothing_is_heard_while_muted(listener: Running, sound_lab: SoundLab, sample: Path, cli: Cli) -> None:
    assert cli("mute").stdout == "muted: the microphone is closed\n"
    sound_lab.play(sample)
    assert cli("status").stdout.startswith("muted\n")
    listener.end()
    assert cli("history", "list", "--json").json["recordings"] == []


def test_a_program_that_only_writes_the_row_is_obeyed(listener: Running, sound_lab: SoundLab) -> None:
    for muted, led in ((1, "muted"), (0, "idle")):
        with contextlib.closing(sqlite3.connect(paths.database())) as connection, connection:
            connection.execute("UPDATE state SET muted = ?, muted_by = 'a script'", (muted,))
        listener.until(f'"state": "{led}"')
        assert len(sound_lab.recorders()) == 1 - muted


def test_mute_outlives_a_restart(start: Start, sound_lab: SoundLab, cli: Cli) -> None:
    cli("mute")
    listener = start("listen", "--json")
    assert '"by": "echoctl mute"' in listener.until('"state": "muted"')
    assert sound_lab.recorders() == []
    assert cli("unmute").stdout == "unmuted: the microphone is open\n"
    listener.until('"state": "idle"')
    assert len(sound_lab.recorders()) == 1


def test_signals_mute_and_talk(listener: Running, sound_lab: SoundLab, sample: Path) -> None:
    listener.process.send_signal(signal.SIGUSR1)
    assert '"by": "SIGUSR1"' in listener.until('"state": "muted"')
    listener.process.send_signal(signal.SIGUSR1)
    listener.until('"state": "idle"')
    listener.process.send_signal(signal.SIGUSR2)
    listener.until('"state": "listening"')
    assert '"wake_word": null' in _recorded(listener, sound_lab, sample)


def _recorded(listener: Running, sound_lab: SoundLab, sample: Path) -> str:
    player = sound_lab.play(sample, wait=False)
    line = listener.until('"type": "recording"')
    player.kill()
    player.wait()
    return line


@pytest.mark.parametrize(
    ("fault", "repair"),
    [
        (SoundLab.unplug, SoundLab.replug),
        (SoundLab.kill, SoundLab.up),
        (SoundLab.freeze, SoundLab.thaw),
        (lambda lab: lab.suspend(True), lambda lab: lab.suspend(False)),
    ],
    ids=["unplug", "kill", "freeze", "suspend"],
)
def test_a_lost_microphone_is_an_event_a_state_and_a_retry(
    listener: Running,
    sound_lab: SoundLab,
    sample: Path,
    fault: Callable[[SoundLab], None],
    repair: Callable[[SoundLab], None],
) -> None:
    fault(sound_lab)
    assert '"what": "lost"' in listener.until('"type": "device"')
    listener.until('"state": "error"')
    assert state.snapshot().led == "error"
    repair(sound_lab)
    listener.until('"what": "back"')
    listener.until('"state": "idle"')
    assert hear(listener, sound_lab, sample)


def test_an_ear_that_dies_is_started_again(listener: Running, sound_lab: SoundLab, sample: Path) -> None:
    os.kill(listener.ear, signal.SIGKILL)
    assert "SIGKILL" in listener.until('"type": "error"')
    listener.until('"type": "ready"')
    assert hear(listener, sound_lab, sample)
    assert listener.end(signal.SIGINT) == 130


def test_without_a_microphone_it_is_code_4_and_a_way_out(sound_lab: SoundLab, cli: Cli) -> None:
    sound_lab.unplug()
    run = cli("listen")
    assert run.exit == 4
    assert "echoctl listen --demo" in run.stderr
    assert "Traceback" not in run.stderr


def test_an_unknown_microphone_is_named(sound_lab: SoundLab, cli: Cli) -> None:
    run = cli("listen", "--device", "the one in the attic")
    assert run.exit == 3
    assert "the one in the attic" in run.stderr


def test_a_microphone_by_name(start: Start, sound_lab: SoundLab) -> None:
    listener = start("listen", "--json", "--device", "lab_mic")
    assert '"device": "lab_mic"' in listener.until('"type": "ready"')


def test_the_chimes_sound_and_the_request_is_heard_all_the_same(
    start: Start, sound_lab: SoundLab, sample: Path, tmp_path: Path
) -> None:
    out = tmp_path / "speaker.raw"
    recorder = sound_lab.record_speaker(out)
    listener = start("listen", "--json", "--chime", "--once")
    listener.until('"state": "idle"')
    player = sound_lab.play(sample, wait=False)
    assert "time" in listener.until('"type": "transcript"')
    assert listener.process.wait(20) == 0
    player.kill()
    player.wait()
    time.sleep(0.5)
    recorder.terminate()
    recorder.wait()
    import numpy as np

    loud = np.abs(np.frombuffer(out.read_bytes()[: out.stat().st_size // 2 * 2], np.int16)) > 300
    assert loud.any()
