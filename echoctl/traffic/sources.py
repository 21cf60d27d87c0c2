"""Where a pcap stream comes from: a file, a pipe, tcpdump as a child, tcpdump on a router over ssh.

Python needs no rights of its own: tcpdump captures, and of each packet it hands over the headers and the first bytes.
"""

import contextlib
import fcntl
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from echoctl.errors import DeviceError, EchoctlError, NotFound, UsageError

SNAPLEN = 256
"""Bytes kept of a packet: headers, and what a client says first."""

IDLE_S = 0.1
"""How often a live stream without packets lets the time pass."""

_GATHER_S, _FEW_BYTES = 0.04, 4096
_PIPE_BYTES = 1 << 20

_CAPTURE = ["--immediate-mode", "-U", "-n", "-s", str(SNAPLEN), "-w", "-"]
_SYSTEM_PATHS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"
_STOP_S = 2.0

_USUAL = re.compile(r"tcpdump: (listening|verbose)|\d+ packets? (captured|received|dropped)")
"""What tcpdump says in any case."""

_CLOCK = re.compile(rb"\d{1,12}(\.[\d%N]{0,10})?\n")

_RIGHTS = (
    "let it capture without root: sudo setcap cap_net_raw,cap_net_admin=eip $(command -v tcpdump), "
    "or capture on the router: --ssh root@router"
)


def open_capture(path: str) -> int:
    """A descriptor of a capture file, or of stdin for `-`, to be closed. Raises NotFound, DeviceError."""
    if path == "-":
        return os.dup(0)
    try:
        if Path(path).is_dir():
            raise DeviceError(f"{path} is a folder", "name the captures in it: echoctl traffic import FILE…")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", "check the path") from None
    except OSError as error:
        raise DeviceError(f"cannot read {path}: {error.strerror}", "check its rights") from error


class Live:
    """A child whose stdout is a pcap stream, read without waiting too long for it."""

    def __init__(
        self, command: Sequence[str], what: str, beat: Callable[[], bool], complain: Callable[[str], EchoctlError]
    ) -> None:
        """`beat` is called at least every IDLE_S and returns whether to go on; `complain` explains its last words.

        Raises DeviceError when the program is missing.
        """
        self._beat, self._complain = beat, complain
        self.what = what
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        try:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            self._errors.close()
            raise DeviceError(f"cannot run {command[0]}: {error.strerror}", f"install {command[0]}") from error
        assert self._child.stdout is not None
        self._out = self._child.stdout.fileno()
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux; so that a moment's work here makes nobody wait there
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._pause = self._deadline = 0.0
        self._ahead = b""
        self.begun = False
        """Something was read, the clock's line apart."""

    def read1(self, size: int, /) -> bytes:
        """What there is, or nothing at the end, or when `beat` says to stop."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            self.begun = True
            return data
        time.sleep(self._pause)
        while self._beat():
            if select.select([self._out], [], [], IDLE_S)[0]:
                data = os.read(self._out, size)
                self.begun = self.begun or bool(data)
                # Few packets a second are fetched in small lots: waking up for each costs more than counting it.
                self._pause = _GATHER_S if len(data) < _FEW_BYTES else 0.0
                return data
        return self._rest(size)

    def _rest(self, size: int) -> bytes:
        """Nobody wants more: end the child, and read what it has seen by then."""
        if not self._deadline:
            self._deadline = time.monotonic() + _STOP_S
            if self._child.poll() is None:
                self._child.send_signal(signal.SIGINT)
        left = self._deadline - time.monotonic()
        return os.read(self._out, size) if left > 0 and select.select([self._out], [], [], left)[0] else b""

    def clock(self) -> bytes:
        """The first line, if it is what `date +%s.%N` prints; whatever else comes stays to be read."""
        data = b""
        while b"\n" not in data and len(data) < 40 and (more := self.read1(4096)):
            data += more
        found = _CLOCK.match(data)
        self._ahead = data[found.end() :] if found else data
        self.begun = False  # a router that tells the time may yet have no tcpdump
        return found[0] if found else b""

    def close(self) -> int:
        """End the child and return how many packets it says it had to drop."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)
        try:
            self._child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()
        words = self._words()
        self._errors.close()
        dropped = [line.split()[0] for line in words if "dropped by" in line]
        return sum(int(number) for number in dropped if number.isdigit())

    def problem(self) -> EchoctlError:
        """Why it ended, from its exit code and its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_STOP_S)
        told = [line for line in self._words() if not _USUAL.match(line)]
        return self._complain(told[-1] if told else f"it ended with exit code {self._child.returncode}")

    def _words(self) -> list[str]:
        self._errors.seek(0)
        return [line for line in self._errors.read(1 << 16).decode("utf-8", "replace").splitlines() if line.strip()]


def tcpdump(interface: str, only: str, beat: Callable[[], bool]) -> Live:
    """Capture here. `only` is a MAC address, or empty. Raises DeviceError."""
    program = shutil.which("tcpdump", path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}")
    if program is None:
        raise DeviceError("tcpdump is missing", "install it: apt install tcpdump (macOS has it)")
    names = {name for _, name in socket.if_nameindex()}
    if interface not in names | {"any"}:
        raise DeviceError(f"there is no interface {interface}", f"there are: {' '.join(sorted(names))}")
    command = [program, *_CAPTURE, "-i", interface, *(["ether", "host", only] if only else [])]
    return Live(command, interface, beat, lambda words: explain(words, interface))


def over_ssh(target: str, interface: str, only: str, beat: Callable[[], bool]) -> tuple[Live, int | None]:
    """Capture on a router; returns the stream and the router's clock less ours in ms, if it has one.

    The capture leaves out the ssh connection that carries it. Raises DeviceError, UsageError.
    """
    if target.startswith("-") or not target.strip():
        raise UsageError(f"'{target}' is no ssh target", "write root@router, or a Host of your ssh configuration")
    command = shlex.join(["tcpdump", *_CAPTURE, "-i", interface])
    also = f"ether host {only} and " if only else ""
    remote = (
        "date +%s.%N; set -- $SSH_CONNECTION; others='not tcp port 22'; "
        '[ -z "$2" ] || others="not (tcp port $2 and host $1)"; '
        f'exec {command} "{also}$others"'
    )
    options = ["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
    live = Live(["ssh", *options, "--", target, remote], target, beat, lambda words: explain(words, target))
    line = live.clock()
    return live, clock_offset(line, time.time())


def clock_offset(line: bytes, now: float) -> int | None:
    """What `date +%s.%N` printed, less our time, in ms; None when it printed something else."""
    whole, _, part = line.strip().partition(b".")
    if not whole.isdigit():
        return None
    # busybox may know no nanoseconds: then the middle of the second is the best guess
    fraction = int(part) / 10 ** len(part) if part.isdigit() else 0.5
    return round((int(whole) + fraction - now) * 1000)


def explain(words: str, place: str) -> EchoctlError:
    """What tcpdump's or ssh's last words mean to a person; `place` is an interface or an ssh target."""
    low = words.lower()
    for signs, message, hint in _MEANINGS:
        if any(sign in low for sign in signs):
            return DeviceError(message.format(place), hint)
    return DeviceError(f"capturing on {place} ended: {words[:200]}", "try it by hand: tcpdump -i INTERFACE -c 1")


_TRY_SSH = "see what it says by hand: ssh TARGET true"
_NO_CONNECTION = (
    "host key verification",
    "could not resolve",
    "connection refused",
    "timed out",
    "no route",
    "connection closed",
    "closed by",
    "kex_exchange",
    "connection reset",
    "unreachable",
)
_MEANINGS = (
    (("permission to", "operation not permitted"), "tcpdump may not capture on {}", _RIGHTS),
    (("no such device", "doesn't exist"), "there is no such interface on {}", "ip link shows the interfaces"),
    (
        ("tcpdump: not found", "tcpdump: command not found", "tcpdump: inaccessible"),
        "tcpdump is missing on {}",
        "install it there: opkg install tcpdump-mini, or apt install tcpdump",
    ),
    (("permission denied",), "ssh to {} was refused", _TRY_SSH),
    (_NO_CONNECTION, "ssh has no connection to {}", _TRY_SSH),
    (
        ("went down", "is not up", "network is down", "disappeared"),
        "the interface went down on {}",
        "bring it up again",
    ),
)
