"""What a process behind an empty root sees, does, and cannot do: as root, as somebody, and where it is refused."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.lab.cage import caged, needs_namespaces
from tests.sandbox.conftest import Inside
from tests.sandbox.house import ATTEMPTS, BEGIN, REFUSED, house, person

pytestmark = [pytest.mark.lab, needs_namespaces]
__all__ = ["house", "person"]


def test_nothing_is_there_but_what_is_needed(person: list[str], house: Path, inside: Inside) -> None:
    code = """
before = os.getuid(), os.geteuid(), os.getgid()
os.chdir(folder)
enter(confined("link/sound", "no such", models=(str(folder / "linked model"),)))
assert (os.getuid(), os.geteuid(), os.getgid()) == before
print(json.dumps([os.getpid(), os.getcwd(), sorted(os.listdir("/")), sorted(os.listdir("/dev")), os.listdir("/sys"),
    sorted(str(p.relative_to(folder)) for p in folder.rglob("*")), (folder / "link/sound").read_text(),
    (folder / "linked model/final.mdl").read_text(), [p for p in os.listdir("/proc") if p.isdigit()],
    Path("/proc/self/status").read_text(), Path("/proc/net/dev").read_text().count(":"), socket.gethostname()]))
"""
    pid, cwd, top, devices, system, files, sound, model, processes, status, interfaces, _ = inside(
        BEGIN + code, house, before=person
    )
    assert (pid, cwd, sound, model, processes, interfaces) == (1, "/", "x", "x", ["1"], 1)
    programs = {Path(place).parts[1] for place in (sys.base_prefix, sys.prefix, REPOSITORY, house)}
    assert {"dev", "proc", "sys", "usr"} <= set(top)
    assert set(top) <= {"dev", "proc", "sys", "usr", "etc", "bin", "lib", "lib32", "lib64", "libx32", *programs}
    assert devices == ["null", "random", "urandom", "zero"]
    assert system == ["devices"]
    assert files == ["data", "data/models", "data/models/small", "data/models/small/final.mdl", "input", "input/sound",
                     "link", "linked model"]  # fmt: skip
    assert {"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} <= set(
        status.splitlines()
    )


@pytest.mark.parametrize("microphone", [False, True])
def test_each_attempt_succeeds_outside_and_fails_inside(
    person: list[str], house: Path, inside: Inside, microphone: bool
) -> None:
    (house / "input/to the key").symlink_to(house / "data/keys/device.key")
    code = f"""
everything()
outside, said = said, {{}}
enter(Confinement((*program, str(folder / "input"), str(folder / "data")), hidden=(str(folder / "data"),),
                  models=(str(folder / "data/models"),), unix_sockets={microphone}))
everything()
print(json.dumps([outside, said, os.listdir(folder / "data")]))
"""
    outside, said, data = inside(BEGIN + ATTEMPTS + code, house, before=person)
    assert set(outside.values()) == {"open"}
    assert {name for name, outcome in said.items() if outcome != "open"} == REFUSED
    assert data == ["models"]
    assert said["connect"] == ("ENOENT" if microphone else "EACCES")
    assert said["write the input"] == ("EROFS" if microphone else "EACCES")
    assert (house / "input/sound").read_text() == "x"


def test_what_is_usable_is_written_and_connected_to(person: list[str], house: Path, inside: Inside) -> None:
    code = """
enter(confined("input", usable=(str(folder / "elsewhere"),), hidden=(str(folder),), unix_sockets=True))
attempt("write", lambda: (folder / "elsewhere/new").write_text("y"))
attempt("write /dev/null", lambda: open("/dev/null", "w").write("x"))
attempt("make a root file", lambda: open("/new", "w"))
s = socket.socket(socket.AF_UNIX)
attempt("connect", lambda: s.connect(str(folder / "elsewhere/socket")))
attempt("input", lambda: os.listdir(folder / "input"))
attempt("fill what is hidden", lambda: (folder / "new").touch())
attempt("set the kernel", lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)))
filters.lock(talks=True)
attempt("send", lambda: s.send(b"x"))
attempt("connect again", lambda: socket.socket(socket.AF_UNIX))
print(json.dumps(said))
"""
    said = inside(BEGIN + code, house, before=person)
    assert {name for name, outcome in said.items() if outcome != "open"} == {
        "make a root file", "input", "connect again", "fill what is hidden", "set the kernel",
    }  # fmt: skip
    assert said["fill what is hidden"] == said["set the kernel"] == "EROFS"
    assert (house / "elsewhere/new").read_text() == "y"


def test_everything_that_is_mounted_is_read_only_but_devices(person: list[str], house: Path, inside: Inside) -> None:
    code = "enter(confined('input')); print(json.dumps(Path('/proc/self/mounts').read_text()))"
    for line in inside(BEGIN + code, house, before=person).splitlines():
        _, place, _, options, *_ = line.split()
        if not place.startswith("/dev/"):
            assert {"ro", "nosuid", "nodev"} <= set(options.split(",")), line


def test_every_namespace_is_its_own_and_nobody_may_look_into_it(person: list[str], house: Path, inside: Inside) -> None:
    code = """
import resource
def spaces(): return {name: os.readlink("/proc/self/ns/" + name) for name in kinds}
kinds = ["ipc", "mnt", "net", "pid", "user", "uts"]
outside = spaces()
enter(confined())
print(json.dumps([[k for k, v in spaces().items() if v == outside[k]],
    filters.syscalls.call("prctl", 3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)]))
"""
    assert inside(BEGIN + code, house, before=person) == [[], 0, [0, 0]]


def test_programs_are_loaded_and_work_when_locked(person: list[str], house: Path, inside: Inside) -> None:
    code = """
enter(confined("input"))
import numpy, soundfile, vosk
from echoctl.audio import codec
from echoctl.vault import age, agefile
try: import onnxruntime
except ImportError: pass
pcm = bytes(32000)
codec.encode_flac(pcm)
secret = bytearray(b"s" * 32)
public = agefile.x25519.X25519PrivateKey.from_private_bytes(bytes(secret)).public_key().public_bytes_raw()
agefile.random_secret = lambda size: bytearray(os.urandom(size))  # ours opens /dev/urandom
agefile.seal(b"", [("age", public)])
filters.lock()
assert agefile.read(agefile.seal(pcm, [("age", public)]), [("age-secret-key-", secret)]) == pcm
assert codec.decode_any(codec.encode_flac(pcm), 9.0) == pcm
t = threading.Thread(target=time.sleep, args=(0.01,)); t.start(); t.join()
assert os.urandom(8) and mmap.mmap(-1, 1 << 20) and numpy.ones(9) @ numpy.ones(9) == 9
attempt("open", (folder / "input/sound").read_bytes)
attempt("socket", lambda: socket.socket(socket.AF_UNIX))
print(json.dumps(said))
"""
    assert inside(BEGIN + code, house, before=person) == {"open": "EACCES", "socket": "EACCES"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [("unshare=EPERM", "unshare: Operation not permitted"), ("unshare=ENOSPC", "unshare: the limit"),
     ("mount=EACCES", "mount: "), ("seccomp=ENOSYS", "seccomp: ")],
)  # fmt: skip
def test_where_it_is_refused_nothing_has_happened(
    person: list[str], house: Path, inside: Inside, rule: str, said: str
) -> None:
    code = """
before = os.readlink("/proc/self/ns/user"), os.getpid(), os.getcwd()
why = root.obstacle(confined())
print(json.dumps([why, (os.readlink("/proc/self/ns/user"), os.getpid(), os.getcwd()) == before]))
"""
    why, untouched = inside(BEGIN + code, house, before=[*person, *caged(rule)])
    assert why.startswith(said)
    assert untouched


def test_the_whole_disk_is_not_a_thing_to_read(house: Path, inside: Inside) -> None:
    code = "print(json.dumps([root.obstacle(Confinement(('/',))), root.obstacle(Confinement((), usable=('/..',)))]))"
    assert inside(BEGIN + code, house) == ["/: it would leave everything in sight"] * 2


LIVE = """
import signal
os.dup2(1, 100)
enter(confined())
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
print(Path("/proc/self/status").read_text().count("x"), flush=True)
"""


def started(code: str, house: Path, before: list[str]) -> "subprocess.Popen[str]":
    run = [*before, sys.executable, "-c", BEGIN + LIVE + code, str(house)]
    return subprocess.Popen(run, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, stdin=subprocess.PIPE)


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pids: list[int]) -> bool:
    """Whether all are within a second."""
    until = time.monotonic() + 1
    while time.monotonic() < until and not all(map(zombie, pids)):
        time.sleep(0.01)
    return all(map(zombie, pids))


def zombie(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("code", "wanted"),
    [("os._exit(0)", 0), ("sys.exit(5)", 5), ("1 / 0", 1), ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
     ("filters.syscalls.raw_syscall(0x40000000)", -signal.SIGSYS)],
)  # fmt: skip
def test_how_the_inner_one_ends_the_outer_does(person: list[str], house: Path, code: str, wanted: int) -> None:
    with started(code, house, person) as outer:
        assert outer.wait(10) == wanted


def test_sigterm_is_passed_on_and_sigkill_of_either_ends_both(person: list[str], house: Path) -> None:
    for whom, by, wanted in (("outer", 15, 7), ("outer", 9, -9), ("inner", 9, -9)):
        with started("time.sleep(30)", house, person) as outer:
            assert outer.stdout
            outer.stdout.readline()
            (inner,) = children(outer.pid)
            os.kill(outer.pid if whom == "outer" else inner, by)
            assert outer.wait(1) == wanted
            assert gone([inner])


def test_both_end_with_the_one_that_started_them(person: list[str], house: Path) -> None:
    front = f"import subprocess, sys; subprocess.run({[*person, sys.executable, '-c', BEGIN + LIVE]!r} + sys.argv[1:])"
    front = front.replace("flush=True)\\n", "flush=True); time.sleep(30)\\n")
    with subprocess.Popen([sys.executable, "-c", front, str(house)], cwd=REPOSITORY, stdout=subprocess.PIPE) as started:
        assert started.stdout
        started.stdout.readline()
        (outer,) = children(started.pid)
        (inner,) = children(outer)
        started.kill()
        assert gone([outer, inner])


def test_one_whose_starter_has_died_already_does_not_begin(house: Path, inside: Inside) -> None:
    code = "child = os.fork()\nif child == 0: root.enter(confined(), parent=1 << 22); os._exit(0)\n"
    assert inside(BEGIN + code + "print(os.waitpid(child, 0)[1])", house) == 1 << 8


def test_an_inner_one_whose_outer_has_died_already_does_not_begin(inside: Inside, house: Path) -> None:
    code = """
from echoctl.sandbox import outer
if os.fork() == 0:
    done, call = os.getpid(), outer.syscalls.call
    def late(*arguments):
        while os.getppid() == done: time.sleep(0.01)
        call(*arguments)
    outer.syscalls.call, outer._keep = late, lambda *_: os._exit(0)
    outer.split(os.getppid())
    print("begun", flush=True)
    os._exit(0)
os.wait(); time.sleep(0.5); print(1)
"""
    assert inside(BEGIN + code, house) == 1


def test_the_outer_one_holds_nothing_and_has_no_rights(person: list[str], house: Path) -> None:
    with started("time.sleep(30)", house, person) as outer:
        assert outer.stdout
        outer.stdout.readline()
        status = Path(f"/proc/{outer.pid}/status").read_text().splitlines()
        assert {"CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "Threads:\t1"} <= set(status)
        if os.geteuid() == 0:
            links = [os.readlink(place) for place in Path(f"/proc/{outer.pid}/fd").iterdir()]
            assert len(links) == 1
            assert links[0].startswith("pipe:")
        outer.kill()
