"""What an installation could still leak, though its listener is sandboxed: stated, and looked at where it can be.

And what a process that gets out would reach for: services, files and terminals of the person's, and some stand-ins.
"""

import contextlib
import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import echoctl
from echoctl import paths
from echoctl.config import loader
from echoctl.errors import EchoctlError
from echoctl.hooks import specs
from echoctl.model.listener import SandboxLevel
from echoctl.sandbox import brokers
from echoctl.sandbox.probes import BYSTANDER
from echoctl.services.system.health import Check, Grade

NETWORK_MODULES = re.compile(
    r"module-(?:native-protocol-tcp|simple-protocol-tcp|esound-protocol-tcp|http-protocol-tcp|tunnel-\S+|rtp-\S+"
    r"|zeroconf-\S+|raop-\S+|roc-\S+|netjack2-\S+)"
)
"""Modules of PulseAudio and PipeWire by which sound goes over a network."""

NETWORK_FILE_SYSTEMS = re.compile(
    r"nfs\d?|cifs|smb\d?|9p|afs|ceph|glusterfs|fuse\.(?:sshfs|rclone|s3fs|davfs\d?|gvfsd.*)"
)

ASK_SECONDS = 5.0

_STARTS = (
    ".bashrc", ".bash_profile", ".profile", ".zshrc", ".config/fish/config.fish", ".config/autostart",
    ".config/systemd/user", ".local/bin", ".ssh/authorized_keys",
)  # fmt: skip
"""Files and folders of a person that make programs start, or let somebody in."""


def leaks(holds: str) -> Iterator[Check]:
    """Everything, in the order of how much it matters. `holds`: the weakest SandboxLevel of a listener's processes."""
    yield _sound_server("sound server")
    yield _senders("local services", holds)
    yield _hooks("plugins, --exec")
    yield _folder("data folder")
    yield _swap("swap")
    yield Check(
        "other programs", Grade.NOTE, "may listen to the same microphone, and may read or send what you may; a "
        "sandbox binds the listener alone",
    )  # fmt: skip


def _sound_server(name: str) -> Check:
    if server := brokers.remote_sound(os.environ):
        return Check(name, Grade.NOTE, f"PULSE_SERVER is {server}: the microphone itself is across the network")
    local = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "pulse", "native")
    if not (os.environ.get("PULSE_SERVER") or os.path.exists(local)):  # pactl would start one
        return Check(name, Grade.OK, "none is running")
    orders = "takes orders from the microphone's process over the connection by which it is heard: what it can send, "
    if not shutil.which("pactl"):
        return Check(name, Grade.NOTE, f"{orders}no sandbox prevents (not asked which modules it has: no pactl)")
    try:
        run = subprocess.run(
            ["pactl", "list", "short", "modules"], capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
        answer = run.stdout if run.returncode == 0 else ""
    except (OSError, subprocess.TimeoutExpired):
        answer = ""
    if not answer:
        return Check(name, Grade.NOTE, f"{orders}no sandbox prevents (it does not answer now)")
    modules = sorted(set(NETWORK_MODULES.findall(answer)))
    loaded = (
        f"sends sound over the network, or takes it from there, by {', '.join(modules)}" if modules else "sends none"
    )
    fix = f"pactl unload-module {modules[0]}" if modules else ""
    return Check(name, Grade.NOTE, f"{orders}no sandbox prevents; as it is now it {loaded}", fix)


def _senders(name: str, holds: str) -> Check:
    there = ", ".join(brokers.sockets(brokers.found(os.environ)))
    if there and holds == SandboxLevel.NONE:
        return Check(name, Grade.NOTE, f"could be asked by the listener to send something: {there}")
    return Check(
        name, Grade.OK, f"that do things for others are out of the listener's reach: {there or 'none is here'}"
    )


def _hooks(name: str) -> Check:
    plugins = sorted(entry.name for entry in entry_points(group=specs.GROUP))
    try:
        command = loader.load().listen.exec
    except EchoctlError as error:
        return Check(name, Grade.NOTE, error.message, error.hint)
    found = [*(f"plugin {plugin}" for plugin in plugins), *([f"listen.exec = {command}"] if command else [])]
    if found:
        return Check(name, Grade.NOTE, f"run outside the sandbox and may send what they are told: {', '.join(found)}")
    return Check(name, Grade.OK, "none; they would run outside the sandbox")


def _folder(name: str) -> Check:
    kind = _file_system(os.path.realpath(paths.data_dir()))
    if NETWORK_FILE_SYSTEMS.fullmatch(kind):
        text = f"{paths.data_dir()} is on {kind}: what is stored there, sealed, goes over the network"
        return Check(name, Grade.NOTE, text, "ECHOCTL_DATA_DIR names another folder")
    return Check(name, Grade.OK, f"on {kind}" if kind else "where the file system is, this system does not tell")


def _file_system(path: str) -> str:
    """The type of the file system that a path is on, "" where that is not told."""
    best, kind = "", ""
    for line in _mounts():
        point = line.split()[4].replace("\\040", " ")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, line.partition(" - ")[2].split()[0]
    return kind


def _mounts() -> list[str]:
    try:
        return Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return []


def _answers(place: str) -> bool:
    """Whether it can be reached from outside: that a sandboxed process cannot proves nothing of a dead socket."""
    try:
        brokers.ask(place)
    except OSError:
        return False
    return True


def _swap(name: str) -> Check:
    try:
        rows = [line.split()[0] for line in Path("/proc/swaps").read_text().splitlines()[1:]]
    except OSError:
        return Check(name, Grade.NOTE, "may hold what was in memory, unless it is encrypted")
    disks = [device for device in rows if "zram" not in device]
    if disks:
        text = f"may hold what was in memory, unless it is encrypted: {', '.join(disks)}"
        return Check(name, Grade.NOTE, text, "encrypt it, or use zram")
    return Check(name, Grade.OK, "none on a disk")


class Outside:
    """What lies about outside of the sandbox."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._named: list[tuple[str, str]] = []
        self._memory = ctypes.create_string_buffer(8)
        self.ports = (self._port(socket.AF_INET, "127.0.0.1"), self._port(socket.AF_INET6, "::1"))
        self.listen("a server with a socket like tmux's", "default")
        self.listen("a server of datagrams", "datagrams", socket.SOCK_DGRAM)
        self.listen("a server that begins anew", "anew")
        if sys.platform == "linux":
            self.listen("an abstract unix socket", f"\0echoctl-audit-{os.urandom(8).hex()}")
        self._bystander = stack.enter_context(subprocess.Popen(["sleep", "infinity"], stdin=subprocess.DEVNULL))
        stack.callback(self._bystander.kill)
        self._key = paths.device_key()
        if not os.path.exists(self._key):
            (folder / "keys").mkdir(mode=0o700)
            (folder / "keys/device.key").write_bytes(os.urandom(32))
            self._key = str(folder / "keys/device.key")

    def listen(self, name: str, place: str, kind: int = socket.SOCK_STREAM) -> None:
        """Have a server with a socket of this name, for as long as everything else is there."""
        address = place if place.startswith("\0") else str(self.folder / place)
        made = self._stack.enter_context(socket.socket(socket.AF_UNIX, kind))
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        if (name, address) not in self._named:
            self._named.append((name, address))

    def later(self) -> None:
        """What happens once everything is locked."""
        (self.folder / "anew").unlink()
        self.listen("a server that begins anew", "anew")
        self.listen("a server that begins late", "late")

    def around(self, other: int) -> dict[str, Any]:
        """For one process, beside an `other`: of probes.Surroundings, what is known outside."""
        asked = [(place, place) for place in brokers.sockets(brokers.found(os.environ)) if _answers(place)]
        return {
            "front": os.getpid(),
            "others": {"the shell": os.getppid(), "the other process": other, BYSTANDER: self._bystander.pid},
            "memory": ctypes.addressof(self._memory),
            "ports": self.ports,
            "sockets": [*self._named, *asked],
            "key": self._key,
            "home": os.path.expanduser("~"),
            "writable": [(name, _there(place)) for name, place in _writable()],
            "terminals": list(_terminals()),
        }

    def _port(self, family: int, host: str) -> int:
        """A port that somebody listens on, or one that nobody does where there is no such network."""
        try:
            made = self._stack.enter_context(socket.socket(family))
            made.bind((host, 0))
            made.listen()
        except OSError:
            return 9
        port: int = made.getsockname()[1]
        return port


@contextlib.contextmanager
def planted() -> Iterator[Outside]:
    """Have it all there for a while."""
    # The path of a socket holds 107 bytes.
    place = None if len(tempfile.gettempdir()) < 60 else "/tmp"
    with tempfile.TemporaryDirectory(prefix="echoctl-audit-", dir=place) as name, contextlib.ExitStack() as stack:
        yield Outside(Path(name), stack)


def _writable() -> Iterator[tuple[str, str]]:
    yield "the settings", paths.config_file()
    yield "the database", paths.database()
    yield "the log", paths.log_file()
    yield "a hook's folder", paths.config_dir()
    yield "a model", paths.models_dir()
    yield "the program", os.path.join(os.path.dirname(echoctl.__file__), "__main__.py")
    yield from ((f"~/{name}", os.path.join(os.path.expanduser("~"), name)) for name in _STARTS)


def _there(path: str) -> str:
    """A path, or the folder that something would have to be made in for it."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _terminals() -> Iterator[str]:
    """The front's own, and every other of the same person."""
    own = [os.ttyname(descriptor) for descriptor in range(3) if os.isatty(descriptor)]
    for place in dict.fromkeys([*own, *map(str, sorted(Path("/dev/pts").glob("[0-9]*")))]):
        with contextlib.suppress(OSError):
            if place in own or os.stat(place).st_uid == os.geteuid():
                yield place
