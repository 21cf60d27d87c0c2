"""Entering the sandbox, in two steps: shut in before anything is loaded, locked once everything is.

What is beside the list of a process (roles.py) does not exist for it. Where the kernel allows no namespaces, Landlock
and the filter hold alone; elsewhere nothing does. Everybody who needs to know is told which.
"""

import contextlib
import os
import sys
from dataclasses import dataclass

from echoctl.errors import Refused
from echoctl.model.listener import SandboxLevel, SandboxPolicy
from echoctl.sandbox import attestation, filters, landlock, outer, root, syscalls
from echoctl.sandbox.confinement import Confinement

_SUFFICES = {
    SandboxPolicy.REQUIRE: (SandboxLevel.FULL, SandboxLevel.FILTER),
    SandboxPolicy.REQUIRE_FULL: (SandboxLevel.FULL,),
}


_MOST_FILE_BYTES = 16
"""What a process at work may have in a file."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What holds."""

    holds: str
    """A SandboxLevel."""
    why: str = ""
    """Why it is not more, when it is not all."""

    def fields(self) -> dict[str, str]:
        """As events carry it."""
        return {"holds": self.holds, "why": self.why}

    def lock(self, *, talks: bool = False) -> None:
        """Give up what only loading and opening needed: no path can be opened any more, nobody be talked to.

        `talks`: over sockets or sound devices that are open. Raises OSError.
        """
        if self.holds != SandboxLevel.NONE:
            _write_no_more()
            filters.lock(talks=talks)


def enter(policy: str, confinement: Confinement) -> Sandbox:
    """Shut this process in as well as it can be done here, for good. Call it before there is a second thread.

    What comes back is another process where namespaces could be had (sandbox/outer.py). `policy`: a SandboxPolicy.
    Raises Refused when more is required than there can be.
    """
    _leave_no_core()
    if policy == SandboxPolicy.OFF:
        if sys.platform == "linux":
            outer.follow(os.getppid())
        return Sandbox(SandboxLevel.NONE, "--no-sandbox")
    done = _enter(confinement) if sys.platform == "linux" else outlook(confinement)
    if done.holds not in _SUFFICES.get(policy, (done.holds,)):
        raise Refused(
            f"the listener cannot be sandboxed as it is required ({done.holds}): {done.why}",
            "leave --require-sandbox out to listen all the same",
        )
    return done


def outlook(confinement: Confinement) -> Sandbox:
    """What `enter` would achieve here, without doing it or making anything."""
    if sys.platform != "linux":
        return Sandbox(SandboxLevel.NONE, "only Linux has what it takes")
    if not syscalls.machine():
        return Sandbox(SandboxLevel.NONE, "there is no filter for this machine")
    if not (why := root.obstacle(confinement)):
        return Sandbox(SandboxLevel.FULL)
    if none := root.tried(lambda: root.give_up(confinement)):
        return Sandbox(SandboxLevel.NONE, none)
    if less := root.tried(lambda: landlock.allow_only(confinement)):
        why = f"{why}; no Landlock ({less})"
    return Sandbox(SandboxLevel.FILTER, why)


def _enter(confinement: Confinement) -> Sandbox:
    handed = attestation.inherited()  # what is open stays open: a sandbox is about what can be made
    found = outlook(confinement)
    parent = os.getppid()
    try:
        if found.holds == SandboxLevel.FULL:
            root.enter(confinement, parent=parent)
        elif found.holds == SandboxLevel.FILTER:
            outer.follow(parent)
            with contextlib.suppress(OSError):  # then the filter holds alone, as `why` says
                landlock.allow_only(confinement)
            root.give_up(confinement)
    except OSError as error:
        return Sandbox(SandboxLevel.NONE, f"{error.filename}: {error.strerror}")
    if handed:
        return Sandbox(SandboxLevel.NONE, f"it was handed a network socket (descriptor {handed[0]})")
    return found


def _leave_no_core() -> None:
    """What a crash leaves behind would hold what was heard, with a sandbox or without."""
    import resource  # noqa: PLC0415 - POSIX only

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write_no_more() -> None:
    """A file that is open already must not fill the disk; the mute file has some bytes."""
    import resource  # noqa: PLC0415 - POSIX only

    now, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    most = _MOST_FILE_BYTES if now == resource.RLIM_INFINITY else min(_MOST_FILE_BYTES, now)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
