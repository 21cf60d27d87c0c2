"""What may befall a live capture, with everything real: tcpdump, ssh, interfaces, rights."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, Run
from tests.lab import net
from tests.lab.net import NetLab

pytestmark = pytest.mark.lab

Cli = Callable[..., Run]


class Watching:
    """`traffic watch --json` somewhere in the lab."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self.child = child
        self.events: list[dict[str, Any]] = []

    def until(self, **wanted: object) -> dict[str, Any]:
        """Read on until an event has these values."""
        assert self.child.stdout
        for line in self.child.stdout:
            event: dict[str, Any] = json.loads(line)
            self.events.append(event)
            if wanted.items() <= event.items():
                return event
        raise AssertionError(f"it ended before {wanted}: {self.events[-3:]}")

    def stop(self) -> dict[str, Any]:
        """Ctrl-C; returns its last words."""
        self.child.send_signal(signal.SIGINT)
        return self.until(type="end")


@contextlib.contextmanager
def watching(lab: NetLab, *options: str, role: str = "router", path: str = "") -> Iterator[Watching]:
    command = lab.beside(role, sys.executable, "-m", "echoctl", "traffic", "watch", "--json", *options)
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PATH": f"{path}:{os.environ['PATH']}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as child:
        seen = Watching(child)
        try:
            seen.until(type="capture", what="begun")
            yield seen
        finally:
            child.kill()


def test_what_the_kernel_leaves_out_is_everybody_else(net_lab: NetLab, cli: Cli) -> None:
    with watching(net_lab, "--interface", net.INTERFACE, "--device", "02:00:00:00:00:99") as seen:
        speaker = net_lab.speaker()
        speaker.do("metrics")
        speaker.off()
        assert seen.stop()["packets"] == 0


def test_an_interface_that_vanishes_is_a_gap_and_is_found_again(net_lab: NetLab) -> None:
    def link(*words: str) -> None:
        subprocess.run(net_lab.beside("router", "ip", "link", *words), check=True)

    def plug() -> None:
        link("add", "plug0", "type", "veth", "peer", "name", "plug1")
        link("set", "plug0", "up")

    plug()
    with watching(net_lab, "--interface", "plug0") as seen:
        link("del", "plug0")
        assert "plug0" in seen.until(type="capture", what="lost")["text"]
        plug()
        seen.until(type="capture", what="back")
        seen.stop()


def test_without_the_right_to_capture_it_says_how_to_get_it(cli: Cli, tmp_path: Path) -> None:
    if os.geteuid() or not shutil.which("setpriv") or not shutil.which("tcpdump"):
        pytest.skip("needs root to give it up, and setpriv, and tcpdump")
    words = subprocess.run(
        ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "tcpdump", "-i", "lo", "-c", "1", "-w", "-"],
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    from echoctl.traffic import sources

    error = sources.explain(words.strip().splitlines()[-1], "lo")
    assert "may not capture" in error.message
    assert "setcap" in error.hint


def test_over_a_real_ssh_a_line_that_breaks_is_taken_up_again(net_lab: NetLab, cli: Cli, tmp_path: Path) -> None:
    if not shutil.which("sshd", path="/usr/sbin:/usr/bin"):
        pytest.skip("needs sshd")
    server = _sshd(net_lab, tmp_path)
    try:
        # The speaker's namespace is the only other one on that network; its own packets are what is to be seen.
        with watching(net_lab, "--ssh", "router", "--interface", "wan0", role="speaker", path=str(tmp_path)) as seen:
            speaker = net_lab.speaker()
            speaker.do("wake")
            seen.until(type="burst", **{"class": "voice"})
            for pid in _sessions(net_lab):
                os.kill(pid, signal.SIGKILL)
            seen.until(type="capture", what="lost")
            seen.until(type="capture", what="back")
            speaker.off()
            end = seen.stop()
    finally:
        server.kill()
        server.wait()
    assert len(end["gaps"]) == 1
    assert end["source"] == "ssh router wan0"


def _sshd(lab: NetLab, folder: Path) -> "subprocess.Popen[bytes]":
    """An sshd on the router with keys of its own, and an `ssh` that knows the way."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "sshd_config").write_text(
        f"Port 22\nListenAddress 192.168.77.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\n"
    )
    (folder / "ssh_config").write_text(
        f"Host router\n  HostName 192.168.77.1\n  User root\n  IdentityFile {folder}/user\n"
        f"  UserKnownHostsFile {folder}/known\n  StrictHostKeyChecking accept-new\n"
    )
    program = folder / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    program.chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)
    command = lab.beside("router", "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config"))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stderr=log)
    for _ in range(100):
        if "listening" in (folder / "log").read_text():
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
    return server


def _sessions(lab: NetLab) -> list[int]:
    """The processes that serve an ssh session on this lab's router."""
    name = lab.beside("router")[-1]
    listed = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=True).stdout.split()
    return [int(pid) for pid in listed if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sshd: root@")]
