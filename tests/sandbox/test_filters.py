"""The filters of loading, of work and of waiting: as programs for both machines, and in force."""

import errno
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl.sandbox import bpf, filters, seccomp, syscalls
from echoctl.sandbox.confinement import Confinement
from tests.conftest import REPOSITORY
from tests.sandbox.conftest import Inside

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "i386": 0x40000003, "arm": 0x40000028}
PID, OTHER = 77, 78
EAR, MICROPHONE = Confinement(()), Confinement((), usable=("/dev/snd",), unix_sockets=True)
THREAD = 0x3D0F00
"""clone(2) flags of a thread, as glibc makes it."""


def verdict(program: list[bpf.Instruction], number: int, *arguments: int, arch: str) -> int:
    """What a filter answers to a call, by a machine of our own (classic BPF, the steps that the filters use)."""
    data = {0: number, 4: ARCH[arch]}
    for n in range(6):
        value = arguments[n] if n < len(arguments) else 0
        data[16 + 8 * n], data[20 + 8 * n] = value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF
    at, accumulator = 0, 0
    while True:
        code, yes, no, k = program[at]
        assert 0 <= yes < 256 and 0 <= no < 256
        at += 1
        if code == bpf.LOAD:
            accumulator = data[k]
        elif code == bpf.RETURN:
            return k
        else:
            met = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[code]
            at += yes if met else no


class Asked:
    """asked("kill", 77): what the filter of one machine answers."""

    def __init__(self, machine: str, program: list[bpf.Instruction]) -> None:
        self.machine, self.program = machine, program

    def __call__(self, name: str, *arguments: int) -> int:
        answers = [
            verdict(self.program, n, *arguments, arch=self.machine) for n in syscalls.known([name], self.machine)
        ]
        return answers[0] if answers else -1


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_while_loading_the_list_is_refused_and_nothing_else(machine: str) -> None:
    ear = Asked(machine, filters.loading(machine, PID, EAR))
    denied = [*seccomp.DENIED, *filters.STARTS, *filters.SIGNALS, *filters.SHARED, *filters.KERNEL, *filters.CHANGES]
    for name in [*denied, *filters.SERVES, "socket", "socketpair", "connect"]:
        assert ear(name, socket.AF_UNIX) in (bpf.DENY, -1), name
    assert ear("clone3") == ear("openat2") == bpf.MISSING
    for name in ("read", "mmap", "getdents64", "readlinkat", "seccomp", "wait4"):
        assert name not in syscalls.NUMBERS or ear(name) == bpf.ALLOW, name
    assert verdict(ear.program, 467, arch=machine) == bpf.MISSING  # open_tree_attr, younger than the filter


@pytest.mark.parametrize(("flags", "allowed"), [(0, True), (0o2000000, True), (1, False), (2, False), (0o101, False)])
def test_files_are_opened_for_reading_alone_but_where_something_is_usable(
    machine: str, flags: int, allowed: bool
) -> None:
    for program, wanted in ((EAR, allowed), (MICROPHONE, True)):
        asked = Asked(machine, filters.loading(machine, PID, program))
        assert asked("openat", 0xFFFFFF9C, 1, flags) == (bpf.ALLOW if wanted else bpf.DENY)
        assert asked("open", 1, flags) in (bpf.ALLOW if wanted else bpf.DENY, -1)


def test_only_unix_sockets_and_only_for_a_microphone(machine: str) -> None:
    asked = Asked(machine, filters.loading(machine, PID, MICROPHONE))
    for family in range(46):
        assert asked("socket", family) == (bpf.ALLOW if family == socket.AF_UNIX else bpf.DENY)
    assert asked("connect") == bpf.ALLOW
    assert asked("bind") == asked("listen") == asked("accept4") == bpf.DENY


@pytest.mark.parametrize("program", ["loading", "running", "talking"])
def test_threads_and_signals_are_ones_own(machine: str, program: str) -> None:
    made = {
        "loading": filters.loading(machine, PID, EAR),
        "running": filters.running(machine, PID, talks=False),
        "talking": filters.running(machine, PID, talks=True),
    }
    asked = Asked(machine, made[program])
    assert asked("clone", THREAD) == asked("tgkill", PID, PID, 6) == bpf.ALLOW
    assert asked("clone", 17) == asked("clone", THREAD | 0x40000000) == bpf.DENY
    assert asked("tgkill", OTHER, OTHER, 9) == asked("kill", OTHER, 9) == asked("kill", 0xFFFFFFFF, 9) == bpf.DENY
    assert asked("prlimit64", OTHER, 0, 0) == asked("prctl", 4, 1) == asked("prctl", 1, 0) == bpf.DENY
    assert asked("fcntl", 3, 8, OTHER) == asked("ioctl", 0, 0x5412) == bpf.DENY  # F_SETOWN, TIOCSTI
    assert asked("fcntl", 3, 3) == asked("ioctl", 0, 0x541B) == asked("prctl", 15, 1) == bpf.ALLOW


def test_at_work_nothing_that_has_a_path_or_makes_a_socket_is_allowed(machine: str) -> None:
    for talks in (False, True):
        asked = Asked(machine, filters.running(machine, PID, talks=talks))
        there = {name for name in (*syscalls.NUMBERS, *syscalls.LEGACY) if asked(name) != -1}
        allowed = {name for name in there if asked(name, 0, 0xFFFF, 0) == bpf.ALLOW}
        wanted = {*filters.CALM, *(filters.TALKS if talks else ()), "prlimit64", *(["ioctl"] if talks else [])}
        assert allowed == wanted & there
        assert asked("openat", 0, 1, 0) == asked("socket", 1) == asked("connect") == asked("execve") == bpf.DENY
        assert asked("sendmsg", 3) == (bpf.ALLOW if talks else bpf.DENY)
        assert asked("ioctl", 3, 0x80044142) == (bpf.ALLOW if talks else bpf.DENY)  # a sound card's
        assert asked("newfstatat", 3, 1, 2, 0x1000) == asked("statx", 3, 1, 0x1000) == bpf.ALLOW
        assert asked("newfstatat", 3, 1, 2, 0) == asked("statx", 3, 1, 0) == bpf.DENY
        assert asked("prlimit64", 0, 7, 0) == bpf.ALLOW
        assert asked("prlimit64", 0, 7, 1 << 32) == asked("prlimit64", 0, 7, 1) == bpf.DENY
        assert verdict(asked.program, 400, arch=machine) == bpf.DENY
        assert asked("clone3") == asked("openat2") == verdict(asked.program, 451, arch=machine) == bpf.MISSING


def test_who_waits_can_signal_one_process(machine: str) -> None:
    asked = Asked(machine, filters.waiting(machine, PID, OTHER))
    assert asked("kill", OTHER, 15) == asked("wait4") == bpf.ALLOW
    assert asked("kill", 1, 15) == asked("openat") == asked("socket", 1) == asked("clone", THREAD) == bpf.DENY
    assert asked("prctl", 4, 0) == bpf.ALLOW
    assert asked("prctl", 4, 1) == asked("prctl", 1, 0) == bpf.DENY


def test_other_architectures_are_killed(machine: str) -> None:
    for program in (filters.loading(machine, PID, EAR), filters.running(machine, PID, talks=True)):
        for foreign in set(ARCH) - {machine}:
            assert verdict(program, 0, arch=foreign) == bpf.KILL
        assert (verdict(program, 0x40000000, arch=machine) == bpf.KILL) == (machine == "x86_64")


def test_a_list_may_be_longer_than_a_jump() -> None:
    names = [name for name in syscalls.NUMBERS if name != "read"] * 3
    program = bpf.filter_of("x86_64", [(names, bpf.ALLOW), (["read"], bpf.MISSING)], {}, bpf.DENY)
    assert verdict(program, 0, arch="x86_64") == bpf.MISSING
    assert verdict(program, 2, arch="x86_64") == bpf.DENY
    assert verdict(program, syscalls.NUMBERS["write"][0], arch="x86_64") == bpf.ALLOW


def test_the_old_calls_have_the_numbers_of_the_headers() -> None:
    for place in Path("/usr/include").glob("x86_64-*/asm/unistd_64.h"):
        here = dict(re.findall(r"#define __NR_(\w+) (\d+)", place.read_text()))
        assert {name: int(here[name]) for name in syscalls.LEGACY} == syscalls.LEGACY
    with pytest.raises(KeyError):
        syscalls.known(["no_such_call"], "aarch64")


TRY = """
import ctypes, errno, fcntl, json, mmap, os, signal, socket, subprocess, sys, tempfile, termios, threading, time
from echoctl.sandbox import filters, syscalls
from echoctl.sandbox.confinement import Confinement
folder = tempfile.mkdtemp()
unix = socket.socket(socket.AF_UNIX); unix.bind(folder + "/s"); unix.listen()
spare = open(folder + "/f", "w+b")
said = {}
def attempt(name, act):
    try: act(); said[name] = "open"
    except OSError as error: said[name] = errno.errorcode[error.errno]
def forked():
    if (child := os.fork()) == 0: os._exit(0)
    os.waitpid(child, 0)
def connected():
    with socket.socket(socket.AF_UNIX) as s: s.connect(folder + "/s")
def everything():
    attempt("read a file", lambda: open("/etc/passwd").close())
    attempt("write a file", lambda: open(folder + "/f", "a").close())
    attempt("list a folder", lambda: os.listdir("/"))
    attempt("is there a file", lambda: os.stat("/etc/passwd"))
    attempt("make a folder", lambda: os.mkdir(folder + "/" + str(time.time_ns())))
    attempt("change rights", lambda: os.fchmod(spare.fileno(), 0o600))
    attempt("run", lambda: subprocess.run(["/bin/true"], check=True))
    attempt("exec", lambda: syscalls.syscall("execve", b"/no such", None, None) if 0 else os.execv("/no such", ["x"]))
    attempt("fork", forked)
    attempt("unix socket", connected)
    attempt("pair", lambda: [s.close() for s in socket.socketpair()])
    attempt("signal the parent", lambda: os.kill(os.getppid(), 0))
    attempt("signal oneself", lambda: signal.raise_signal(signal.SIGCHLD))
    attempt("pidfd", lambda: os.close(os.pidfd_open(os.getppid())))
    attempt("dumpable", lambda: syscalls.call("prctl", 4, 1, 0, 0, 0))
    attempt("outlive", lambda: syscalls.call("prctl", 1, 0, 0, 0, 0))
    attempt("own signals", lambda: fcntl.fcntl(unix, fcntl.F_SETOWN, os.getpid()))
    attempt("shared memory", lambda: syscalls.syscall("shmget", 0, 4096, 0o1600))
    attempt("memfd", lambda: os.close(os.memfd_create("x")))
    attempt("limits", lambda: __import__("resource").setrlimit(7, __import__("resource").getrlimit(7)))
    attempt("send", lambda: unix.getsockname())
everything()
outside, said = said, {}
FILTER
everything()
t = threading.Thread(target=time.sleep, args=(0.01,)); t.start(); t.join()
assert os.urandom(8) and mmap.mmap(-1, 1 << 20) and bytes(1 << 24) and os.fstat(spare.fileno()).st_size == 0
spare.write(b"abc"); spare.flush(); spare.seek(0); assert spare.read() == b"abc"
try: import wave; said["module"] = "found"
except ImportError: said["module"] = "none"
print(json.dumps([outside, said]))
"""


def tried(inside: Inside, how: str) -> dict[str, str]:
    """What is refused under a filter and was not before: attempt -> errno."""
    outside, within = inside(TRY.replace("FILTER", how))
    assert {name for name, outcome in outside.items() if outcome != "open"} == {"exec"}  # there is no such program
    return {name: outcome for name, outcome in within.items() if outcome not in ("open", "found", "ENOENT")}


def test_in_force_while_loading(inside: Inside) -> None:
    refused = tried(inside, "filters.load(Confinement(()))")
    assert set(refused.values()) == {"EACCES"}
    assert set(refused) == {
        "write a file", "make a folder", "change rights", "run", "exec", "fork", "unix socket", "pair",
        "signal the parent", "pidfd", "dumpable", "outlive", "own signals", "shared memory",
    }  # fmt: skip


def test_in_force_while_loading_with_sockets(inside: Inside) -> None:
    refused = tried(inside, "filters.load(Confinement((), unix_sockets=True))")
    assert {"unix socket", "pair", "write a file"}.isdisjoint(refused)
    assert {"run", "fork", "make a folder", "signal the parent"} <= set(refused)


@pytest.mark.parametrize("talks", [False, True])
def test_in_force_at_work(inside: Inside, talks: bool) -> None:
    refused = tried(inside, f"filters.load(Confinement((), unix_sockets=True)); filters.lock(talks={talks})")
    assert refused.pop("module") == "none"
    assert set(refused.values()) == {"EACCES"}
    open_ones = {"signal oneself", *(("memfd", "send") if talks else ())}
    outcomes = set(TRY_NAMES) - set(refused)
    assert outcomes == open_ones


TRY_NAMES = re.findall(r'attempt\("([^"]+)"', TRY)


def test_it_holds_for_threads_that_were_there(inside: Inside) -> None:
    code = """
import json, os, threading
from echoctl.sandbox import filters
go, said = threading.Event(), []
def before():
    go.wait()
    try: os.close(os.open("/etc/passwd", os.O_RDONLY)); said.append(0)
    except OSError as error: said.append(error.errno)
thread = threading.Thread(target=before); thread.start()
filters.lock(); go.set(); thread.join()
print(json.dumps(said))
"""
    assert inside(code) == [errno.EACCES]
    assert inside(code.replace("filters.lock(); ", "")) == [0]


WORK = """
import io, json, os, sys, threading, time
import numpy, numpy.random, soundfile, vosk, _cffi_backend
try: import onnxruntime
except ImportError: pass
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from echoctl.audio import codec
from echoctl.sandbox import filters
filters.load(filters.Confinement(()))
pcm = (numpy.sin(numpy.arange(16000) / 20) * 9000).astype("<i2").tobytes()
codec.encode_flac(pcm); box = ChaCha20Poly1305(bytes(32))  # what is loaded at first use
filters.lock()
flac = codec.encode_flac(pcm)
assert codec.decode_any(flac, 9.0)[:100] == pcm[:100]
assert box.decrypt(bytes(12), box.encrypt(bytes(12), flac, b""), b"") == flac
a = numpy.random.default_rng().random((600, 600))
b = []
workers = [threading.Thread(target=lambda: b.append((a @ a).sum())) for _ in range(4)]
[w.start() for w in workers]; [w.join() for w in workers]
assert len(b) == 4
print(json.dumps(len(flac)))
"""


def test_the_libraries_work_while_locked(inside: Inside) -> None:
    assert inside(WORK) > 100


@pytest.mark.model
def test_a_recogniser_works_while_locked(inside: Inside, speech_model: Path) -> None:
    code = """
import json, sys, vosk
from echoctl.sandbox import filters
vosk.SetLogLevel(-1)
filters.load(filters.Confinement(()))
model = vosk.Model(sys.argv[1])
filters.lock()
recogniser = vosk.KaldiRecognizer(model, 16000)
recogniser.AcceptWaveform(bytes(64000))
print(recogniser.FinalResult())
"""
    assert inside(code, speech_model) == {"text": ""}


def test_abort_ends_a_locked_process(tmp_path: Path) -> None:
    code = "import os; from echoctl.sandbox import filters; filters.lock(); os.abort()"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == -6, done.stderr


def test_elsewhere_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "machine", lambda: "")
    with pytest.raises(OSError, match="no filter for this machine"):
        filters.lock()
