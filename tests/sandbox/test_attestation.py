import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoctl.sandbox import attestation, counters
from tests.conftest import REPOSITORY
from tests.lab.cage import inner, needs_namespaces, somebody
from tests.sandbox.conftest import Inside

STRANGER = """
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
unix = socket.socket(socket.AF_UNIX); unix.connect(sys.argv[1])
if "udp" in sys.argv: udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 0))
if "sandboxed" in sys.argv:
    from echoctl.sandbox import filters, root
    from echoctl.sandbox.confinement import Confinement, program_reads
    root.enter(Confinement(program_reads(), unix_sockets=True)); filters.lock(talks=True)
print("up", flush=True); sys.stdin.read()
"""


@pytest.fixture
def server(open_folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(open_folder / "server"))
        listening.listen()
        yield listening


def look(server: socket.socket, *arguments: str) -> attestation.Attestation:
    """What is said about a process that does what the arguments say."""
    with subprocess.Popen(
        [sys.executable, "-c", STRANGER, server.getsockname(), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    ) as stranger:
        assert stranger.stdout
        stranger.stdout.readline()
        with server.accept()[0]:
            try:
                return attestation.attest(inner(stranger.pid))
            finally:
                stranger.kill()


def test_a_process_without_a_sandbox_shows_as_one_with_its_sockets(server: socket.socket) -> None:
    seen = look(server, "udp")
    assert (seen.seccomp, seen.no_new_privs, seen.own_network) == (0, False, False)
    assert [name.split()[0] for name in seen.network_sockets] == ["udp"]
    assert seen.unix_peers == (server.getsockname(),)
    assert (seen.core_bytes, seen.dumpable) == (0, None if os.geteuid() == 0 else True)
    assert seen.interfaces.keys() == counters.interfaces(os.getpid()).keys()


@needs_namespaces
@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into it")
def test_a_sandboxed_one_too_and_a_socket_from_before_is_found(server: socket.socket) -> None:
    seen = look(server, "udp", "sandboxed")
    assert (seen.seccomp, seen.no_new_privs, seen.own_network, seen.capabilities) == (2, True, True, 0)
    assert seen.interfaces == {"lo": (0, 0)}
    assert seen.sent_bytes == 0
    assert seen.network_sockets
    assert [name.split()[0] for name in seen.network_sockets] == ["udp"]
    assert seen.unix_peers == (server.getsockname(),)
    assert look(server, "sandboxed").network_sockets == ()


ASK = """
import dataclasses, json, subprocess, sys
from echoctl.sandbox import attestation
from tests.lab.cage import inner
options = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
with subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], **options) as stranger:
    stranger.stdout.readline()
    print(json.dumps(dataclasses.asdict(attestation.attest(inner(stranger.pid)))))
    stranger.kill()
"""


@needs_namespaces
@pytest.mark.lab
def test_its_own_user_may_not_look_into_it_and_learns_the_rest(server: socket.socket, inside: Inside) -> None:
    os.chmod(server.getsockname(), 0o777)
    seen = inside(ASK, STRANGER, server.getsockname(), "sandboxed", before=somebody())
    assert (seen["network_sockets"], seen["unix_peers"], seen["dumpable"]) == (None, None, False)
    assert (seen["seccomp"], seen["no_new_privs"], seen["core_bytes"]) == (2, True, 0)
    assert seen["interfaces"] == {"lo": [0, 0]}
    seen = inside(ASK, STRANGER, server.getsockname(), before=somebody())
    assert (seen["network_sockets"], seen["seccomp"]) == ([], 0)


def test_a_process_finds_what_is_open_and_was_not_given(tmp_path: Path) -> None:
    before = {sockets: attestation.strays((), sockets=sockets, sound=False) for sockets in (True, False)}
    with socket.socket(socket.AF_UNIX) as unix, (tmp_path / "x").open("wb") as file:
        found = {sockets: attestation.strays((), sockets=sockets, sound=False) for sockets in (True, False)}
        assert set(found[True]) - set(before[True]) == {unix.fileno()}
        assert set(found[False]) - set(before[False]) == {file.fileno()}
        info = os.fstat(file.fileno())
        assert file.fileno() not in attestation.strays([(info.st_dev, info.st_ino)], sockets=False, sound=False)


def test_a_process_finds_what_it_inherited() -> None:
    before = attestation.inherited()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made, socket.socket(socket.AF_UNIX) as harmless:
        found = attestation.inherited()
        assert set(found) - set(before) == {made.fileno()}
        assert harmless.fileno() not in found


def test_a_process_that_has_gone_has_no_counters() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert counters.sent_bytes(gone.pid) is None
    with pytest.raises(FileNotFoundError):
        attestation.attest(gone.pid)


def test_what_goes_over_the_loopback_is_counted() -> None:
    before = counters.sent_bytes(os.getpid())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"x" * 1000, ("127.0.0.1", 9))
    after = counters.sent_bytes(os.getpid())
    assert before is not None and after is not None
    assert after >= before + 1000
