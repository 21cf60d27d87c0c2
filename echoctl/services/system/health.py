"""`doctor`: what a working installation needs, looked at one thing at a time, each finding with its cure.

A check never changes anything and never raises: what is wrong is its result. Whatever could take the process with
it (PortAudio and the C libraries below it) is looked at in another process.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from echoctl import paths
from echoctl.config import loader
from echoctl.errors import EchoctlError, ExitCode, NotFound
from echoctl.model.listener import SandboxLevel
from echoctl.services import state
from echoctl.services.models import install as installed
from echoctl.services.sandbox import enter, roles
from echoctl.services.vault import unlocking
from echoctl.speech import models
from echoctl.store.database import db
from echoctl.text.format import size_text

DEVICES_SECONDS = 20.0
"""How long the sound system may take to answer; a sound server that hangs is a finding, too."""

LOW_DISK_BYTES = 200_000_000
"""Less free space than this is worth a word: it is about two hours of recordings."""


class Grade(StrEnum):
    """How a check ended. Only `fail` keeps echoctl from doing its work."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: what was looked at, how it is, and what to do about it."""

    name: str
    grade: Grade
    text: str
    fix: str = ""
    exit_code: int = ExitCode.OK


def checks() -> Iterator[Check]:
    """Make every check, in the order in which a newcomer meets them."""
    for name, look in CHECKS.items():
        try:
            yield look(name)
        except EchoctlError as error:
            yield Check(name, Grade.FAIL, error.message, error.hint, error.exit_code)


def exit_code(found: list[Check]) -> int:
    """The first failure's code, so that a script learns what to mend first."""
    return next((check.exit_code for check in found if check.grade == Grade.FAIL), ExitCode.OK)


def _python(name: str) -> Check:
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.platform not in ("linux", "darwin"):
        return Check(name, Grade.NOTE, f"{text}, where nobody has tried echoctl", "use Linux or macOS")
    return Check(name, Grade.OK, text)


def _configuration(name: str) -> Check:
    found = list(loader.problems())
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return Check(
            name, Grade.FAIL, found[0].message + more, "echoctl config validate lists every problem", ExitCode.USAGE
        )
    there = os.path.exists(paths.config_file())
    return Check(name, Grade.OK, paths.config_file() if there else "defaults: there is no config.toml")


def _folder(place: Callable[[], str]) -> Callable[[str], Check]:
    def look(name: str) -> Check:
        path = place()
        if not os.path.exists(path):
            return Check(name, Grade.OK, f"{path} is made when it is needed")
        paths.private_dir(path)
        if not os.access(path, os.W_OK | os.X_OK):
            return Check(name, Grade.FAIL, f"{path} cannot be written", f"chmod 700 {path}", ExitCode.STORE)
        return Check(name, Grade.OK, path)

    return look


def _database(name: str) -> Check:
    if not db.exists(paths.database()):
        return Check(name, Grade.OK, "none yet: the first echoctl listen makes it")
    db.connect(paths.database()).close()
    size = os.stat(paths.database()).st_size
    return Check(name, Grade.OK, f"opens, schema {db.SCHEMA_VERSION}, {size_text(size)}")


def _vault(name: str) -> Check:
    try:
        vault = unlocking.status()
    except NotFound:
        return Check(name, Grade.OK, "none yet: the first echoctl listen makes it")
    if vault.device_key != "ok":
        return Check(
            name,
            Grade.FAIL,
            vault.device_key,
            f"bring back {vault.device_key_path}, or: echoctl vault recover",
            ExitCode.DAMAGED,
        )
    if vault.damaged_slots:
        return Check(
            name, Grade.FAIL, f"damaged key slots: {', '.join(vault.damaged_slots)}", "echoctl vault recover",
            ExitCode.DAMAGED,
        )  # fmt: skip
    if not vault.asks:
        return Check(
            name,
            Grade.NOTE,
            "sealed with a key on this disk, which does not help against a stolen disk",
            "echoctl vault passphrase",
        )
    return Check(name, Grade.OK, f"ways in: {', '.join(vault.slots)}")


def _microphone(name: str) -> Check:
    try:
        run = subprocess.run(
            [sys.executable, "-m", "echoctl", "devices", "--json"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=DEVICES_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Check(name, Grade.FAIL, "the sound system does not answer", "restart the sound server", ExitCode.DEVICE)
    return microphone_finding(name, run.returncode, run.stdout)


def microphone_finding(name: str, code: int, printed: bytes) -> Check:
    """What `echoctl devices --json` said, as a finding; a death by signal is one as well."""
    if code < 0:
        return Check(
            name,
            Grade.FAIL,
            f"PortAudio crashed (signal {-code})",
            "restart the sound server, or try another one",
            ExitCode.DEVICE,
        )
    try:
        answer = json.loads(printed)
    except ValueError:
        return Check(name, Grade.FAIL, "the devices cannot be listed", "run: echoctl devices", ExitCode.DEVICE)
    if code != ExitCode.OK:
        return Check(name, Grade.FAIL, answer["message"], answer["hint"], code)
    inputs = [str(device["name"]) for device in answer["devices"] if device["inputs"]]
    if not inputs:
        return Check(
            name, Grade.FAIL, "there is no microphone", "plug one in, or see: echoctl listen --demo", ExitCode.DEVICE
        )
    return Check(name, Grade.OK, f"{len(inputs)} found: {', '.join(inputs)}")


def _sound_server(name: str) -> Check:
    socket = os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "pulse", "native")
    if sys.platform != "linux" or not (os.environ.get("PULSE_SERVER") or os.path.exists(socket)):
        return Check(name, Grade.OK, "none is running: devices are used directly")
    places = ("/usr/lib", "/usr/lib64")
    plugin = any("libasound_module_pcm_pulse.so" in files for top in places for _, _, files in os.walk(top))
    if not plugin:
        return Check(
            name,
            Grade.NOTE,
            "a sound server runs, and ALSA has no plugin for it",
            "Debian and Ubuntu: sudo apt install libasound2-plugins",
        )
    return Check(name, Grade.OK, "running, and reached through ALSA's plugin")


def _model(name: str) -> Check:
    return Check(name, Grade.OK, models.locate(loader.load().speech.model or None, paths.model_dirs()))


def _spotters(name: str) -> Check:
    engines = installed.spotters()
    text = ", ".join(f"{engine.name} (models: {engine.licence})" for engine in engines if engine.version)
    if any(engine.extra == "neural" and not engine.version for engine in engines):
        return Check(
            name,
            Grade.NOTE,
            f"{text} alone: it misses more wake words and wakes more by mistake",
            "install the neural extra: pip install 'echoctl[neural]' (Linux, glibc 2.35 or newer)",
        )
    return Check(name, Grade.OK, text)


def _disk(name: str) -> Check:
    folder = paths.data_dir()
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK_BYTES:
        return Check(name, Grade.NOTE, f"{size_text(free)} free in {folder}", "free some space")
    return Check(name, Grade.OK, f"{size_text(free)} free")


def _sandbox(name: str) -> Check:
    best = enter.outlook(roles.ear())
    if best.holds == SandboxLevel.FULL:
        return Check(name, Grade.OK, "the listener can be kept off the network: a namespace of its own, and a filter")
    if best.holds == SandboxLevel.FILTER:
        text = f"the filter alone keeps the listener off the network: no namespace ({best.why})"
        fix = "allow user namespaces to it (Ubuntu: an AppArmor profile; a container: its seccomp profile)"
        return Check(name, Grade.NOTE, text, fix)
    return Check(
        name, Grade.NOTE, f"the listener is not sandboxed here: {best.why}", "listen on Linux, x86_64 or aarch64"
    )


def _listener(name: str) -> Check:
    if not db.exists(paths.database()):
        return Check(name, Grade.OK, "not running")
    now = state.snapshot()
    if not now.listening:
        return Check(name, Grade.OK, "not running" + (", and muted" if now.muted else ""))
    told = (f"pid {each.pid}, {each.led}, microphone {each.mic}" for each in now.listeners)
    return Check(name, Grade.OK, "; ".join(told))


CHECKS: dict[str, Callable[[str], Check]] = {
    "python": _python,
    "config": _configuration,
    "data folder": _folder(paths.data_dir),
    "state folder": _folder(paths.state_dir),
    "database": _database,
    "vault": _vault,
    "microphone": _microphone,
    "sound server": _sound_server,
    "speech model": _model,
    "wake engines": _spotters,
    "disk": _disk,
    "sandbox": _sandbox,
    "listener": _listener,
}
"""Name -> the look. A new check is one function and one line here."""
