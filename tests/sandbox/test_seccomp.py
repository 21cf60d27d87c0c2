"""The numbers of system calls, for both machines."""

import re
from pathlib import Path

import pytest

from echoctl.sandbox import filters, seccomp, syscalls


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


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_what_is_denied_has_a_number_and_is_never_allowed_at_work(machine: str) -> None:
    assert len(syscalls.known(seccomp.DENIED, machine)) == len(seccomp.DENIED)
    assert not {*seccomp.DENIED} & {*filters.CALM, *filters.TALKS, *filters.WAITS}
