"""Local services that send for whoever asks them: a process without a network can still ask over a unix socket.

Where a mount namespace is allowed their sockets are covered for the ear. What is left in the runtime folder is the
sound server's, which a microphone needs.
"""

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

SYSTEM = (
    "/run/dbus",
    "/run/systemd",
    "/run/nscd",
    "/run/avahi-daemon",
    "/run/NetworkManager",
    "/run/cups",
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


def found(environ: Mapping[str, str], keep: Sequence[str]) -> list[str]:
    """What there is of them, in no need of rights to see. Never a folder that one of the paths `keep` lies in."""
    candidates = dict.fromkeys(os.path.realpath(path) for path in _candidates(environ) if path)
    kept = [os.path.realpath(path) for path in keep]
    return [path for path in candidates if _is_service(path) and not _holds(path, kept)]


def sockets(paths: Iterable[str]) -> Iterator[str]:
    """The sockets among the paths, and directly in those that are folders."""
    for path in paths:
        try:
            inside = [entry.path for entry in os.scandir(path)] if os.path.isdir(path) else [path]
        except OSError:
            continue
        yield from (place for place in sorted(inside) if _mode(place, stat.S_ISSOCK))


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    yield from SYSTEM
    if runtime := environ.get("XDG_RUNTIME_DIR", ""):
        with contextlib.suppress(OSError):
            yield from (entry.path for entry in os.scandir(runtime) if not entry.name.startswith(SOUND))
    for address in environ.get("DBUS_SESSION_BUS_ADDRESS", "").split(";"):
        fields = dict(pair.partition("=")[::2] for pair in address.removeprefix("unix:").split(","))
        yield fields.get("path", "")
    yield environ.get("SSH_AUTH_SOCK", "")


def _is_service(path: str) -> bool:
    return _mode(path, stat.S_ISSOCK) or _mode(path, stat.S_ISDIR)


def _mode(path: str, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(os.stat(path).st_mode)
    except OSError:
        return False


def _holds(path: str, kept: Sequence[str]) -> bool:
    return path == "/" or any(place == path or place.startswith(path + "/") for place in kept)


def remote_sound(environ: Mapping[str, str]) -> str:
    """The sound server of PULSE_SERVER, when every one that it names is across a network; else ""."""
    wish = environ.get("PULSE_SERVER", "")
    servers = [server.partition("}")[2] or server for server in wish.split()]
    return wish if servers and not any(server.startswith(("unix:", "/")) for server in servers) else ""
