import json
import os
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import ExitCode
from echoctl.model.listener import SandboxLevel
from echoctl.services.sandbox import enter
from echoctl.services.system import health
from echoctl.services.system.health import Check, Grade
from echoctl.services.vault import unlocking
from echoctl.store.database import db
from tests.heard import chooses, nobody


def look(name: str) -> Check:
    """One check, without making the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "CHECKS", {name: health.CHECKS[name]})
        return next(health.checks())


def test_a_fresh_home_is_healthy_but_for_model_and_microphone(home: Path) -> None:
    for name in health.CHECKS:
        if name not in ("microphone", "speech model", "wake engines"):
            assert look(name).grade == Grade.OK, name
    assert look("speech model").exit_code == ExitCode.MODEL
    assert list(home.iterdir()) == []  # looking makes nothing


def test_a_bad_setting_is_found_with_the_number_of_others(home: Path) -> None:
    file = Path(paths.config_file())
    file.parent.mkdir(parents=True)
    file.write_text("[listen]\nrom = 1\nchime = 2\n")
    found = look("config")
    assert (found.grade, found.exit_code) == (Grade.FAIL, ExitCode.USAGE)
    assert "(and 1 more)" in found.text


@pytest.mark.parametrize(("name", "place"), [("data folder", paths.data_dir), ("state folder", paths.state_dir)])
def test_a_folder_open_to_others_is_found(home: Path, name: str, place: object) -> None:
    folder = Path(place())  # type: ignore[operator]
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    found = look(name)
    assert (found.grade, found.exit_code) == (Grade.FAIL, ExitCode.STORE)
    assert found.fix.endswith(f"chmod 700 {folder}")


def test_a_store_is_opened_and_its_vault_described(home: Path) -> None:
    unlocking.ensure()
    assert look("database").text.startswith(f"opens, schema {db.SCHEMA_VERSION}")
    assert look("vault").grade == Grade.NOTE
    assert look("vault").fix == "echoctl vault passphrase"
    unlocking.set_passphrase(nobody, chooses("correct horse battery"))
    assert look("vault").grade == Grade.OK


def test_a_damaged_database_is_found(home: Path) -> None:
    unlocking.ensure()
    Path(paths.database()).write_bytes(b"no database at all" * 1000)
    assert look("database").exit_code == ExitCode.STORE


def test_a_missing_device_key_is_found(home: Path) -> None:
    unlocking.ensure()
    os.unlink(paths.device_key())
    found = look("vault")
    assert (found.grade, found.exit_code) == (Grade.FAIL, ExitCode.DAMAGED)
    assert paths.device_key() in found.fix


@pytest.mark.parametrize(
    ("code", "printed", "grade", "text"),
    [
        (0, {"devices": [{"name": "Yeti", "inputs": 2}, {"name": "Lamp", "inputs": 0}]}, Grade.OK, "1 found: Yeti"),
        (0, {"devices": [{"name": "Lamp", "inputs": 0}]}, Grade.FAIL, "there is no microphone"),
        (4, {"type": "error", "message": "PortAudio is missing", "hint": "apt"}, Grade.FAIL, "PortAudio is missing"),
        (-11, None, Grade.FAIL, "PortAudio crashed (signal 11)"),
        (1, None, Grade.FAIL, "the devices cannot be listed"),
    ],
)
def test_microphones_are_judged_by_what_another_process_says(
    code: int, printed: object, grade: Grade, text: str
) -> None:
    found = health.microphone_finding("microphone", code, json.dumps(printed).encode() if printed else b"")
    assert (found.grade, found.text) == (grade, text)
    assert found.exit_code == (ExitCode.OK if grade == Grade.OK else ExitCode.DEVICE)


@pytest.mark.parametrize(
    ("best", "grade", "text"),
    [
        (enter.Sandbox(SandboxLevel.FULL), Grade.OK, "a namespace of its own"),
        (
            enter.Sandbox(SandboxLevel.FILTER, "mount: Permission denied"),
            Grade.NOTE,
            "no namespace (mount: Permission denied)",
        ),
        (enter.Sandbox(SandboxLevel.NONE, "only Linux"), Grade.NOTE, "not sandboxed here: only Linux"),
    ],
)
def test_how_far_the_listener_can_be_sandboxed_is_told(
    best: enter.Sandbox, grade: Grade, text: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enter, "outlook", lambda role: best)
    found = look("sandbox")
    assert (found.grade, text in found.text) == (grade, True)
    assert found.fix or grade is Grade.OK


def test_a_full_disk_is_a_note(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOW_DISK_BYTES", 10**18)
    assert look("disk").grade == Grade.NOTE


def test_a_sound_server_wants_its_plugin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.sys, "platform", "linux")
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert look("sound server").text.startswith("none is running")
    monkeypatch.setenv("PULSE_SERVER", "unix:/x")
    monkeypatch.setattr(health.os, "walk", lambda _: [("/usr/lib", [], [])])
    assert "libasound2-plugins" in look("sound server").fix


def test_engines_are_named_with_the_licences_of_their_models(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    from echoctl.speech import engines

    monkeypatch.setattr(engines, "version", lambda _: "1.0")
    found = look("wake engines")
    assert found.grade == Grade.OK
    assert "openWakeWord (models: CC BY-NC-SA 4.0)" in found.text

    def only_vosk(package: str) -> str:
        if package == "vosk":
            return "1.0"
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(engines, "version", only_vosk)
    assert look("wake engines").grade == Grade.NOTE
    assert "echoctl[neural]" in look("wake engines").fix


def test_a_running_listener_is_shown(home: Path) -> None:
    from echoctl.services import state
    from echoctl.services.listening.presence import Presence
    from echoctl.services.protocol.ear_spec import EarSpec

    db.connect(paths.database(), create=True).close()
    assert look("listener").text == "not running"
    state.set_muted(True, "a test")
    assert look("listener").text == "not running, and muted"
    with Presence(EarSpec()), Presence(EarSpec(input="a.wav")):
        both = look("listener").text
        assert both.count(f"pid {os.getpid()}, ") == 2 and "; " in both


def test_the_exit_code_is_that_of_the_first_failure() -> None:
    fine, bad = Check("a", Grade.NOTE, ""), Check("b", Grade.FAIL, "", exit_code=ExitCode.MODEL)
    worse = Check("c", Grade.FAIL, "", exit_code=ExitCode.STORE)
    assert health.exit_code([fine, bad, worse]) == ExitCode.MODEL
    assert health.exit_code([fine]) == ExitCode.OK
