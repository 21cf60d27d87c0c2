"""A sandboxed process tries everything. The filter's list and that of the attempts are two, and must agree."""

import os
from pathlib import Path

import pytest

from echoctl.sandbox import probes, seccomp
from tests.lab.cage import needs_namespaces
from tests.sandbox.conftest import Inside

TRY = """
import dataclasses, json, os, sys
from echoctl.sandbox import namespaces, probes, seccomp
keys, abstract, how = sys.argv[1:4]
if "namespaces" in how: namespaces.enter([keys])
if how.endswith("without sockets"):
    seccomp.syscalls.NUMBERS = {**seccomp.syscalls.NUMBERS, "socket": (999, 999)}
elif how.startswith("without "):
    seccomp.DENIED = tuple(name for name in seccomp.DENIED if name != how.split()[1])
if how != "open" and how != "namespaces": seccomp.install()
around = probes.Surroundings(abstract=abstract, keys=keys, outside=os.getppid())
print(json.dumps([dataclasses.asdict(attempt) for attempt in probes.attempts(around)]))
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys/device.key").write_bytes(b"secret")
    return tmp_path / "keys"


def outcomes(made: list[dict[str, str]]) -> dict[str, str]:
    return {attempt["name"]: attempt["outcome"] for attempt in made}


def test_every_call_that_the_filter_refuses_is_attempted() -> None:
    assert set(probes.SYSCALLS) == set(seccomp.DENIED)


@needs_namespaces
@pytest.mark.lab
def test_in_a_whole_sandbox_everything_is_refused(inside: Inside, keys: Path) -> None:
    made = inside(TRY, keys, "", "namespaces and the filter")
    assert len(made) >= 40
    assert {attempt["name"] for attempt in made if attempt["outcome"] != probes.REFUSED} == set()
    assert os.listdir(keys) == ["device.key"]


def test_without_a_sandbox_nothing_is_refused(inside: Inside, keys: Path) -> None:
    made = outcomes(inside(TRY, keys, "", "open"))
    assert made["UDP over IPv4"] == made["netlink"] == made["read the key"] == made["write a key"] == probes.OPEN
    assert [name for name, outcome in made.items() if outcome == probes.REFUSED] == []
    assert os.listdir(keys) == ["device.key"]


def test_with_the_filter_alone_the_rest_is_said_to_be_open(inside: Inside, keys: Path) -> None:
    made = inside(TRY, keys, "", "the filter")
    assert {attempt["by"] for attempt in made if attempt["outcome"] != probes.REFUSED} == {probes.NAMESPACE}
    assert outcomes(made)["read the key"] == probes.OPEN


@pytest.mark.parametrize("name", ["io_uring_setup", "setns", "ptrace", "pidfd_getfd", "mount"])
def test_a_call_that_is_left_out_of_the_filter_is_found(name: str, inside: Inside, keys: Path) -> None:
    made = inside(TRY, keys, "", f"without {name}")
    assert [a["name"] for a in made if a["by"] == probes.SECCOMP and a["outcome"] != probes.REFUSED] == [name]


@needs_namespaces
@pytest.mark.lab
def test_a_filter_that_forgets_sockets_is_found_behind_a_namespace(inside: Inside, keys: Path) -> None:
    made = outcomes(inside(TRY, keys, "", "namespaces, without sockets"))
    assert made["netlink"] == probes.OPEN
    assert made["TCP over IPv4"] == probes.FAILED  # it has no way out, and that is not the filter's doing
