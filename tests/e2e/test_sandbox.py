"""The listener as the kernel sees it: sandboxed by default, and honest about it where it cannot be."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.sandbox import attestation
from tests.conftest import REPOSITORY, Run
from tests.lab.cage import caged, needs_namespaces, somebody
from tests.lab.listener import Running
from tests.lab.sound import SoundLab

pytestmark = [pytest.mark.lab, pytest.mark.slow, needs_namespaces]

Cli = Callable[..., Run]
Start = Callable[..., Running]


@pytest.fixture
def deaf(start: Start) -> Callable[..., Running]:
    """Start a listener whose sound never comes, and wait until it listens."""

    def run(*options: str) -> Running:
        listener = start("listen", "--json", "--input", "-", *options, stdin=subprocess.PIPE)
        listener.until('"type": "state"')
        return listener

    return run


def test_it_is_sandboxed_and_says_so_and_the_kernel_agrees(deaf: Callable[..., Running], cli: Cli) -> None:
    listener = deaf()
    ready = json.loads(listener.lines[0])
    microphone = {"holds": "full", "why": ""}
    assert ready["sandbox"] == ready["seal"] == {"sent_bytes": 0, **microphone, "microphone": microphone}
    for pid in (listener.ear, listener.microphone):
        seen = attestation.attest(pid)
        assert (seen.seccomp, seen.no_new_privs, seen.own_network, seen.core_bytes) == (2, True, True, 0)
        assert (seen.interfaces, seen.network_sockets, seen.capabilities) == ({"lo": (0, 0)}, (), 0)
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "nobody may look into it"
    assert "  sandbox     sandboxed, 0 B sent\n" in cli("status").stdout
    said = cli("status", "--json").json
    assert (said["sandbox"], said["mic_sandbox"], said["sent_bytes"]) == ("full", "full", 0)
    listener.end()
    said = cli("status", "--json").json
    assert (said["sandbox"], said["mic_sandbox"], said["sent_bytes"]) == (None, None, None)


def test_without_a_sandbox_it_says_what_is_lost(deaf: Callable[..., Running], cli: Cli) -> None:
    listener = deaf("--no-sandbox")
    assert attestation.attest(listener.ear).seccomp == 0
    assert "  sandbox     not sandboxed\n" in cli("status").stdout
    listener.end()
    assert listener.process.stderr
    assert "it can read the vault's device key" in listener.process.stderr.read()


def listen(sample: Path, before: list[str], *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*before, sys.executable, "-m", "echoctl", "listen", "--input", str(sample), *options],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )


def test_somebody_without_rights_is_sandboxed_as_well(sample: Path, home: Path, speech_model: Path) -> None:
    run = listen(sample, somebody(home, reads=[speech_model]))
    assert "; sandboxed, 0 B sent\n" in run.stderr
    assert run.stdout.count("alexa") == 2
    assert run.returncode == 0


def test_where_namespaces_are_forbidden_the_filter_holds(sample: Path) -> None:
    run = listen(sample, caged("unshare=EPERM"), "--require-sandbox")
    assert "; sandboxed by a filter alone (unshare: Operation not permitted)\n" in run.stderr
    assert run.stdout.count("alexa") == 2
    run = listen(sample, caged("unshare=EPERM"), "--require-sandbox", "full")
    assert (run.returncode, run.stdout) == (10, "")
    assert "cannot be sandboxed as it is required (filter): unshare: Operation not permitted" in run.stderr


def test_where_nothing_holds_it_says_why_or_refuses(sample: Path) -> None:
    cage = caged("unshare=EPERM", "seccomp=ENOSYS")
    run = listen(sample, cage)
    assert "; not sandboxed (seccomp: Function not implemented)\n" in run.stderr
    assert run.stdout.count("alexa") == 2
    run = listen(sample, cage, "--require-sandbox")
    assert (run.returncode, run.stdout) == (10, "")
    assert "cannot be sandboxed as it is required (none): seccomp: Function not implemented" in run.stderr


def test_the_setting_refuses_too(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_LISTEN_REQUIRE_SANDBOX", "true")
    assert listen(sample, caged("seccomp=ENOSYS")).returncode == 10


def test_the_microphone_talks_to_the_sound_server_and_the_ear_to_nobody(start: Start, sound_lab: SoundLab) -> None:
    listener = start("listen", "--json", "--require-sandbox", "full")
    listener.until('"state": "idle"')
    assert len(sound_lab.recorders()) == 1
    server = os.environ["PULSE_SERVER"].removeprefix("unix:")
    assert attestation.attest(listener.microphone).unix_peers == (server,)
    assert attestation.attest(listener.ear).unix_peers == ()


def test_a_sound_server_across_the_network_is_code_4_with_a_way_out(cli: Cli) -> None:
    run = cli("listen", env={"PULSE_SERVER": "tcp:127.0.0.1"})
    assert run.exit == 4
    assert "--no-sandbox" in run.stderr
