"""What each process has in sight: what its duty needs, and nothing beside it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.services.sandbox import roles


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A sound server's socket in a folder in which others have theirs."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as made, socket.socket(socket.AF_UNIX) as other:
        made.bind(path)
        other.bind(str(tmp_path / "tmux"))
        monkeypatch.setenv("PULSE_SERVER", f"unix:{path}")
        yield path


def test_a_microphone_sees_the_sockets_of_sound_servers_and_not_their_folders(server: str) -> None:
    assert server in roles.microphone().usable
    assert not [path for path in roles.microphone().usable if os.path.isdir(path) and path != "/dev/snd"]


def test_a_server_at_the_root_shows_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/pulse.sock /")
    assert not {"/", "/pulse.sock"} & set(roles.microphone().usable)


def test_a_server_that_begins_anew_is_another_view(server: str) -> None:
    before = roles.sound_view()
    kept = f"{server}.old"  # so that its number is not given again
    os.rename(server, kept)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(server)
        assert roles.sound_view() != before


def test_settings_that_lie_elsewhere_are_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/usr/share/alsa/alsa.conf:/somewhere/asound.conf")
    assert "/somewhere/asound.conf" in roles.microphone().reads


def test_keys_recordings_and_settings_are_hidden_from_each(home: Path) -> None:
    for role in (roles.ear(), roles.microphone(), roles.decoder()):
        assert {paths.keys_dir(), paths.data_dir(), paths.state_dir(), paths.config_dir()} <= set(role.hidden)
    assert not roles.microphone().models and not roles.decoder().usable and not roles.ear().usable
    assert not roles.ear().unix_sockets
