"""A microphone without an ear; the process that holds it is played."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from echoctl.errors import DeviceError, EchoctlError
from echoctl.services.listening import hearing as module
from echoctl.services.listening.hearing import hearing
from echoctl.services.sandbox.child import Child
from tests.services.listening.players import MICROPHONE

CHUNK = b"\1\2" * 1280
SOUND = f"""
sent = 0
while True:
    pipe.pcm({CHUNK!r})
    time.sleep(0.005)
"""


@pytest.fixture(autouse=True)
def played(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def child(name: str, arguments: Sequence[str], **more: Any) -> Child:
        assert name == "echoctl.services.microphone.process"
        return Child("a_played_microphone", arguments, **more)

    (tmp_path / "a_played_microphone.py").write_text(MICROPHONE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("JOURNAL", str(tmp_path / "journal"))
    monkeypatch.setattr(module, "Child", child)


def test_sound_comes_from_now_on_and_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WHEN_OPEN", SOUND)
    with hearing("") as microphone:
        pcm = microphone.seconds(0.5)
    assert 16000 <= len(pcm) < 16000 + 65536 and pcm[: len(CHUNK)] == CHUNK
    assert not [file for file in tmp_path.rglob("*") if CHUNK in file.read_bytes()]


def test_quiet_is_not_held_back_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WHEN_OPEN", "note(f'hurry {mute_file.in_hurry(spec.mute)}')" + SOUND)
    with hearing("") as microphone:
        microphone.seconds(0.1)
    assert "hurry True" in (tmp_path / "journal").read_text()


def test_a_microphone_that_does_not_open_is_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROPHONE", "pipe.event('error', code=4, message='there is none', hint='h'); os._exit(4)")
    with pytest.raises(EchoctlError, match="there is none") as caught, hearing(""):
        pytest.fail("it is not open")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("when_open", "says"),
    [
        ("pipe.event('lost', device='a mic', reason='ended'); os._exit(0)", "gone: a mic"),
        ("die()", "process has ended"),
    ],
)
def test_a_microphone_that_goes_is_an_error(monkeypatch: pytest.MonkeyPatch, when_open: str, says: str) -> None:
    monkeypatch.setenv("WHEN_OPEN", when_open)
    with pytest.raises(DeviceError, match=says), hearing("") as microphone:
        microphone.seconds(1.0)


def test_one_that_says_nothing_is_not_waited_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 1.0)
    monkeypatch.setenv("MICROPHONE", "time.sleep(60)")
    with pytest.raises(DeviceError, match="does not answer"), hearing(""):
        pytest.fail("it is not open")
