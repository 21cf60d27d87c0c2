"""Seccomp filters as programs: classic BPF (seccomp(2)), packed by hand, for both machines.

A filter loads 4 bytes of `struct seccomp_data`, compares them, and returns a verdict. It needs no rights, holds for all
threads (TSYNC) and cannot be taken off again; of several the sternest verdict counts.
"""

import ctypes
import errno
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from echoctl.sandbox import syscalls

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NR, ARCH, ARGUMENT_0 = 0, 4, 16

ALLOW, KILL = 0x7FFF0000, 0x80000000
DENY, MISSING = 0x00050000 | errno.EACCES, 0x00050000 | errno.ENOSYS
"""Fail as forbidden, so that a library reports an error instead of dying; or as a kernel does that has no such call,
where libc then makes an older one."""

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_*, linux/audit.h."""

X32 = 0x40000000
"""Numbers from here on are those of x32, on x86_64."""

AMONG, NOT_AMONG, WITH, WITHOUT, NULL = "among", "not among", "with", "without", "null"

_SET_MODE_FILTER, _TSYNC = 1, 1
_CHUNK = 200
"""Calls that share one verdict's step: a jump goes 255 steps at most."""

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, k: `struct sock_filter`."""

Step = tuple[str, int, int, str, str]
"""label, code, k, where to go if true, if false; "" goes on to the next."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What must be so about one argument of a call; pointers are out of a filter's sight but for being NULL."""

    argument: int
    kind: str
    """AMONG, NOT_AMONG: the lower 32 bits are (not) one of the values. WITH, WITHOUT: a bit of them is set; none is."""
    values: tuple[int, ...] = ()


Rules = Mapping[str, Sequence[Demand]]
"""Call -> all that must be so for it to be let through; what is not so is denied."""


def filter_of(
    machine: str, verdicts: Sequence[tuple[Sequence[str], int]], rules: Rules, otherwise: int, newest: int = 0
) -> list[Instruction]:
    """A filter for a machine of syscalls.MACHINES: calls with one verdict, calls with rules, and the verdict on others.

    Calls that the machine does not have are left out. From the number `newest` on none is there, as on an old kernel.
    """
    steps = opening(machine)
    if newest:
        steps += [("", JUMP_AT_LEAST, newest, "", "old"), ("", RETURN, MISSING, "", "")]
    steps.append(("old", LOAD, NR, "", ""))
    for names, verdict in verdicts:
        numbers = syscalls.known(names, machine)
        for at in range(0, len(numbers), _CHUNK):
            steps += _same(f"{verdict}+{len(steps)}", numbers[at : at + _CHUNK], verdict)
    for name, demands in rules.items():
        for number in syscalls.known([name], machine):
            steps += _ruled(name, number, demands)
    return assembled([*steps, ("", RETURN, otherwise, "", "")])


def opening(machine: str) -> list[Step]:
    """What each filter begins with: calls by another architecture's numbers kill, as no library of ours makes them.

    It ends with the call's number loaded.
    """
    steps = [("", LOAD, ARCH, "", ""), ("", JUMP_EQUAL, ARCHITECTURE[machine], "arch", ""), ("", RETURN, KILL, "", "")]
    steps.append(("arch", LOAD, NR, "", ""))
    if machine == "x86_64":
        steps += [("", JUMP_AT_LEAST, X32, "", "native"), ("", RETURN, KILL, "", ""), ("native", LOAD, NR, "", "")]
    return steps


def assembled(steps: Sequence[Step]) -> list[Instruction]:
    """Labels become distances, counted from the next instruction."""
    places = {label: place for place, (label, *_) in enumerate(steps) if label}

    def distance(target: str, place: int) -> int:
        return places[target] - place - 1 if target else 0

    return [(code, distance(yes, n), distance(no, n), k) for n, (_, code, k, yes, no) in enumerate(steps)]


def install(program: Sequence[Instruction]) -> None:
    """Put a filter on all threads of this process, for good. Raises OSError where the kernel has none."""
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    steps = ctypes.create_string_buffer(code, len(code))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(steps)))
    syscalls.call("prctl", syscalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if thread := syscalls.syscall("seccomp", _SET_MODE_FILTER, _TSYNC, filter_):
        raise OSError(errno.ESRCH, f"thread {thread} has a filter of its own", "seccomp")


def _same(label: str, numbers: Sequence[int], verdict: int) -> Iterator[Step]:
    for number in numbers[:-1]:
        yield "", JUMP_EQUAL, number, label, ""
    yield "", JUMP_EQUAL, numbers[-1], label, f"{label} past"
    yield label, RETURN, verdict, "", ""
    yield f"{label} past", LOAD, NR, "", ""


def _ruled(name: str, number: int, demands: Sequence[Demand]) -> Iterator[Step]:
    yield "", JUMP_EQUAL, number, "", f"{name} past"
    for n, demand in enumerate(demands):
        yield from _demanded(demand, f"{name} met {n}", f"{name} no")
    yield "", RETURN, ALLOW, "", ""
    yield f"{name} no", RETURN, DENY, "", ""
    yield f"{name} past", LOAD, NR, "", ""


def _demanded(demand: Demand, met: str, no: str) -> Iterator[Step]:
    place = ARGUMENT_0 + 8 * demand.argument  # its lower half: both machines are little-endian
    yield "", LOAD, place, "", ""
    if demand.kind == NULL:
        yield "", JUMP_EQUAL, 0, "", no
        yield "", LOAD, place + 4, "", ""
        yield "", JUMP_EQUAL, 0, met, no
    elif demand.kind == AMONG:
        for value in demand.values[:-1]:
            yield "", JUMP_EQUAL, value, met, ""
        yield "", JUMP_EQUAL, demand.values[-1], met, no
    elif demand.kind == NOT_AMONG:
        for value in demand.values:
            yield "", JUMP_EQUAL, value, no, ""
    elif demand.kind in (WITH, WITHOUT):
        bits = 0
        for value in demand.values:
            bits |= value
        yield "", JUMP_BITS, bits, *((met, no) if demand.kind == WITH else (no, met))
    yield met, LOAD, NR, "", ""
