"""A closed network in namespaces: a simulated speaker, a router that captures, a simulated cloud. Needs root.

    speaker 192.168.77.50 ── lan0 192.168.77.1 [router] wan0 203.0.113.1 ── 203.0.113.10-12 [cloud]

with IPv6 (fd77::/64, 2001:db8:77::/64) beside it. No namespace has a way out of the machine.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("ip", "tcpdump")
SPEAKER_MAC = "44:65:0d:00:00:50"
INTERFACE = "lan0"

_MASQUERADE = (
    "add table ip lab",
    "add chain ip lab out { type nat hook postrouting priority 100 ; }",
    'add rule ip lab out oifname "wan0" masquerade',
)

ROOT = Path(__file__).resolve().parent.parent.parent


class NetLab:
    """One network; its namespaces carry a mark of its own, so that several can live side by side."""

    def __init__(self, folder: Path, *, nat: bool = False) -> None:
        self._folder, self._nat = folder, nat
        mark = os.urandom(3).hex()
        self._names = {role: f"ecl{mark}-{role}" for role in ("speaker", "router", "cloud")}
        self._children: list[subprocess.Popen[str]] = []

    def up(self) -> None:
        """Build it and wait until the cloud answers."""
        for name in self._names.values():
            _run("ip", "netns", "add", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        for kind in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            self._in("router", "sh", "-c", f"echo 1 > /proc/sys/net/{kind}")
        self._join("speaker", INTERFACE, SPEAKER_MAC, ("192.168.77", "fd77::"), [50])
        self._join("cloud", "wan0", "02:00:00:00:01:10", ("203.0.113", "2001:db8:77::"), [10, 11, 12, 53])
        if self._nat:
            for rule in _MASQUERADE:
                self._in("router", "nft", rule)
        _certificate(self._folder)
        self._start("cloud", "-m", "tests.lab.cloud", str(self._folder))
        _until(lambda: (self._folder / "ready").exists(), "the cloud does not answer")

    def down(self) -> None:
        """End what was started, and remove the namespaces."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.communicate()
        for name in self._names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def speaker(self, *options: str) -> "SpeakerProcess":
        """Switch the speaker on."""
        child = self._start("speaker", "-m", "tests.lab.speaker", str(self._folder / "cert.pem"), *options)
        return SpeakerProcess(child)

    def beside(self, role: str, *command: str) -> list[str]:
        """A command, as it runs in the namespace of the speaker, the router or the cloud."""
        return ["ip", "netns", "exec", self._names[role], *command]

    def _start(self, role: str, *arguments: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            self.beside(role, sys.executable, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._children.append(child)
        return child

    def _in(self, role: str, *command: str) -> None:
        _run(*self.beside(role, *command))

    def _join(self, role: str, interface: str, mac: str, nets: tuple[str, str], hosts: list[int]) -> None:
        """Connect a namespace to the router by a cable of its own."""
        end, router = self._names[role], self._names["router"]
        _run("ip", "-n", router, "link", "add", interface, "type", "veth", "peer", "name", "eth0", "netns", end)
        _run("ip", "-n", end, "link", "set", "eth0", "address", mac)
        # One packet on the wire is one packet in the capture, as from a real device.
        _run("ip", "-n", end, "link", "set", "eth0", "gso_max_segs", "1")
        four, six = nets
        for place, name, numbers in ((end, "eth0", hosts), (router, interface, [1])):
            for number in numbers:
                _run("ip", "-n", place, "addr", "add", f"{four}.{number}/24", "dev", name)
                _run("ip", "-n", place, "addr", "add", f"{six}{number}/64", "dev", name, "nodad")
            _run("ip", "-n", place, "link", "set", name, "up")
        for gateway in (f"{four}.1", f"{six}1"):
            _run("ip", "-n", end, "route", "add", "default", "via", gateway)


class SpeakerProcess:
    """The speaker: tell it what to do, and read what it says it did."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self.truth: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.wait("connected")

    def do(self, word: str) -> dict[str, Any]:
        """Have it do something, and wait until it is done."""
        self.tell(word)
        return self.wait(word.split()[0])

    def tell(self, word: str) -> None:
        """Have it do something, without waiting."""
        assert self._child.stdin
        self._child.stdin.write(word + "\n")
        self._child.stdin.flush()

    def wait(self, event: str, timeout: float = 60) -> dict[str, Any]:
        """Until it says that this is done."""
        while True:
            said = self._said.get(timeout=timeout)
            self.truth.append(said)
            if said["event"] == event:
                return said

    def off(self) -> dict[str, Any]:
        """Switch it off; returns its totals."""
        self.tell("quit")
        return self.wait("end")

    def _read(self) -> None:
        for line in self._child.stdout or ():
            self._said.put(json.loads(line))


@contextlib.contextmanager
def network(*, nat: bool = False) -> Iterator[NetLab]:
    """A network for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="ecl-") as folder:
        lab = NetLab(Path(folder), nat=nat)
        try:
            lab.up()
            yield lab
        finally:
            lab.down()


def missing() -> str:
    """Why there can be no such network here; empty when there can."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if absent:
        return f"needs {', '.join(absent)}"
    if os.geteuid():
        return "needs root, for network namespaces"
    name = f"ecl{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return "" if made.returncode == 0 else "network namespaces are not allowed here"


@pytest.fixture
def net_lab() -> Iterator[NetLab]:
    """A network of the test's own."""
    if why := missing():
        pytest.skip(f"no network lab: {why}")
    with network() as lab:
        yield lab


def _certificate(folder: Path) -> None:
    """One certificate for all names, made on the spot."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from tests.lab.cloud import NAMES

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kind = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)


def _until(holds: Any, complaint: str, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(complaint)
        time.sleep(0.02)
