"""Several listeners on one store: each with its lock, its row, its epoch and its room; a mute is for all of them."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.store.database import key_marker
from tests.conftest import Run
from tests.lab.listener import Running
from tests.lab.sound import SoundLab

pytestmark = pytest.mark.slow

Cli = Callable[..., Run]
Start = Callable[..., Running]

STUDY = "module-null-sink sink_name=study rate=48000 channels=1 format=s16le norewinds=1"


def rooms(cli: Cli) -> dict[str, int]:
    """Room -> how many recordings of it can be read."""
    found = cli("history", "list", "--json").json["recordings"]
    assert not [each for each in found if each["damaged"] or each["locked"] or not each["text"]]
    return {room: sum(each["room"] == room for each in found) for room in {each["room"] for each in found}}


def test_files_are_heard_side_by_side(start: Start, cli: Cli, sample: Path) -> None:
    two = [start("listen", "--input", sample, "--room", room, "--realtime", "--json") for room in ("study", "hall")]
    for listener in two:
        listener.until('"ready"')
    assert cli("listen", "--input", sample, "--room", "attic", "--json").exit == 0
    now = cli("status", "--json").json
    assert {each["room"]: each["pid"] for each in now["listeners"]} == {
        room: listener.process.pid for room, listener in zip(("study", "hall"), two, strict=True)
    }
    assert cli("status").stdout.count("  listener    pid ") == 2
    for listener in two:
        listener.process.communicate(timeout=60)
        assert listener.process.returncode == 0
    assert not key_marker.is_set(paths.database()), "the last one overwrites the log"
    assert rooms(cli) == {"study": 2, "hall": 2, "attic": 2}
    assert cli("vault", "verify").exit == 0
    with closing(sqlite3.connect(paths.database())) as connection:
        epochs = connection.execute("SELECT DISTINCT room, epoch FROM recording").fetchall()
    assert len(epochs) == len({epoch for _, epoch in epochs}) == 3


def test_a_killed_one_leaves_the_other_alone(start: Start, cli: Cli, sample: Path) -> None:
    one, other = (start("listen", "--input", sample, "--room", room, "--realtime", "--json") for room in "ab")
    for listener in (one, other):
        listener.until('"ready"')
    one.process.kill()
    one.process.wait()
    assert [each["room"] for each in cli("status", "--json").json["listeners"]] == ["b"]
    other.process.communicate(timeout=60)
    assert rooms(cli)["b"] == 2


def test_what_is_purged_while_two_record_stays_away(start: Start, cli: Cli, sample: Path) -> None:
    two = [start("listen", "--input", sample, "--room", room, "--realtime", "--json") for room in "ab"]
    for listener in two:
        listener.until('"type": "recording"')
    assert cli("history", "delete", "--all", "--yes").exit == 0
    for listener in two:
        listener.process.communicate(timeout=60)
        assert listener.process.returncode == 0
    assert rooms(cli) == {"a": 1, "b": 1}, "the second request of each"
    assert cli("vault", "verify").exit == 0


@pytest.fixture
def study(sound_lab: SoundLab) -> SoundLab:
    """The lab with another room, whose microphone is `study.monitor`."""
    sound_lab.pactl("load-module", *STUDY.split())
    return sound_lab


@pytest.fixture
def both(start: Start, study: SoundLab) -> list[Running]:
    """A listener of the usual microphone, and one of the study's."""
    two = [
        start("listen", "--room", "hall", "--json"),
        start("listen", "--room", "study", "--json", PULSE_SOURCE="study.monitor"),
    ]
    for listener in two:
        listener.until('"state": "idle"')
    return two


@pytest.mark.lab
def test_each_hears_its_own_microphone(both: list[Running], study: SoundLab, sample: Path, cli: Cli) -> None:
    command = ["paplay", "--device=study", str(sample)]
    with subprocess.Popen(command) as player:
        both[1].until('"type": "recording"')
        player.kill()
    study.play(sample)
    time.sleep(1)
    assert [listener.end() for listener in both] == [143, 143]
    assert rooms(cli) == {"hall": 2, "study": 1}


@pytest.mark.lab
def test_a_mute_is_for_all_of_them(both: list[Running], study: SoundLab, cli: Cli) -> None:
    for _ in range(10):
        assert cli("mute").stdout == "muted: 2 microphones are closed\n"
        assert study.recorders() == []
        assert cli("unmute").stdout == "unmuted: 2 microphones are open\n"
        assert len(study.recorders()) == 2
    os.kill(both[1].process.pid, signal.SIGSTOP)  # its microphone obeys all the same
    assert cli("mute").exit == 0
    assert study.recorders() == []


@pytest.mark.lab
def test_a_microphone_that_hangs_is_named(both: list[Running], study: SoundLab, cli: Cli) -> None:
    hanging = both[1].microphone
    for process in (hanging, both[1].process.pid):
        os.kill(process, signal.SIGSTOP)
    run = cli("mute", "--json")
    assert (run.exit, len(study.recorders())) == (4, 1), "the other one is closed"
    told = json.loads(run.stdout.splitlines()[-1])
    assert "the listener has not closed its microphone yet" in told["message"]
    assert str(hanging) in told["hint"]
    os.kill(hanging, signal.SIGKILL)
    end = time.monotonic() + 5
    while study.recorders() and time.monotonic() < end:
        time.sleep(0.02)
    assert study.recorders() == []


@pytest.mark.lab
def test_a_microphone_has_one_listener(both: list[Running], cli: Cli) -> None:
    for env in ({}, {"PULSE_SOURCE": "study.monitor"}):
        run = cli("listen", env=env)
        assert run.exit == 8
        assert "another listener listens to this microphone already" in run.stderr
    assert len(cli("status", "--json").json["listeners"]) == 2
