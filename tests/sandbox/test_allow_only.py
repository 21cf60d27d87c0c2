"""The same promises by Landlock, where no namespace can be had."""

import os
import socket
from pathlib import Path

import pytest

from tests.lab.cage import caged
from tests.sandbox.conftest import Inside
from tests.sandbox.house import ATTEMPTS, BEGIN, REFUSED, house, person

pytestmark = pytest.mark.lab
__all__ = ["house", "person"]

CONFINE = """
def confine(confinement):
    landlock.allow_only(confinement)
    root.give_up(confinement)
"""


@pytest.mark.parametrize("microphone", [False, True])
def test_each_attempt_succeeds_outside_and_fails_inside(
    person: list[str], house: Path, inside: Inside, microphone: bool
) -> None:
    (house / "input/to the key").symlink_to(house / "data/keys/device.key")
    code = f"""
everything()
outside, said = said, {{}}
confine(Confinement((*program, str(folder)), hidden=(str(folder / "data"), str(folder / "elsewhere")),
                    models=(str(folder / "data/models"),), unix_sockets={microphone}))
everything()
attempt("list what holds something hidden", lambda: os.listdir(folder))
print(json.dumps([outside, said]))
"""
    outside, said = inside(BEGIN + CONFINE + ATTEMPTS + code, house, before=person)
    assert set(outside.values()) == {"open"}
    refused = {name for name, outcome in said.items() if outcome != "open"}
    # A socket that has a path is connected: for a microphone the filter lets it.
    assert refused == REFUSED - ({"connect"} if microphone else set()) | {"list what holds something hidden"}


def test_what_is_usable_is_written_and_the_rest_is_not(person: list[str], house: Path, inside: Inside) -> None:
    code = """
confine(confined("input", usable=(str(folder / "elsewhere"),), unix_sockets=True))
attempt("write", lambda: (folder / "elsewhere/new").write_text("y"))
attempt("/dev/null", lambda: open("/dev/null", "w").write("x"))
attempt("/dev/urandom", lambda: open("/dev/urandom", "rb", 0).read(1))
attempt("cpus", lambda: Path("/proc/cpuinfo").read_text() and os.listdir("/sys/devices/system/cpu"))
attempt("input", lambda: (folder / "input/sound").read_text())
attempt("write input", lambda: (folder / "input/sound").write_text(""))
attempt("database", lambda: (folder / "data/echoctl.db").read_bytes())
attempt("passwd", Path("/etc/passwd").read_bytes)
attempt("own maps", Path("/proc/self/maps").read_bytes)
attempt("abstract socket", lambda: socket.socket(socket.AF_UNIX).connect("\\0" + sys.argv[2]))
print(json.dumps(said))
"""
    with socket.socket(socket.AF_UNIX) as server:
        name = f"lab-{os.getpid()}"
        server.bind("\0" + name)
        server.listen()
        said = inside(BEGIN + CONFINE + code, house, name, before=person)
    assert {name for name, outcome in said.items() if outcome != "open"} == {
        "write input", "database", "passwd", "own maps", "abstract socket",
    }  # fmt: skip


def test_of_itself_it_refuses_signals_and_tcp_where_the_kernel_can(house: Path, inside: Inside) -> None:
    code = """
outer = os.getppid()
def tcp():
    with socket.socket() as s: s.connect(("127.0.0.1", int(sys.argv[2])))
landlock.allow_only(confined())
attempt("signal", lambda: os.kill(outer, 0)); attempt("tcp", tcp)
print(json.dumps([filters.syscalls.syscall("landlock_create_ruleset", None, 0, 1), said]))
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        version, said = inside(BEGIN + code, house, server.getsockname()[1])
        assert said["tcp"] == ("EACCES" if version >= 4 else "open")
        assert said["signal"] == ("EPERM" if version >= 6 else "open")


def test_programs_are_loaded_and_work_when_locked(person: list[str], house: Path, inside: Inside) -> None:
    code = """
confine(confined("input"))
import numpy, soundfile, vosk
from echoctl.audio import codec
codec.encode_flac(bytes(32000))
filters.lock()
assert codec.decode_any(codec.encode_flac(bytes(32000)), 9.0) == bytes(32000)
print(json.dumps("well"))
"""
    assert inside(BEGIN + CONFINE + code, house, before=person) == "well"


def test_a_kernel_without_it_is_said_and_the_filter_holds_alone(house: Path, inside: Inside) -> None:
    code = """
try: landlock.allow_only(confined())
except OSError as error: said["landlock"] = error.strerror
root.give_up(confined())
attempt("run", lambda: subprocess.run(["/bin/true"], check=True))
attempt("write", lambda: (folder / "input/sound").write_text("y"))
print(json.dumps(said))
"""
    said = inside(BEGIN + code, house, before=caged("landlock_create_ruleset=ENOSYS"))
    assert said == {"landlock": "Function not implemented", "run": "EACCES", "write": "EACCES"}
