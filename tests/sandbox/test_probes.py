"""A process at work tries everything: each attempt succeeds where nothing holds, and is refused where something does.

The filter's list and that of the attempts are two, and must agree.
"""

import json
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from echoctl import paths
from echoctl.sandbox import filters, probes, seccomp, syscalls
from echoctl.services.system import audit_leaks
from tests.conftest import REPOSITORY
from tests.lab.cage import needs_namespaces, somebody

pytestmark = pytest.mark.lab

TRY = """
import dataclasses, json, os, subprocess, sys
from echoctl.sandbox import filters, landlock, probes, root
from echoctl.sandbox.confinement import Confinement, program_reads
VICTIM = "import ctypes, os; b = ctypes.create_string_buffer(8); print(ctypes.addressof(b), flush=True); os.read(0, 1)"
victim = subprocess.Popen([sys.executable, "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
reached = dict(front=victim.pid, others={"a bystander": victim.pid}, memory=int(victim.stdout.readline()))
victim.stdout.close(); os.close(os.dup2(victim.stdin.fileno(), 900))
given = {**json.loads(sys.argv[2]), **reached, "process": "ear", "whole": True, "sound": False}
confinement = Confinement(program_reads())
exec(sys.argv[1])
tried = [dataclasses.asdict(attempt) for attempt in probes.attempts(probes.Surroundings(**given))]
os.write(1, json.dumps(tried).encode()); os._exit(0)
"""
FULL = "assert not root.obstacle(confinement); root.enter(confinement); filters.lock(talks={talks})"
FILTER = (
    "landlock.allow_only(confinement); root.give_up(confinement); filters.lock(talks={talks}); given['whole'] = False"
)

NOT_FOR_ALL = {"packet", "raw ICMP", "vsock", "Bluetooth"}
"""Socket families that a kernel need not have, or that take rights."""

ROOTS = {"signal process 1", "type into a terminal that is open", "write the program"}
"""What only root may do anyway."""

Tried = Callable[..., list[dict[str, str]]]


@pytest.fixture
def tried(open_folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tried]:
    """tried(what holds, open=[…], before=[…]): the attempts of a process where everything is there to be reached."""
    monkeypatch.setenv("TMPDIR", str(open_folder))
    own = open_folder / "home"
    (own / ".config/echoctl").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(own))
    for file in (paths.device_key(), paths.config_file(), paths.database(), paths.log_file(), f"{own}/.bashrc"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("x")
    terminal, end = pty.openpty()
    with audit_leaks.planted() as outside:
        outside.later()
        outside.folder.chmod(0o755)
        for path in outside.folder.iterdir():
            path.chmod(0o777)
        around = {**outside.around(0), "terminals": [os.ttyname(end)]}

        def run(holds: str = "", *, passing: tuple[int, ...] = (), as_somebody: bool = False) -> Any:
            before = somebody(own, Path(outside.folder)) if as_somebody else []
            if as_somebody and os.geteuid() == 0:
                os.chown(os.ttyname(end), *(2 * [Path(own).stat().st_uid]))
            done = subprocess.run(
                [*before, sys.executable, "-c", TRY, holds, json.dumps(around)],
                capture_output=True, text=True, cwd=REPOSITORY, timeout=60, check=False, pass_fds=passing,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield run
    for descriptor in (terminal, end):
        os.close(descriptor)


def missed(made: list[dict[str, str]]) -> set[str]:
    return {attempt["name"] for attempt in made if attempt["outcome"] != probes.REFUSED}


def test_every_call_that_the_filter_refuses_is_attempted() -> None:
    assert set(probes.SYSCALLS) == set(seccomp.DENIED)
    names = {*probes.SYSCALLS, *probes.CHANGES, *probes.ASKS}
    assert names <= set(syscalls.NUMBERS)
    assert not names & {*filters.CALM, *filters.TALKS}


@pytest.mark.parametrize("who", ["root", "somebody"])
def test_each_attempt_succeeds_where_nothing_holds(who: str, tried: Tried, tmp_path: Path) -> None:
    if who == "root" and os.geteuid() != 0:
        pytest.skip("not root")
    terminal, end = pty.openpty()
    with socket.socket(socket.AF_UNIX) as handed, (tmp_path / "file").open("wb") as file:
        made = tried(passing=(handed.fileno(), file.fileno(), end), as_somebody=who == "somebody")
    os.close(terminal), os.close(end)
    shut = {a["name"]: a["detail"] for a in made if a["outcome"] != probes.OPEN and a["kind"] != "calls"}
    assert set(shut) <= (NOT_FOR_ALL if who == "root" else NOT_FOR_ALL | ROOTS), shut
    # What means nothing reaches the kernel, which says so.
    assert {a["name"]: a["by"] for a in made if a["outcome"] == probes.REFUSED and a["kind"] == "calls"} == {}
    assert len(made) > 100
    assert {a["kind"] for a in made} == {
        "network", "services", "files", "terminals", "processes", "itself", "calls",
    }  # fmt: skip


@needs_namespaces
@pytest.mark.parametrize("talks", [False, True])
@pytest.mark.parametrize("holds", [FULL, FILTER])
@pytest.mark.parametrize("who", ["root", "somebody"])
def test_at_work_each_is_refused(who: str, holds: str, talks: bool, tried: Tried) -> None:
    made = tried(holds.format(talks=talks), as_somebody=who == "somebody")
    assert missed(made) == set()
    assert {a["by"] for a in made} == ({probes.FILTER, probes.ROOT} if holds is FULL else {probes.FILTER})


@needs_namespaces
def test_what_is_handed_in_is_found(tried: Tried, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as handed, (tmp_path / "file").open("wb") as file:
        passing = (handed.fileno(), file.fileno())
        open_ = {"a file or folder that is open", "a socket that is open"}
        assert missed(tried(FULL.format(talks=True), passing=passing)) == open_
        # One connection to a sound server is what a microphone has, and the file by which it is muted.
        known = os.fstat(file.fileno())
        expected = f"; given |= dict(sound=True, given=[({known.st_dev}, {known.st_ino})])"
        assert missed(tried(FULL.format(talks=True) + expected, passing=passing)) == set()
        with socket.socket() as network:
            assert missed(tried(FULL.format(talks=True) + expected, passing=(network.fileno(),))) == {
                "a socket that is open"
            }


@pytest.mark.parametrize("name", ["io_uring_setup", "setns", "pidfd_getfd", "mount", "unlinkat", "bind", "kcmp"])
def test_a_call_that_a_filter_forgets_is_found(name: str, tried: Tried) -> None:
    forgets = f"filters.CALM += ({name!r},); "
    assert missed(tried(forgets + "filters.lock(); given['whole'] = False")) == {name}


@needs_namespaces
def test_a_filter_that_forgets_sockets_is_found_behind_an_empty_root(tried: Tried) -> None:
    forgets = "filters.CALM += ('socket', 'connect', 'sendto'); root.filters.load = lambda _: None; "
    made = tried(forgets + FULL.format(talks=False))
    assert {"netlink", "any other family", "connect"} <= missed(made)
    by = {a["name"]: (a["by"], a["detail"]) for a in made}
    assert by["TCP over IPv4"] == (probes.ROOT, "ENETUNREACH")  # it has no way out, and that is not the filter's doing
    assert by["ask a server that begins late"] == (probes.ROOT, "ENOENT")


@needs_namespaces
def test_behind_an_empty_root_nothing_is_there_for_a_process_without_a_filter(tried: Tried) -> None:
    made = tried("root.filters.load = lambda _: None; root.enter(confinement)")
    reached = {a["name"] for a in made if a["outcome"] == probes.OPEN and a["kind"] in ("services", "files")}
    assert reached == set()
    assert {a["by"] for a in made if a["kind"] == "services"} == {probes.ROOT}
