"""What an installation could still leak, though its listener is sandboxed: stated, and looked at where it can be."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from echoctl import paths
from echoctl.config import loader
from echoctl.errors import EchoctlError
from echoctl.hooks import specs
from echoctl.model.listener import SandboxLevel
from echoctl.sandbox import brokers
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


def leaks(holds: str, hidden: list[str]) -> Iterator[Check]:
    """Everything, in the order of how much it matters. `holds` and `hidden` are of a sandbox made here and now."""
    yield _sound_server("sound server")
    yield _senders("local services", holds, hidden)
    yield _hooks("plugins, --exec")
    yield _folder("data folder")
    yield _swap("swap")
    yield Check(
        "other programs", Grade.NOTE, "may listen to the same microphone, and may read or send what you may; a "
        "sandbox binds the listener alone, and files that it wrote are files like any other",
    )  # fmt: skip


def _sound_server(name: str) -> Check:
    if server := brokers.remote_sound(os.environ):
        return Check(name, Grade.NOTE, f"PULSE_SERVER is {server}: the microphone itself is across the network")
    local = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "pulse", "native")
    if not (os.environ.get("PULSE_SERVER") or os.path.exists(local)):  # pactl would start one
        return Check(name, Grade.OK, "none is running")
    if not shutil.which("pactl"):
        return Check(name, Grade.OK, "not asked what it sends: pactl is not installed")
    try:
        run = subprocess.run(
            ["pactl", "list", "short", "modules"], capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Check(name, Grade.OK, "does not answer")
    if run.returncode != 0:
        return Check(name, Grade.OK, "does not answer")
    if modules := sorted(set(NETWORK_MODULES.findall(run.stdout))):
        text = f"can send sound over the network, or take it from there: {', '.join(modules)}"
        return Check(name, Grade.NOTE, text, f"pactl unload-module {modules[0]}")
    return Check(name, Grade.OK, "has no module that sends sound over the network")


def _senders(name: str, holds: str, hidden: list[str]) -> Check:
    open_ = [path for path in brokers.found(os.environ, []) if path not in hidden]
    if open_:
        text = f"could be asked by the listener to send something: {', '.join(open_)}"
        fix = "" if holds == SandboxLevel.NAMESPACE else "allow user namespaces, and they are covered"
        return Check(name, Grade.NOTE, text, fix)
    # The vault's keys are hidden too, those of the trial's own store.
    covered = ", ".join(path for path in hidden if os.path.basename(path) != os.path.basename(paths.keys_dir()))
    return Check(name, Grade.OK, f"that send for others are covered for the listener: {covered or 'none is here'}")


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
