import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoctl.sandbox import brokers


@pytest.fixture
def runtime(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder with a bus, an agent, a folder of a service, a plain file, and two sound servers."""
    monkeypatch.setattr(brokers, "SYSTEM", ("/run/no such thing",))
    monkeypatch.setattr(brokers.os, "geteuid", lambda: 471_100_000)  # who has nothing in /tmp and /run/user
    kept = []
    for name in ("bus", "agent", "pipewire-0"):
        kept.append(socket.socket(socket.AF_UNIX))
        kept[-1].bind(str(open_folder / name))
    for name in ("systemd", "pulse", "data"):
        (open_folder / name).mkdir()
    (open_folder / "file").touch()
    yield open_folder
    for one in kept:
        one.close()


def names(found: list[str]) -> set[str]:
    return {os.path.basename(path) for path in found}


def test_everything_in_the_runtime_folder_but_the_sound_server(runtime: Path) -> None:
    found = brokers.found({"XDG_RUNTIME_DIR": str(runtime)})
    assert names(found) == {"bus", "agent", "systemd", "data"}


def test_the_bus_and_the_agent_that_the_environment_names(runtime: Path) -> None:
    address = f"unix:abstract=/tmp/x;unix:path={runtime}/bus,guid=0815"
    environ = {"DBUS_SESSION_BUS_ADDRESS": address, "SSH_AUTH_SOCK": f"{runtime}/agent"}
    assert names(brokers.found(environ)) == {"bus", "agent"}


def test_an_empty_environment_has_none(runtime: Path) -> None:
    assert brokers.found({"XDG_RUNTIME_DIR": "/no such"}) == []


def test_multiplexers_shared_connections_and_agents(runtime: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".ssh").mkdir()
    (runtime / "tmux-471100000").mkdir()
    for place in (runtime / "tmux-471100000/default", home / ".ssh/mux"):
        with socket.socket(socket.AF_UNIX) as made:
            monkeypatch.chdir(place.parent)  # the path of a socket holds 107 bytes
            made.bind(place.name)
    found = brokers.found({"TMUX_TMPDIR": str(runtime), "TMUX": f"{runtime}/agent,47,0"})
    assert names(found) == {"tmux-471100000", ".ssh", "agent"}
    assert names(list(brokers.sockets(found))) == {"default", "mux", "agent"}


def test_the_runtime_folder_is_found_without_a_variable(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir
    monkeypatch.setattr(
        brokers.os, "scandir", lambda place: scandir(runtime if place == "/run/user/471100000" else place)
    )
    assert names(brokers.found({})) == {"bus", "agent", "systemd", "data"}


def test_whoever_accepts_is_asked(runtime: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(runtime / "datagrams"))
        brokers.ask(str(runtime / "datagrams"))
    with pytest.raises(ConnectionRefusedError):
        brokers.ask(str(runtime / "bus"))


def test_the_sockets_to_ask(runtime: Path) -> None:
    found = brokers.sockets([str(runtime), str(runtime / "file"), "/no such"])
    assert names(list(found)) == {"bus", "agent", "pipewire-0"}
    with socket.socket(socket.AF_UNIX) as deep:
        (runtime / "systemd/a").mkdir()
        deep.bind(str(runtime / "systemd/a/private"))
    assert "private" in names(list(brokers.sockets([str(runtime)])))


@pytest.mark.parametrize(
    ("server", "remote"),
    [
        ("", False),
        ("unix:/run/user/1000/pulse/native", False),
        ("{d34db33f}unix:/run/pulse/native tcp:kitchen:4713", False),
        ("/tmp/pulse", False),
        ("tcp:kitchen:4713", True),
        ("{d34db33f}tcp6:kitchen", True),
        ("kitchen", True),
    ],
)
def test_a_sound_server_across_the_network(server: str, remote: bool) -> None:
    assert brokers.remote_sound({"PULSE_SERVER": server}) == (server if remote else "")
