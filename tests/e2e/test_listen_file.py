import os
import shlex
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from tests.conftest import Run
from tests.lab.listener import Running

Cli = Callable[..., Run]
Start = Callable[..., Running]


def kinds(run: Run) -> list[str]:
    return [event["type"] for event in run.events if event["type"] != "partial"]


def test_a_spoken_request_is_heard_understood_and_stored(cli: Cli, sample: Path) -> None:
    run = cli("listen", "--input", sample, "--json")
    assert run.exit == 0
    request = ["wake", "state", "state", "transcript", "recording", "state"]
    assert kinds(run) == ["ready", "state", *request, *request]
    texts = [event["text"] for event in run.events if event["type"] == "transcript"]
    assert "time" in texts[0]
    assert "kitchen" in texts[1]
    states = [event["state"] for event in run.events if event["type"] == "state"]
    assert states == ["idle", "listening", "thinking", "idle", "listening", "thinking", "idle"]
    wakes = [event for event in run.events if event["type"] == "wake"]
    assert all(event["word"] == "alexa" and event["t"] > 0 and event["scores"] for event in wakes)
    assert all(event["v"] == 1 and event["at"] for event in run.events)


def test_words_are_placed_within_their_recording(cli: Cli, sample: Path) -> None:
    run = cli("listen", "--input", sample, "--json", "--once")
    words, length = [
        (event.get("words"), event.get("duration_ms"))
        for event in run.events
        if event["type"] in ("transcript", "recording")
    ]
    assert words[0] and length[1]
    assert all(0.4 < word["start"] < word["end"] <= length[1] / 1000 for word in words[0])


def test_raw_sound_on_stdin_goes_the_same_way(cli: Cli, sample: Path) -> None:
    import soundfile

    pcm = soundfile.read(sample, dtype="int16")[0].tobytes()
    piped = cli("listen", "--input", "-", "--json", stdin=pcm)
    direct = cli("listen", "--input", sample, "--json")

    def heard(run: Run) -> list[tuple[object, object]]:
        return [(e.get("t"), e.get("text")) for e in run.events if e["type"] in ("wake", "transcript")]

    assert heard(piped) == heard(direct) != []


def test_once_ends_after_one_request(cli: Cli, sample: Path) -> None:
    run = cli("listen", "--input", sample, "--json", "--once")
    assert run.exit == 0
    assert kinds(run).count("recording") == 1


def test_push_to_talk_needs_no_wake_word(cli: Cli, sample: Path) -> None:
    run = cli("listen", "--input", sample, "--json", "--now", "--once")
    assert kinds(run) == ["ready", "state", "state", "state", "transcript", "recording", "state"]
    assert next(event for event in run.events if event["type"] == "recording")["wake_word"] is None


def dump() -> list[str]:
    with sqlite3.connect(paths.database()) as database:
        return [line for line in database.iterdump() if 'INTO "listener"' not in line]


@pytest.mark.parametrize(
    ("mode", "text", "sound"),
    [("times", False, False), ("transcript", True, False), ("audio", False, True), ("both", True, True)],
)
def test_each_mode_keeps_what_it_says(
    cli: Cli, sample: Path, tmp_path: Path, mode: str, text: bool, sound: bool
) -> None:
    assert "time" in cli("listen", "--input", sample, "--once", "--store", mode).stdout
    kept = cli("history", "list", "--json").json["recordings"][0]
    assert kept["mode"] == mode
    assert kept["wake_word"] == "alexa"
    assert kept["duration_ms"] > 1000
    assert bool(kept["text"]) == text
    assert cli("history", "export", kept["id"], "-o", tmp_path / "out.wav").exit == (0 if sound else 3)


def test_no_store_leaves_every_table_but_the_listeners_as_it_was(cli: Cli, sample: Path) -> None:
    cli("listen", "--input", sample)
    before = dump()
    run = cli("listen", "--input", sample, "--json", "--no-store")
    assert kinds(run).count("transcript") == 2
    assert "recording" not in kinds(run)
    assert dump() == before


def test_exec_gets_the_events_and_no_shell(cli: Cli, sample: Path, tmp_path: Path) -> None:
    script = tmp_path / "append"
    script.write_text(f"#!/bin/sh\ncat >> {tmp_path}/got\n")
    script.chmod(0o700)
    listen = ("listen", "--input", sample, "--once", "--exec", f"{script} ; touch {tmp_path}/trap")
    assert cli(*listen).exit == 0
    got = (tmp_path / "got").read_text()
    assert '"type": "transcript"' in got
    assert "what time" not in got
    assert cli(*listen, env={"ECHOCTL_HOOKS_TRANSCRIPTS": "true"}).exit == 0
    assert "what time" in (tmp_path / "got").read_text()
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_seals_what_is_being_recorded(start: Start, cli: Cli, sample: Path, number: int, code: int) -> None:
    listener = start("listen", "--input", sample, "--realtime", "--json")
    listener.until('"state": "listening"')
    time.sleep(1.2)
    assert listener.end(number) == code
    rest = listener.process.stdout.read() if listener.process.stdout else ""
    assert '"type": "recording"' in rest
    assert cli("history", "list", "--json").json["recordings"][0]["text"]


def test_the_ear_ends_with_its_front(start: Start, sample: Path) -> None:
    listener = start("listen", "--input", sample, "--realtime", "--json")
    listener.until('"ready"')
    ear = listener.ear
    listener.process.kill()
    listener.process.wait()
    for _ in range(100):
        if not Path(f"/proc/{ear}").exists() or " Z " in Path(f"/proc/{ear}/stat").read_text():
            break
        time.sleep(0.05)
    else:
        os.kill(ear, signal.SIGKILL)
        raise AssertionError("the ear lives on without its front")


def test_a_reader_that_goes_away_ends_the_listener_quietly(cli: Cli, sample: Path) -> None:
    import sys

    cli("vault", "init")

    command = f"{shlex.quote(sys.executable)} -m echoctl listen --json --input {shlex.quote(str(sample))} | head -1"
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("wait", [0.1, 0.3, 0.7])
def test_a_signal_in_the_first_second_is_quiet(start: Start, sample: Path, number: int, wait: float) -> None:
    listener = start("listen", "--input", sample, "--realtime")
    time.sleep(wait)
    code = listener.end(number)
    assert listener.process.stderr
    assert "Traceback" not in listener.process.stderr.read()
    assert code in (130, 143, -number)
