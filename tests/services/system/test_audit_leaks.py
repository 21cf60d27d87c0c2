import os
import socket
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.model.listener import SandboxLevel
from echoctl.services.system import audit_leaks
from echoctl.services.system.health import Check, Grade
from tests.lab.sound import SoundLab


def leak(name: str, holds: str = SandboxLevel.FULL) -> Check:
    return next(check for check in audit_leaks.leaks(holds) if check.name == name)


def test_a_sound_server_across_the_network_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "tcp:kitchen")
    assert "tcp:kitchen" in leak("sound server").text


@pytest.mark.lab
def test_a_sound_server_that_sends_is_said_with_the_cure(sound_lab: SoundLab) -> None:
    found = leak("sound server")
    assert (found.grade, found.fix) == (Grade.NOTE, "")
    assert found.text.endswith("no sandbox prevents; as it is now it sends none")
    sound_lab.pactl("load-module", "module-native-protocol-tcp", "listen=127.0.0.1", "port=47131")
    found = leak("sound server")
    assert found.grade is Grade.NOTE
    assert found.fix == "pactl unload-module module-native-protocol-tcp"


@pytest.mark.parametrize("name", ["module-tunnel-sink-new", "module-native-protocol-tcp", "module-raop-sink"])
def test_each_way_of_sound_over_a_network_is_known(name: str) -> None:
    assert audit_leaks.NETWORK_MODULES.findall(f"7\t{name}\tserver=kitchen") == [name]
    assert not audit_leaks.NETWORK_MODULES.findall("8\tmodule-native-protocol-unix\t")


def test_services_are_out_of_reach_of_what_is_sandboxed(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_leaks.brokers, "found", lambda _: [str(open_folder)])
    assert leak("local services").text == "that do things for others are out of the listener's reach: none is here"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(open_folder / "bus"))
        for holds in (SandboxLevel.FULL, SandboxLevel.FILTER):
            found = leak("local services", holds)
            assert (found.grade, found.text.rpartition(" ")[2]) == (Grade.OK, str(open_folder / "bus"))
        found = leak("local services", SandboxLevel.NONE)
        assert (found.grade, found.text.rpartition(" ")[2]) == (Grade.NOTE, str(open_folder / "bus"))


def test_what_is_planted_is_there_and_goes(home: Path) -> None:
    with audit_leaks.planted() as outside:
        outside.later()
        around = outside.around(1)
        for _, place in around["sockets"]:
            audit_leaks.brokers.ask(place)
        assert Path(around["key"]).parent.name == "keys"
        assert all(os.path.exists(place) for _, place in around["writable"])
    assert not outside.folder.exists()


def test_a_socket_that_nobody_answers_is_no_service_to_be_kept_from(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    folder = tmp_path / f"tmux-{os.getuid()}"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as alive, socket.socket(socket.AF_UNIX) as dead:
        alive.bind(str(folder / "alive"))
        alive.listen()
        dead.bind(str(folder / "dead"))
        dead.listen()
        dead.close()
        with audit_leaks.planted() as outside:
            asked = [Path(place).name for _, place in outside.around(1)["sockets"] if str(tmp_path) in place]
    assert asked == ["alive"]


def test_a_command_of_the_configuration_is_outside_the_sandbox(home: Path) -> None:
    assert leak("plugins, --exec").grade is Grade.OK
    paths.private_dir(paths.config_dir())
    Path(paths.config_file()).write_text('[listen]\nexec = "curl -d @- example.org"\n')
    assert "listen.exec = curl" in leak("plugins, --exec").text


@pytest.mark.parametrize(
    ("line", "grade"),
    [
        ("36 25 0:33 / {data} rw - nfs4 nas:/home rw", Grade.NOTE),
        ("36 25 0:33 / {data} rw - fuse.sshfs x rw", Grade.NOTE),
        ("36 25 0:33 / {data} rw - ext4 /dev/sda1 rw", Grade.OK),
    ],
)
def test_a_data_folder_on_a_network_is_said(
    line: str, grade: Grade, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = ["1 0 8:1 / / rw - ext4 /dev/sda1 rw", line.format(data=paths.data_dir())]
    monkeypatch.setattr(audit_leaks, "_mounts", lambda: table)
    assert leak("data folder").grade is grade


def test_what_no_sandbox_prevents_is_stated() -> None:
    assert "same microphone" in leak("other programs").text
