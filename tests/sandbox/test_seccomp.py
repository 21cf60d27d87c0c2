"""The filter: as a program for both machines, and in force."""

import errno
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl.sandbox import seccomp, syscalls
from tests.sandbox.conftest import Inside

ALLOW, KILL = 0x7FFF0000, 0x80000000
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "i386": 0x40000003, "arm": 0x40000028}
# Calls that listening needs, as they are numbered in the kernel's tables.
NEEDED = {
    "x86_64": {"read": 0, "openat": 257, "connect": 42, "execve": 59, "futex": 202, "ioctl": 16, "sendmsg": 46},
    "aarch64": {"read": 63, "openat": 56, "connect": 203, "execve": 221, "futex": 98, "ioctl": 29, "sendmsg": 211},
}

FILTERED = "from echoctl.sandbox import seccomp; seccomp.install()\n"


def verdict(machine: str, number: int, first: int = 0, *, arch: str = "") -> int:
    """What the filter answers to a call, by a machine of our own (classic BPF, the steps that the filter uses)."""
    data = {0: number, 4: AUDIT_ARCH[arch or machine], 16: first & 0xFFFFFFFF}
    program, at, accumulator = seccomp.program(machine), 0, 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == 0x20:
            accumulator = data[k]
        elif code == 0x06:
            return k
        else:
            met = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[code]
            at += yes if met else no


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_program_lets_pass_what_listening_needs_and_refuses_the_rest(machine: str) -> None:
    number = {name: syscalls.number(name, machine) for name in syscalls.NUMBERS}
    deny = 0x50000 | errno.EACCES
    for family in range(46):
        wanted = ALLOW if family == socket.AF_UNIX else deny
        assert verdict(machine, number["socket"], family) == wanted
        assert verdict(machine, number["socketpair"], family) == wanted
    assert verdict(machine, number["socket"], 0x1_0000_0000 | socket.AF_INET) == deny
    for name in seccomp.DENIED:
        assert verdict(machine, number[name]) == deny, name
    assert verdict(machine, number["clone3"]) == 0x50000 | errno.ENOSYS
    assert verdict(machine, number["clone"], 0x3D0F00) == ALLOW  # a thread, as glibc makes it
    for flag in (0x20000, 0x10000000, 0x40000000):
        assert verdict(machine, number["clone"], flag | signal.SIGCHLD) == deny
    assert {verdict(machine, n) for n in NEEDED[machine].values()} == {ALLOW}


@pytest.mark.parametrize(("machine", "foreign"), [("x86_64", "i386"), ("aarch64", "arm"), ("x86_64", "aarch64")])
def test_another_architecture_is_killed(machine: str, foreign: str) -> None:
    assert verdict(machine, 0, arch=foreign) == KILL


def test_x32_is_killed() -> None:
    assert verdict("x86_64", 0x40000000) == verdict("x86_64", 0x40000000 + 41, 2) == KILL
    assert verdict("x86_64", 0x3FFFFFFF) == ALLOW


@pytest.mark.skipif(not Path("/usr/include/asm-generic/unistd.h").exists(), reason="no kernel headers")
def test_the_numbers_are_those_of_the_kernels_headers() -> None:
    generic = Path("/usr/include/asm-generic/unistd.h").read_text()
    listed = {name: int(n) for name, n in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s", generic)}
    for name, (_, number) in syscalls.NUMBERS.items():
        assert listed.get(name, number) == number, name
    for place in Path("/usr/include").glob("x86_64-*/asm/unistd_64.h"):
        here = dict(re.findall(r"#define __NR_(\w+) (\d+)", place.read_text()))
        for name, (number, _) in syscalls.NUMBERS.items():
            assert int(here.get(name, number)) == number, name


def test_a_network_socket_is_refused_and_a_unix_one_is_not(inside: Inside) -> None:
    code = """
import json, socket
socket.socketpair()[0].close()
try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM); print("0")
except OSError as error: print(error.errno)
"""
    assert inside(code) == 0
    assert inside(FILTERED + code) == errno.EACCES


def test_it_holds_for_threads_that_were_there_before_and_for_programs_that_are_started(inside: Inside) -> None:
    code = """
import json, subprocess, sys, threading
from echoctl.sandbox import seccomp
PROBE = "import socket\\ntry: socket.socket(2, 2); code = 0\\nexcept OSError as error: code = error.errno"
go, said = threading.Event(), {}
def before():
    go.wait()
    exec(PROBE, said)
thread = threading.Thread(target=before); thread.start()
seccomp.install()
go.set(); thread.join()
child = subprocess.run([sys.executable, "-c", PROBE + "\\nprint(code)"], capture_output=True, text=True)
print(json.dumps([said["code"], int(child.stdout)]))
"""
    assert inside(code) == [errno.EACCES, errno.EACCES]


@pytest.mark.skipif(syscalls.machine() != "x86_64", reason="machine code of x86")
def test_a_32_bit_call_from_64_bit_code_kills() -> None:
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("53" "b814000000" "cd80" "5b" "c3"))   # push rbx; mov eax, 20 (getpid); int 0x80; pop rbx; ret
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(call())
"""
    assert subprocess.run([sys.executable, "-c", FILTERED + code], check=False).returncode == -signal.SIGSYS


def test_elsewhere_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "machine", lambda: "")
    with pytest.raises(OSError, match="no filter for this machine"):
        seccomp.install()
