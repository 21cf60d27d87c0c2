"""Other environments, without another machine: a kernel that refuses, and a person who is not root.

python -m tests.lab.cage unshare=EPERM -- COMMAND…     what a container does that forbids namespaces
python -m tests.lab.cage mount=EPERM -- COMMAND…       one that lets a process in and then do nothing there
python -m tests.lab.cage seccomp=ENOSYS -- COMMAND…    a kernel without filters
"""

import ctypes
import errno
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

NUMBERS = {
    "x86_64": {"unshare": 272, "mount": 165, "seccomp": 317, "landlock_create_ruleset": 444},
    "aarch64": {"unshare": 97, "mount": 40, "seccomp": 277, "landlock_create_ruleset": 444},
}
SOMEBODY = 65534
REACH = "import subprocess, sys, echoctl, vosk; subprocess.run([sys.executable, '-c', ''], check=True)"


needs_namespaces = pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(["unshare", "-Urnm", "true"], capture_output=True, check=False).returncode != 0,
    reason="user namespaces are not allowed here",
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that everybody may enter: pytest's own are for one user."""
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def forbid(rules: dict[str, int]) -> None:
    """Have the kernel answer system calls with errors from now on, by a filter of its own that precedes any other."""
    numbers = NUMBERS[platform.machine()]
    steps = [struct.pack("HBBI", 0x20, 0, 0, 0)]
    for name, error in rules.items():
        steps += [struct.pack("HBBI", 0x15, 0, 1, numbers[name]), struct.pack("HBBI", 6, 0, 0, 0x50000 | error)]
    code = b"".join([*steps, struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)])
    buffer = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, program) == 0, os.strerror(ctypes.get_errno())


def caged(*rules: str) -> list[str]:
    """What to put before a command: caged("unshare=EPERM")."""
    return [sys.executable, "-m", "tests.lab.cage", *rules, "--"]


def somebody(*folders: Path, reads: Sequence[Path] = ()) -> list[str]:
    """What to put before a command to run it as a person without rights, who owns `folders` and reads `reads`.

    Root becomes somebody else; where somebody else cannot get at the program (it lies in root's home), it becomes
    somebody without rights in a user namespace, whose files are root's outside.
    """
    if os.geteuid() != 0:
        return []
    become = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", "--"]
    look = [*become, sys.executable, "-c", REACH]
    reachable = subprocess.run(look, capture_output=True, check=False).returncode == 0
    if not reachable or not all(map(_open_to_all, [*folders, *reads])):
        return ["unshare", "--user", f"--map-user={SOMEBODY}", f"--map-group={SOMEBODY}", "--"]
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY)
    return become


def inner(pid: int) -> int:
    """The process that works, of one that was started: in a sandbox with its own numbers that is the child of it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def _open_to_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & 1 for parent in folder.parents)


if __name__ == "__main__":
    at = sys.argv.index("--")
    pairs = (rule.split("=") for rule in sys.argv[1:at])
    forbid({name: getattr(errno, error) for name, error in pairs})
    os.execvp(sys.argv[at + 1], sys.argv[at + 1 :])
