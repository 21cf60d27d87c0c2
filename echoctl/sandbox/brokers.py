"""Local services that do things for whoever asks them: a process without a network can still ask over a unix socket.

A multiplexer runs commands, a bus starts programs, an ssh that is connected already opens another channel. Behind an
empty root none of their sockets is there, and a process at work may connect to none; `echoctl audit` tries them.
"""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping

SYSTEM = (
    "/run/dbus",
    "/run/systemd",
    "/run/nscd",
    "/run/avahi-daemon",
    "/run/NetworkManager",
    "/run/cups",
    "/run/screen",
    "/run/tailscale",
    "/run/docker.sock",
    "/run/docker",
    "/run/podman",
    "/run/containerd",
    "/run/libvirt",
    "/run/snapd.socket",
    "/run/snapd-snap.socket",
    "/tmp/.X11-unix",  # a program that types into a terminal sends, too
)
"""Known ones: D-Bus, systemd and its resolver, name caches, containers, virtual machines, the screen."""

SOUND = ("pulse", "pipewire")
"""What begins so in the runtime folder is a sound server's."""

_DEPTH = 2
"""How far below a service's folder its socket may lie: /run/user/1000/gnupg/d.x/S.gpg-agent."""


def found(environ: Mapping[str, str]) -> list[str]:
    """What there is of them, sockets and folders, in no need of rights to see."""
    candidates = dict.fromkeys(os.path.realpath(path) for path in _candidates(environ) if path)
    return [path for path in candidates if path != "/" and _is_service(path)]


def sockets(paths: Iterable[str]) -> Iterator[str]:
    """The sockets among the paths, and below those that are folders."""
    for path in paths:
        if _mode(path, stat.S_ISSOCK):
            yield path
        elif os.path.isdir(path):
            yield from _below(path, _DEPTH)


def ask(address: str) -> None:
    """Connect to a socket, and say nothing. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.settimeout(1)
        try:
            made.connect(address)
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:  # a datagram socket, which listens all the same
                raise


def _below(folder: str, depth: int) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            continue
        if _mode(entry.path, stat.S_ISSOCK):
            yield entry.path
        elif depth and entry.is_dir():
            yield from _below(entry.path, depth - 1)


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    yield from SYSTEM
    uid = os.geteuid()
    for runtime in filter(None, (environ.get("XDG_RUNTIME_DIR"), f"/run/user/{uid}")):
        with contextlib.suppress(OSError):
            yield from (entry.path for entry in os.scandir(runtime) if not entry.name.startswith(SOUND))
    for address in environ.get("DBUS_SESSION_BUS_ADDRESS", "").split(";"):
        fields = dict(pair.partition("=")[::2] for pair in address.removeprefix("unix:").split(","))
        yield fields.get("path", "")
    yield environ.get("SSH_AUTH_SOCK", "")
    yield environ.get("TMUX", "").partition(",")[0]
    yield from (os.path.join(place, f"tmux-{uid}") for place in ("/tmp", environ.get("TMUX_TMPDIR") or "/tmp"))
    yield f"/tmp/emacs{uid}"
    # Connections that are shared (ControlMaster), and agents.
    yield from (os.path.expanduser(place) for place in ("~/.ssh", "~/.gnupg", "~/.screen"))


def _is_service(path: str) -> bool:
    return _mode(path, stat.S_ISSOCK) or _mode(path, stat.S_ISDIR)


def _mode(path: str, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(os.stat(path).st_mode)
    except OSError:
        return False


def remote_sound(environ: Mapping[str, str]) -> str:
    """The sound server of PULSE_SERVER, when every one that it names is across a network; else ""."""
    wish = environ.get("PULSE_SERVER", "")
    servers = [server.partition("}")[2] or server for server in wish.split()]
    return wish if servers and not any(server.startswith(("unix:", "/")) for server in servers) else ""


def sound_sockets(environ: Mapping[str, str]) -> list[str]:
    """The sockets of local sound servers. Never a folder: with PULSE_SERVER in /tmp others have theirs beside it."""
    places = ["/run/pulse/native", "/var/run/pulse/native"]
    if runtime := environ.get("XDG_RUNTIME_DIR", ""):
        with contextlib.suppress(OSError):
            places += [entry.path for entry in os.scandir(runtime) if entry.name.startswith(SOUND)]
    for server in environ.get("PULSE_SERVER", "").split():
        address = server.partition("}")[2] or server
        if address.startswith(("unix:", "/")) and not os.path.isdir(place := address.removeprefix("unix:")):
            places.append(place)
    return list(dict.fromkeys(os.path.realpath(place) for place in sockets(places)))
