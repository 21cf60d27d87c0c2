"""A listener whose ear and microphone are in somebody else's hands: what review H2 did, for real, and more.

The payload runs in both processes once they are locked, in a listener that hears a real sound server. It does harm, so
everything that it reaches for is the test's own: the program is a copy, the home is a folder, the shell is a `sleep`.
The same payload without a sandbox succeeds in everything: the test would notice.
"""

import json
import os
import pty
import re
import select
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import echoctl
from echoctl import paths
from echoctl.services.vault import unlocking
from tests.conftest import REPOSITORY
from tests.lab.cage import caged, needs_namespaces, somebody
from tests.lab.sound import SoundLab

pytestmark = [pytest.mark.lab, pytest.mark.slow, needs_namespaces]

PAYLOAD = r"""
import json, os, signal, socket, sqlite3, subprocess, sys, time
if any(name in sys.orig_argv for name in ("echoctl.services.ear.process", "echoctl.services.microphone.process")):
    at = json.loads(os.environ["TEST_TARGETS"])
    from echoctl.services.sandbox import enter
    def connect(place):
        with socket.socket(socket.AF_UNIX) as made:
            made.connect(place); made.send(b"x")
    def run(*command):
        if (child := os.fork()) == 0:
            os.execv(command[0], command)
        assert os.waitpid(child, 0)[1] == 0
    def append(place):
        with open(place, "ab") as file: file.write(b"\n# harm\n")
    def trigger():
        with sqlite3.connect(at["database"], timeout=5) as db:
            db.execute(f"CREATE TRIGGER harm{os.getpid()} AFTER DELETE ON recording BEGIN SELECT 1; END")
    def read(place):
        with open(place, "rb") as file: assert file.read()
    def rename():
        os.rename(at["state"], at["state"] + "x")
        os.rename(at["state"] + "x", at["state"])
    def prompt():
        terminal = os.open(at["terminal"], os.O_RDWR | os.O_NOCTTY)
        os.write(terminal, b"Passphrase: "); os.close(terminal)
    attacks = {
        "tmux's server": lambda: connect(at["tmux"]),
        "tmux run-shell": lambda: run(at["program tmux"], "-S", at["tmux"], "run-shell", "touch " + at["mark"]),
        "a shared ssh": lambda: connect(at["master"]),
        "a service that begins anew": lambda: connect(at["anew"]),
        "a service that begins late": lambda: connect(at["late"]),
        "run a program": lambda: run("/bin/true"),
        "the key": lambda: read(at["key"]),
        "the key by another path": lambda: read(at["alias"]),
        "the key in another process's view": lambda: read(f"/proc/{at['shell']}/root{at['key']}"),
        "replace the key": lambda: append(at["key"]),
        "rename the keys": rename,
        "the settings": lambda: append(at["settings"]),
        "the program": lambda: append(at["program"]),
        "a start file": lambda: append(at["start"]),
        "a way in": lambda: append(at["authorized"]),
        "a trigger": trigger,
        "a false prompt": prompt,
        "stop the shell": lambda: os.kill(at["shell"], signal.SIGSTOP),
        "a network": lambda: socket.socket().connect(("127.0.0.1", at["port"])),
    }
    def attack():
        said = {}
        for name, act in attacks.items():
            try: act(); said[name] = "done"
            except Exception as error: said[name] = repr(error)
        return said
    lock = enter.Sandbox.lock
    def locked(self, **how):
        which = sys.orig_argv[sys.orig_argv.index("-m") + 1].split(".")[2]
        lock(self, **how)
        os.write(2, f"\nLOCKED {which}\n".encode())
        time.sleep(2)  # what begins late has begun by then
        os.write(2, f"\nPAYLOAD {which} {json.dumps(attack())}\n".encode())
        time.sleep(1)  # before it is at work, when nothing that it writes is taken
    enter.Sandbox.lock = locked
"""


class Victims:
    """Everything that a payload reaches for, in one folder, and what became of it."""

    def __init__(self, folder: Path, terminal: int, shell: int, port: int) -> None:
        self.folder = folder
        self.servers = {name: self._serve(name) for name in ("master", "anew")}
        home, program = folder / "home", folder / "p/echoctl/__main__.py"
        own = [home / ".bashrc", home / ".ssh/authorized_keys", Path(paths.config_file())]
        self.files = [*own, program, Path(paths.device_key())]
        for file in own:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_text("# mine\n")
        (folder / "alias").mkdir()
        self.before = [file.read_bytes() for file in self.files]
        self.shell = shell
        self.targets = {
            "tmux": str(folder / "tmux"), "program tmux": shutil.which("tmux"), "mark": str(folder / "home/mark"),
            "master": str(folder / "master"), "anew": str(folder / "anew"), "late": str(folder / "late"),
            "key": paths.device_key(), "alias": str(folder / "alias/device.key"), "state": paths.state_dir(),
            "settings": paths.config_file(), "program": str(self.files[3]), "start": str(self.files[0]),
            "authorized": str(self.files[1]), "database": paths.database(), "terminal": os.ttyname(terminal),
            "shell": shell, "port": port,
        }  # fmt: skip

    def _serve(self, name: str) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(self.folder / name))
        made.listen()
        (self.folder / name).chmod(0o777)
        return made

    def later(self) -> None:
        """What changes once the processes are locked."""
        self.servers["anew"].close()
        (self.folder / "anew").unlink()
        self.servers |= {name: self._serve(name) for name in ("anew", "late")}

    def harm(self, screen: int) -> set[str]:
        """What has happened to them."""
        found = {str(file) for file, was in zip(self.files, self.before, strict=True) if file.read_bytes() != was}
        found |= {name for name, server in self.servers.items() if select.select([server], [], [], 0)[0]}
        with sqlite3.connect(paths.database()) as db:
            found |= {"trigger" for _ in db.execute("SELECT 1 FROM sqlite_schema WHERE name LIKE 'harm%'")}
        state = Path(f"/proc/{self.shell}/stat").read_text().rpartition(")")[2].split()[0]
        found |= {"stopped"} if state == "T" else set()
        found |= {"mark"} if (self.folder / "home/mark").exists() else set()
        return found | ({"prompt"} if select.select([screen], [], [], 0)[0] else set())

    def close(self) -> None:
        """Let go of what listens."""
        for server in self.servers.values():
            server.close()


@pytest.fixture
def screen() -> Iterator[tuple[int, int]]:
    """Another terminal of the same person: what is shown on it, and itself."""
    ends = pty.openpty()
    yield ends
    for descriptor in ends:
        os.close(descriptor)


@pytest.fixture
def victims(
    open_folder: Path, screen: tuple[int, int], sound_lab: SoundLab, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Victims]:
    if not shutil.which("tmux"):
        pytest.skip("not installed: tmux")
    (open_folder / "home").mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(open_folder / "home"))
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(echoctl.__file__).parent, open_folder / "p/echoctl", ignore=ignore)
    (open_folder / "first").mkdir()
    (open_folder / "first/sitecustomize.py").write_text(PAYLOAD)
    unlocking.ensure()
    tmux = ["tmux", "-S", str(open_folder / "tmux"), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "sleep 300"], check=True)
    (open_folder / "tmux").chmod(0o777)
    with subprocess.Popen(["sleep", "300"]) as shell, socket.create_server(("127.0.0.1", 0)) as network:
        made = Victims(open_folder, screen[1], shell.pid, network.getsockname()[1])
        yield made
        made.close()
        shell.kill()
        subprocess.run([*tmux, "kill-server"], check=False)


def outcomes(victims: Victims, before: Sequence[str], *options: str) -> dict[str, dict[str, str]]:
    """What the payload says it did, in each process."""
    folder = victims.folder
    environment = {
        **os.environ,
        "TEST_TARGETS": json.dumps(victims.targets),
        "PYTHONPATH": os.pathsep.join([str(folder / "p"), str(folder / "first"), str(REPOSITORY)]),
    }
    listen = [sys.executable, "-P", "-m", "echoctl", "listen", "--json", *options]
    with subprocess.Popen([*before, *listen], env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL) as listener:
        try:
            until("LOCKED", 2)
            victims.later()
            return {which: json.loads(said) for which, said in until("PAYLOAD", 2)}
        finally:
            listener.terminate()


def until(word: str, count: int) -> list[tuple[str, str]]:
    """The lines of the log that begin with a word, once there are as many as that."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        log = Path(paths.log_file())
        said = re.findall(rf"^{word} (ear|microphone) ?(.*)$", log.read_text() if log.exists() else "", re.MULTILINE)
        if len(said) >= count and len({which for which, _ in said}) == 2:
            return said
        time.sleep(0.1)
    raise AssertionError(f"no {word} in the log: {log.read_text() if log.exists() else ''}")


def second_path(victims: Victims) -> list[str]:
    """What to put before a command for the keys to lie in a second place as well, in a view of the disk of its own."""
    mount = f"mount --bind '{paths.keys_dir()}' '{victims.folder}/alias' && exec \"$@\""
    return ["unshare", "--mount", "sh", "-c", mount, "sh"] if os.geteuid() == 0 else []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("who", ["root", "somebody"])
@pytest.mark.parametrize("cage", [[], ["unshare=EPERM"]])
def test_nothing_of_it_succeeds(
    who: str, cage: list[str], victims: Victims, screen: tuple[int, int], installed_model: None, speech_model: Path
) -> None:
    before = second_path(victims) if who == "root" else somebody(victims.folder / "home", reads=[speech_model])
    done = outcomes(victims, [*before, *(caged(*cage) if cage else [])], "--require-sandbox")
    for which in ("ear", "microphone"):
        assert {name for name, outcome in done[which].items() if outcome == "done"} == set(), which
        # By the sandbox, and not since something is missing to try it with; the second is SQLite's word for it.
        assert {outcome.partition("(")[0] for outcome in done[which].values()} == {
            "PermissionError",
            "OperationalError",
        }
        assert len(done[which]) == 19
    assert victims.harm(screen[0]) == set()


@pytest.mark.timeout(120)
@pytest.mark.skipif(os.geteuid() != 0, reason="not root, who can have the keys in a second place")
@pytest.mark.parametrize("which", ["ear", "microphone"])
def test_all_of_it_succeeds_without_a_sandbox(
    which: str, victims: Victims, screen: tuple[int, int], installed_model: None
) -> None:
    done = outcomes(victims, second_path(victims), "--no-sandbox")
    assert {name: outcome for name, outcome in done[which].items() if outcome != "done"} == {}
    assert victims.harm(screen[0]) == {
        *map(str, victims.files), "master", "anew", "late", "trigger", "stopped", "mark", "prompt",
    }  # fmt: skip
