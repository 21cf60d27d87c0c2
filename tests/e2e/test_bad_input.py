"""Every mistake of a person, and every broken file, is one line, a hint and its exit code."""

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from echoctl import paths
from tests.conftest import REPOSITORY, Run
from tests.lab.listener import Running

Cli = Callable[..., Run]
Start = Callable[..., Running]


def assert_says(run: Run, code: int, *words: str) -> None:
    """One error line, one hint, and nothing else that looks like trouble."""
    assert run.exit == code, run.stderr
    errors = [line for line in run.stderr.splitlines() if line.startswith("echoctl: error: ")]
    hints = [line for line in run.stderr.splitlines() if line.startswith("echoctl: hint: ")]
    assert len(errors) == 1, run.stderr
    assert hints, run.stderr
    assert "Traceback" not in run.stderr
    for word in words:
        assert word in errors[0] + hints[0], run.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--wake-word", "ziggy"], 2, "ziggy"),
        (["--wake-word", ""], 2, "wake"),
        (["--input", "/does/not/exist.wav"], 3, "/does/not/exist.wav"),
        (["--input", "/"], 2, "/"),
        (["--input", __file__], 2, "test_bad_input.py"),
        (["--store", "everything"], 2, "everything"),
        (["--store", "both", "--no-store"], 2, "contradict"),
        (["--demo", "--input", "-"], 2, "--demo"),
        (["--exec", "'unclosed"], 2, "--exec"),
        (["--nonsense"], 2, "--nonsense"),
    ],
)
def test_a_wrong_option(cli: Cli, arguments: list[str], code: int, word: str) -> None:
    if "--input" not in arguments and "--demo" not in arguments:
        arguments = [*arguments, "--input", "-"]
    assert_says(cli("listen", *arguments), code, word)


def test_with_json_the_error_is_the_last_line_of_stdout(cli: Cli) -> None:
    run = cli("listen", "--json", "--wake-word", "ziggy", "--input", "-")
    last = json.loads(run.stdout.splitlines()[-1])
    assert (last["type"], last["code"]) == ("error", 2)
    assert last["hint"]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_every_kind_of_wav_is_heard_to_its_end(cli: Cli, tmp_path: Path, subtype: str, rate: int) -> None:
    sound = tmp_path / "a.wav"
    noise = np.random.default_rng(1).normal(0, 0.05, (rate * 2, 2))
    soundfile.write(sound, noise, rate, subtype=subtype)
    run = cli("listen", "--input", sound, "--json", "--no-store")
    assert run.exit == 0
    assert [event["type"] for event in run.events] == ["ready", "state"]


def test_a_wav_without_a_sample_is_refused(cli: Cli, tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
    assert_says(cli("listen", "--input", sound), 2, "no audio")


def test_an_empty_file_is_not_sound(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert_says(cli("listen", "--input", tmp_path / "a.wav"), 2, "a.wav")


def test_a_cut_wav_is_said_to_be_cut(cli: Cli, tmp_path: Path, sample: Path) -> None:
    pcm, rate = soundfile.read(sample, dtype="int16")
    soundfile.write(tmp_path / "a.wav", pcm, rate)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 3])
    assert_says(cli("listen", "--input", tmp_path / "a.wav"), 2, "a.wav")


def test_stdin_that_ends_at_once(cli: Cli) -> None:
    assert_says(cli("listen", "--input", "-"), 2, "nothing came through standard input", "what should send sound")


def test_a_missing_model(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECHOCTL_SPEECH_MODEL")
    assert_says(cli("listen", "--input", "-"), 5, "echoctl model install")


@pytest.fixture
def own_model(tmp_path: Path, speech_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model that a test may break."""
    folder = tmp_path / "model"
    shutil.copytree(speech_model, folder, copy_function=os.link)
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(folder))
    return folder


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "conf/model.conf", "ivector/final.ie"])
def test_a_damaged_model(cli: Cli, own_model: Path, name: str) -> None:
    (own_model / name).unlink()
    (own_model / name).write_bytes(b"")
    assert_says(cli("listen", "--input", "-"), 5, "echoctl model install")


def test_a_model_that_is_deleted_while_listening_is_not_missed(start: Start, own_model: Path, sample: Path) -> None:
    listener = start("listen", "--input", sample, "--realtime", "--json", "--once")
    listener.until('"type": "ready"')
    shutil.rmtree(own_model)
    assert "time" in listener.until('"type": "transcript"')


def test_a_bad_configuration_is_found_before_anything_starts(cli: Cli) -> None:
    folder = Path(paths.config_dir())
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[listen]\nwake_wordz = ['alexa']\n")
    assert_says(cli("listen", "--input", "-"), 2, "wake_wordz", "did you mean wake_words?")


def test_a_foreign_database(cli: Cli) -> None:
    data = Path(paths.private_dir(paths.data_dir()))
    with sqlite3.connect(data / "echoctl.db") as database:
        database.execute("create table photos (id)")
    (data / "echoctl.db").chmod(0o600)
    assert_says(cli("listen", "--input", "-"), 8, "echoctl.db")
    assert_says(cli("history", "list"), 8, "echoctl.db")


def test_a_newer_database(cli: Cli) -> None:
    cli("vault", "init")
    with sqlite3.connect(paths.database()) as database:
        database.execute("pragma user_version = 999")
    assert_says(cli("listen", "--input", "-"), 8, "newer")


def test_a_missing_and_a_wrong_device_key_seal_but_do_not_open(cli: Cli, sample: Path) -> None:
    cli("listen", "--input", sample, "--once")
    key = Path(paths.device_key())
    right = key.read_bytes()
    key.unlink()
    assert cli("listen", "--input", sample, "--once").exit == 0
    newest = cli("history", "list", "--json").json["recordings"][0]
    assert (newest["locked"], newest["text"]) == (True, None)
    assert_says(cli("history", "show", newest["id"]), 6)
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    assert cli("history", "show", newest["id"]).exit in (6, 7)
    key.write_bytes(right)
    assert cli("history", "show", newest["id"]).exit == 0


def test_a_folder_that_cannot_be_made(cli: Cli) -> None:
    assert_says(cli("listen", "--input", "-", env={"ECHOCTL_DATA_DIR": "/proc/none"}), 8, "/proc/none")


def test_a_disk_that_fills_up_is_said_and_what_was_stored_stays(cli: Cli, sample: Path) -> None:
    assert cli("listen", "--input", sample, "--once").exit == 0
    # No file grows beyond this, the write-ahead log least of all.
    command = f"ulimit -f 60; exec {shlex.quote(sys.executable)} -m echoctl listen --input {shlex.quote(str(sample))}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert_says(Run(run.returncode, run.stdout, run.stderr), 8)
    stored = cli("history", "list", "--json").json["recordings"]
    assert 1 <= len(stored) < 3
    assert not any(recording["damaged"] for recording in stored)


def test_history_before_anything_was_heard(cli: Cli) -> None:
    run = cli("history", "list")
    assert (run.exit, run.stdout) == (0, "")
    assert "nothing was heard yet" in run.stderr
    assert not Path(paths.data_dir()).exists()


def test_without_portaudio_it_says_what_to_install(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    run = cli("listen", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"})
    assert run.exit == 4
    assert "apt install libportaudio2" in run.stderr


def test_a_file_is_heard_while_the_microphone_is_muted(cli: Cli, sample: Path) -> None:
    cli("mute")
    assert "time" in cli("listen", "--input", sample, "--once").stdout
